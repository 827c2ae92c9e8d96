// JUnit: the result of a test run, in the XML that CI systems read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace byzsim::cli {

struct TestCase {
  enum class State { passed, failed, crashed, skipped };
  std::string name;   ///< file, and [variant] if it has one
  std::string suite;  ///< the folder
  State state = State::passed;
  std::string reason;     ///< why it did not pass, a line
  std::string reproduce;  ///< a command line
  std::string details;    ///< what it printed on stderr
  double seconds = 0;
};

std::string to_junit(const std::vector<TestCase>& tests);
/// Text fit for XML 1.0: markup escaped, bytes that XML cannot hold replaced.
std::string xml_escaped(std::string_view text);

}  // namespace byzsim::cli
