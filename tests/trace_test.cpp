// Traces: what is written is what is read; what is damaged is refused with the line; nothing half-written appears.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/trace/reader.hpp"
#include "sim/trace/writer.hpp"
#include "tests/doctest.hpp"
#include "tests/trace_kit.hpp"

namespace byzsim {
namespace {

namespace fs = std::filesystem;
using namespace trace_kit;

/// A folder of its own, removed at the end.
struct Folder {
  fs::path path = fs::temp_directory_path() / fmt::format("byzsim-trace-test-{}", ::getpid());
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
};

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_story(const Cast& cast, const std::string& path) {
  TraceWriter writer(path, header(), cast.notary);
  for (const Record& record : story(cast)) writer.on_record(record);
  writer.finish(outcome());
}

TraceFacts replay(std::string_view bytes, const Cast& cast, const std::vector<Observer*>& observers = {},
                  LineBounds bounds = {}) {
  TraceReader reader(from_memory(bytes), {.line = bounds});
  return reader.replay(kinds(), cast.notary, observers);
}

/// The complaint about these bytes, or nothing if they are a good trace.
std::string complaint(std::string_view bytes, LineBounds bounds = {}) {
  const Cast cast;
  try {
    replay(bytes, cast, {}, bounds);
  } catch (const BadTrace& error) {
    return error.what();
  }
  return {};
}

bool mentions(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("the complaint is: ", text);
  return found;
}

std::string good_trace() {
  const Folder folder;
  const Cast cast;
  write_story(cast, folder / "t.jsonl");
  return content(folder / "t.jsonl");
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t where = text.find(from);
  REQUIRE(where != std::string::npos);
  return text.replace(where, from.size(), to);
}

std::string line_of(const std::string& text, std::size_t number) {
  std::size_t begin = 0;
  for (std::size_t i = 1; i < number; ++i) begin = text.find('\n', begin) + 1;
  return text.substr(begin, text.find('\n', begin) + 1 - begin);
}

TEST_CASE("what is written is what is read, plain and compressed") {
  const Folder folder;
  const Cast cast;
  for (const std::string name : {"t.jsonl", "t.jsonl.zst"}) {
    write_story(cast, folder / name);
    TraceReader reader(folder / name);
    CHECK(to_line(reader.header()) == to_line(header()));
    CHECK(difference(reader.header().manifest, header().manifest).empty());
    Keeper keeper(cast.notary);
    Keeper deaf(cast.notary, records(RecordKind::decided));
    const TraceFacts facts = reader.replay(kinds(), cast.notary, {&keeper, &deaf});
    const std::vector<Record> expected = story(cast);
    REQUIRE(keeper.heard.size() == expected.size() + 1);
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(keeper.heard[i] == described(expected[i], cast.notary));
    CHECK(deaf.heard.size() == 1);
    CHECK(facts.outcome.fingerprint == outcome().fingerprint);
    CHECK(facts.outcome.reason == outcome().reason);
    CHECK(facts.outcome.end == outcome().end);
    CHECK(facts.outcome.events == outcome().events);
    CHECK(facts.outcome.network == outcome().network);
    CHECK(facts.outcome.traffic == outcome().traffic);
    CHECK(facts.forged == 2);  // the damaged vote, as sent and as witnessed
  }
  CHECK(folder.files() == 2);
}

TEST_CASE("every line is JSON, and 64-bit values past 2^53 are texts") {
  std::stringstream lines(good_trace());
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    REQUIRE_MESSAGE(json.is_object(), line);
    if (count == 0) continue;
    CHECK(json.at("i") == count - 1);
    CHECK((json.at("t_ns").is_number_integer() || json.at("t_ns").is_string()));
    if (json.at("event") == "applied") CHECK(json.at("result") == "18446744073709551615");
  }
  CHECK(count == 27);
}

TEST_CASE("a relayed message keeps its signature and says who relayed it") {
  const Folder folder;
  Cast cast;
  const Ref<const Message> relayed = Draft::relay(*cast.vote, 3);
  std::vector<Record> all{signed_record(1, *cast.vote), at_time(2, RecordKind::witnessed, 2)};
  all[1].peer = 3;
  all[1].id = relayed->id();
  all[1].message = relayed.get();
  TraceWriter writer(folder / "t", header(), cast.notary);
  for (const Record& record : all) writer.on_record(record);
  Outcome end = outcome();
  end.traffic = {{}, {}, {}};
  writer.finish(end);
  Keeper keeper(cast.notary);
  TraceReader(folder / "t").replay(kinds(), cast.notary, {&keeper});
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(keeper.heard[i] == described(all[i], cast.notary));
}

TEST_CASE("damage is refused with the line") {
  const std::string good = good_trace();
  REQUIRE(complaint(good).empty());
  CHECK(mentions(complaint(""), "empty"));
  CHECK(mentions(complaint("hello\n"), "line 1: this is not JSON"));
  CHECK(mentions(complaint("{}\n"), "no 'schema'"));
  CHECK(mentions(complaint(with(good, "byzsim/trace/v1", "byzsim/trace/v9")), "this byzsim reads 'byzsim/trace/v1'"));
  CHECK(mentions(complaint(with(good, "\"n\":4", "\"n\":-4")), "'n' in the header"));
  CHECK(mentions(complaint(with(good, "\"faulty\":[0]", "\"faulty\":[77]")), "'faulty' in the header"));
  CHECK(
      mentions(complaint(with(good, "kit-vote", "kit-note")), "line 1: the header lists the message kind 'kit-note'"));
  CHECK(mentions(complaint(with(good, "\"i\":3", "\"i\":4")), "line 5: event 3 is needed here, not 4"));
  CHECK(mentions(complaint(with(good, "\"t_ns\":22", "\"t_ns\":12")), "time runs backwards"));
  CHECK(mentions(complaint(with(good, "\"t_ns\":22", "\"t_ns\":2.2")), "not JSON"));
  CHECK(mentions(complaint(with(good, "\"event\":\"timer\"", "\"event\":\"tamer\"")), "unknown event 'tamer'"));
  CHECK(mentions(complaint(with(good, "\"voters\":3", "\"boaters\":3")), "unknown key 'boaters' in a 'decided' line"));
  CHECK(mentions(complaint(with(good, "\"voters\":3", "\"voters\":3,\"voters\":3")), "stands there twice"));
  CHECK(mentions(complaint(with(good, "\"voters\":3", "\"voters\":99999999999999999999")), "at most 64 bits"));
  CHECK(mentions(complaint(with(good, "\"final\":true", "\"final\":1")), "true or false is needed"));
  CHECK(mentions(complaint(with(good, "\"final\":true", "\"final\":true,\"other\":1")),
                 "holds something that its kind does not"));
  CHECK(mentions(complaint(with(good, line_of(good, 5), "")), "line 5: event 3 is needed"));
  CHECK(mentions(complaint(with(good, "\"event\":\"delivered\",\"node\":2", "\"event\":\"dropped\",\"node\":2")),
                 "lines say so"));
  CHECK(mentions(complaint(good + good), "nothing may follow the 'end' line"));
  CHECK(mentions(complaint(with(good, "\"why\":\"quiet\"", "\"why\":\"tired\"")), "no known reason"));
}

TEST_CASE("a message that says something else than it did does not pass") {
  const std::string good = good_trace();
  const std::string vote = "\"fields\":{\"view\":3,\"slot\":1";
  CHECK(mentions(complaint(with(good, vote, "\"fields\":{\"view\":3,\"slot\":2")),
                 "line 3: the signature of node 1 on message 2 is not genuine"));
  CHECK(mentions(complaint(with(good, "\"genuine\":false,", "")), "is not genuine, unlike the line says"));
  CHECK(mentions(complaint(with(good, "\"event\":\"delivered\",\"node\":2,\"from\":1,\"id\":2",
                                "\"event\":\"delivered\",\"node\":2,\"from\":1,\"id\":9")),
                 "message 9 is delivered, but no earlier line holds it"));
  CHECK(mentions(complaint(with(good, "\"event\":\"delivered\",\"node\":2,\"from\":1",
                                "\"event\":\"delivered\",\"node\":2,\"from\":3")),
                 "comes from node 3, but node 1 alone has sent it"));
}

TEST_CASE("a trace cut off anywhere is noticed") {
  const std::string good = good_trace();
  for (std::size_t size = 0; size < good.size(); ++size) {
    INFO("cut to ", size, " bytes");
    CHECK(!complaint(good.substr(0, size)).empty());
  }
  const Folder folder;
  const Cast cast;
  write_story(cast, folder / "t.zst");
  const std::string packed = content(folder / "t.zst");
  REQUIRE(complaint(packed).empty());
  for (std::size_t size = 0; size < packed.size(); ++size) CHECK(!complaint(packed.substr(0, size)).empty());
}

TEST_CASE("any single changed byte is refused or harmless, never fatal") {
  const std::string good = good_trace();
  for (std::size_t i = 0; i < good.size(); i += 3) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    static_cast<void>(complaint(bad));
  }
}

