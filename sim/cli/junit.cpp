#include "sim/cli/junit.hpp"

#include <fmt/core.h>

#include "sim/core/visible.hpp"

namespace byzsim::cli {

namespace {

/// Length of the well-formed UTF-8 sequence that XML admits at the start of `text`; 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  char32_t code = 0;
  const std::size_t length = utf8_at(text, code);
  const bool forbidden =
      (code < 0x20 && code != '\t' && code != '\n' && code != '\r') || code == 0xfffe || code == 0xffff;
  return forbidden ? 0 : length;
}

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      out += '?';
    } else if (text[0] == '&') {
      out += "&amp;";
    } else if (text[0] == '<') {
      out += "&lt;";
    } else if (text[0] == '>') {
      out += "&gt;";
    } else if (text[0] == '"') {
      out += "&quot;";
    } else if (text[0] == '\n') {
      out += "&#10;";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::string to_junit(const std::vector<TestCase>& tests) {
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
  double seconds = 0;
  std::string cases;
  for (const TestCase& test : tests) {
    seconds += test.seconds;
    cases += fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"", xml_escaped(visible(test.suite)),
                         xml_escaped(visible(test.name)), test.seconds);
    switch (test.state) {
      case TestCase::State::passed:
        cases += "/>\n";
        continue;
      case TestCase::State::skipped:
        ++skipped;
        cases += fmt::format(">\n    <skipped message=\"{}\"/>\n  </testcase>\n", xml_escaped(visible(test.reason)));
        continue;
      case TestCase::State::failed:
        ++failures;
        break;
      case TestCase::State::crashed:
        ++errors;
        break;
    }
    const char* element = test.state == TestCase::State::failed ? "failure" : "error";
    const std::string text = fmt::format("{}\nreproduce: {}\n{}", visible(test.reason), visible(test.reproduce),
                                         visible_lines(test.details));
    cases += fmt::format(">\n    <{0} message=\"{1}\">{2}</{0}>\n  </testcase>\n", element,
                         xml_escaped(visible(test.reason)), xml_escaped(text));
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"byzsim\" tests=\"{}\" failures=\"{}\" "
      "errors=\"{}\" "
      "skipped=\"{}\" time=\"{:.3f}\">\n{}</testsuite>\n",
      tests.size(), failures, errors, skipped, seconds, cases);
}

}  // namespace byzsim::cli
