// The example in analysis/README.md, built as it stands there.
#include <fstream>
#include <sstream>

#include "tests/records.hpp"
// doctest last: it has a CHECK of its own
#include "tests/doctest.hpp"

namespace byzsim {
namespace {

class FewViews final : public Invariant {
 public:
  using Invariant::Invariant;
  RecordMask wants() const override { return records(RecordKind::view); }
  void on_record(const Record& record) override {
    if (record.view < 1'000'000 || !manifest().honest(record.node)) return;
    report({{}, {record.node}, kNoSlot, record.time, "a million views are enough for anybody", {}});
  }
};

const Registered<NoOptions, InvariantMaker> entry{"invariant", "few-views", "no honest replica enters view 1,000,000",
                                                  safety<FewViews>()};

std::string read(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace
}  // namespace byzsim

using namespace byzsim;

TEST_CASE("the invariant of analysis/README.md builds and judges") {
  const std::string root = BYZSIM_SOURCE_DIR;
  const std::string page = read(root + "/analysis/README.md");
  const std::size_t begin = page.find("```cpp\n") + 7;
  const std::string example = page.substr(begin, page.find("```", begin) - begin);
  CHECK(read(root + "/tests/invariant_example_test.cpp").find(example) != std::string::npos);
  for (View view : {999'999u, 1'000'000u}) {
    toy::Story story;
    story.enter(1, view);
    CHECK(story.broken(EndReason::time) == (view == 1'000'000 ? "few-views" : ""));
  }
}
