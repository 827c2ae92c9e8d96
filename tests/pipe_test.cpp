// Oracle: the definition, applied to a list of everything that was ever promised.
#include "sim/net/pipe.hpp"

#include <random>

#include "sim/core/time.hpp"
#include "tests/doctest.hpp"

using namespace byzsim;
using namespace std::chrono_literals;

namespace {

/// A message takes the first gap that is long enough, among all that were ever promised.
class Definition {
 public:
  Time transmit(Time ready, Duration length) {
    Time start = ready;
    auto next = promised_.begin();
    for (; next != promised_.end() && start + length > next->first; ++next) start = std::max(start, next->second);
    promised_.insert(next, {start, start + length});
    return start + length;
  }

 private:
  std::vector<std::pair<Time, Time>> promised_;
};

struct Load {
  const char* what;
  std::int64_t ahead;     ///< how far in the future a message may be ready
  std::int64_t longest;   ///< transmission
  std::int64_t interval;  ///< between announcements, at most
};

}  // namespace

TEST_CASE("a pipe promises what its definition says, idle, busy, and with a backlog full of gaps") {
  // Mean interval over mean length is the load; a message ready far ahead leaves gaps, and hundreds of spans.
  for (const Load& load : {Load{"idle", 10, 5, 100}, Load{"busy", 10, 20, 22}, Load{"gaps", 20'000, 40, 22},
                           Load{"overload", 5000, 50, 5}}) {
    CAPTURE(load.what);
    std::mt19937_64 draw(7);
    const auto up_to = [&](std::int64_t most) {
      return static_cast<std::int64_t>(draw() % static_cast<std::uint64_t>(most + 1));
    };
    Definition definition;
    Pipe pipe;
    Time now = kStart;
    for (int i = 0; i < 3000; ++i) {
      now += Duration{up_to(load.interval)};
      const Time ready = now + Duration{up_to(load.ahead)};
      const Duration length{1 + up_to(load.longest - 1)};
      const Time due = definition.transmit(ready, length);
      const Time got = pipe.transmit(ready, length, now);
      REQUIRE_MESSAGE(got == due, "message ", i);
    }
  }
}

TEST_CASE("a message that never ends keeps a pipe for good, and one without length takes no room") {
  Pipe pipe;
  CHECK(pipe.transmit(at(5ns), 0ns, at(1ns)) == at(5ns));
  CHECK(pipe.transmit(at(5ns), Duration::max(), at(1ns)) == kNever);
  CHECK(pipe.transmit(at(6ns), 1ns, at(6ns)) == kNever);
  CHECK(pipe.transmit(at(2ns), 3ns, at(2ns)) == at(5ns));
}