TEST_CASE("long lines and deep brackets are refused before they cost anything") {
  CHECK(mentions(complaint(std::string(1000, 'x') + "\n", {.length = 100, .depth = 8}), "longer than 100 bytes"));
  CHECK(mentions(complaint(std::string(1 << 20, '[') + "\n"), "more than 64 brackets"));
  const std::string deep = with(good_trace(), "\"votes\":[", "\"votes\":[" + std::string(100'000, '['));
  CHECK(mentions(complaint(deep), "more than 64 brackets"));
}

TEST_CASE("a line is no longer than what came before it allows") {
  // Whatever a message holds was said before: a line that dwarfs all others is no run's.
  const std::string good = good_trace();
  const std::string noted = with(good, "quotes ", "quotes " + std::string(2'000'000, 'q'));
  CHECK(mentions(complaint(noted), "line 11: longer than 1"));
  CHECK(mentions(complaint(noted), "no message can be after the"));
  CHECK(mentions(complaint(noted, {.start = std::size_t{1} << 22}), "the signature of node 2"));
}

TEST_CASE("what is remembered of a trace has a bound, and reaching it is no fault of the trace") {
  const Cast cast;
  const std::string good = good_trace();
  TraceReader reader(from_memory(good), {.memory = 1'000});
  CHECK_THROWS_AS(reader.replay(kinds(), cast.notary, {}), TraceBound);
  TraceReader roomy(from_memory(good), {.memory = 100'000});
  CHECK_NOTHROW(roomy.replay(kinds(), cast.notary, {}));
}

TEST_CASE("a line names nobody who is not in the run") {
  // Four replicas and one client: node 5 does not exist, and 4294967294 would cost half a gigabyte in a set of nodes.
  const std::string good = good_trace();
  for (const char* nobody : {"5", "77", "4294967294"}) {
    for (const char* named : {"\"event\":\"sent\",\"node\":1",
                              "\"event\":\"delivered\",\"node\":2",
                              "\"event\":\"dropped\",\"node\":2",
                              "\"event\":\"witnessed\",\"node\":2",
                              "\"event\":\"timer\",\"node\":1",
                              "\"event\":\"view\",\"node\":1",
                              "\"event\":\"prepared\",\"node\":1",
                              "\"event\":\"decided\",\"node\":1",
                              "\"event\":\"adopted\",\"node\":2",
                              "\"event\":\"applied\",\"node\":1",
                              "\"event\":\"executed\",\"node\":1",
                              "\"event\":\"accepted\",\"node\":4",
                              "\"event\":\"submitted\",\"node\":4",
                              "\"event\":\"crashed\",\"node\":3",
                              "\"event\":\"restarted\",\"node\":3",
                              "\"event\":\"beyond\",\"node\":2",
                              "\"event\":\"mark\",\"node\":1",
                              "\"event\":\"suspect\",\"node\":1",
                              "\"from\":1",
                              "\"to\":3",
                              "\"whom\":0"}) {
      std::string key(named);
      if (key.starts_with("\"event\":\"sent\"")) key = "\"event\":\"sent\",\"from\":1";
      const std::string other = key.substr(0, key.rfind(':') + 1) + nobody;
      INFO(other);
      CHECK(mentions(complaint(with(good, key, other)), fmt::format("node {} cannot be", nobody)));
    }
    CHECK(mentions(complaint(with(good, "\"kind\":\"kit-vote\",\"signer\":1",
                                  fmt::format("\"kind\":\"kit-vote\",\"signer\":{}", nobody))),
                   fmt::format("node {} cannot have signed", nobody)));
    // Of a message within another, too.
    CHECK(mentions(complaint(with(good, "\"votes\":[{\"kind\":\"kit-vote\",\"signer\":1",
                                  fmt::format("\"votes\":[{{\"kind\":\"kit-vote\",\"signer\":{}", nobody))),
                   fmt::format("node {} cannot have signed", nobody)));
  }
  CHECK(mentions(complaint(with(good, "\"event\":\"crashed\",\"node\":3", "\"event\":\"crashed\",\"node\":null")),
                 "a 'crashed' line needs one of the 5 nodes"));
  CHECK(mentions(complaint(with(good, "\"event\":\"decided\",\"node\":1", "\"event\":\"decided\",\"node\":4")),
                 "one of the 4 replicas"));
  CHECK(mentions(complaint(with(good, "\"event\":\"accepted\",\"node\":4", "\"event\":\"accepted\",\"node\":1")),
                 "one of the 1 clients"));
}

TEST_CASE("a client submits its requests in order") {
  const std::string good = good_trace();
  const std::string first = line_of(good, 2);
  std::stringstream lines(good);
  std::string doubled;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line); ++number) {
    if (number == 2) doubled += with(first, "\"i\":0", "\"i\":1");
    const std::size_t comma = line.find(',');
    doubled += number < 2 ? line + "\n" : fmt::format("{{\"i\":{}{}\n", number, line.substr(comma));
  }
  CHECK(mentions(complaint(doubled), "line 3: node 4 submits request 1 after its request 1"));
  CHECK(complaint(with(doubled, "\"i\":1,\"t_ns\":0,\"event\":\"submitted\",\"node\":4,\"request\":1",
                       "\"i\":1,\"t_ns\":0,\"event\":\"submitted\",\"node\":4,\"request\":2"))
            .empty());
}

TEST_CASE("what a message has where a number belongs is quoted in part") {
  const std::string long_text(100'000, 'x');
  const std::string bad =
      complaint(with(good_trace(), "\"fields\":{\"view\":3", "\"fields\":{\"view\":\"" + long_text + "\""));
  CHECK(mentions(bad, "is not a whole number"));
  CHECK(bad.size() < 300);
}

std::string failure(const std::string& path) {
  const Cast cast;
  try {
    write_story(cast, path);
  } catch (const TraceError& error) {
    return error.what();
  }
  return {};
}

TEST_CASE("a trace that cannot be written is a sentence, and leaves nothing behind") {
  const Folder folder;
  CHECK(mentions(failure("/dev/full"), "cannot write the trace '/dev/full': No space left on device"));
  CHECK(mentions(failure(folder.path.string()), "it is a folder"));
  CHECK(mentions(failure(folder / "none/t"), "there is no folder"));
  CHECK(mentions(failure(""), "needs a file name"));
  CHECK(failure("/dev/null").empty());
  {
    const Cast cast;
    TraceWriter writer(folder / "t", header(), cast.notary);
    for (const Record& record : story(cast)) writer.on_record(record);
    CHECK(!fs::exists(folder / "t"));
  }
  CHECK(folder.files() == 0);
}

TEST_CASE("what is not there or is a folder is no trace") {
  const Folder folder;
  CHECK_THROWS_AS(TraceReader{folder / "none"}, BadTrace);
  CHECK_THROWS_AS(TraceReader{folder.path.string()}, BadTrace);
}

}  // namespace
}  // namespace byzsim
