#include "analysis/kinds.hpp"

#include <algorithm>

#include "sim/replica/workload.hpp"

namespace byzsim {

namespace {

// A description writes a list or a nested message even where it is empty, so an empty message shows whether its type
// has a place for others.
class NestProbe final : public FieldSink {
 public:
  bool nests = false;
  void name(std::string_view) override {}
  void number(std::uint64_t) override {}
  void boolean(bool) override {}
  void digest(Digest) override {}
  void text(std::string_view) override {}
  void nested(const Message*) override { nests = true; }
  void begin_list(std::size_t) override { nests = true; }
  void end_list() override {}
  void begin_group() override {}
  void end_group() override {}
};

}  // namespace

KindTable::KindTable(const Manifest& manifest) : manifest_(manifest), table_(manifest.kinds.size()) {
  for (std::size_t i = 0; i < table_.size(); ++i) {
    const MessageKindFacts& facts = manifest.kinds[i];
    KindFacts& entry = table_[i];
    entry.index = static_cast<std::uint16_t>(i);
    entry.vote = !facts.phase.empty();
    entry.decides = facts.decides;
    entry.exclusive = facts.exclusive;
    if (!entry.vote && !entry.exclusive) continue;
    const std::string_view family = entry.vote ? facts.phase : facts.name;
    auto found = entry.vote ? std::find(families_.begin(), families_.end(), family) : families_.end();
    if (found == families_.end()) found = families_.insert(families_.end(), family);
    entry.family = static_cast<std::uint16_t>(found - families_.begin());
  }
}

const KindFacts& KindTable::look_up(const MessageKind& kind) const {
  for (std::size_t i = 0; i < table_.size(); ++i) {
    if (manifest_.kinds[i].name != kind.traits.name) continue;
    if (table_[i].kind == nullptr) {
      table_[i].kind = &kind;
      NestProbe probe;
      kind.make()->put_fields(probe);
      table_[i].nests = probe.nests && &kind != &Request::kind_info;
    }
    return table_[i];
  }
  return unknown_;
}

}  // namespace byzsim
