// KindTable: what the analysis needs to know of each message kind of the running protocol, found in a step.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/replica/message.hpp"
#include "sim/trace/manifest.hpp"

namespace byzsim {

inline constexpr std::uint16_t kNoFamily = 0xffff;

struct KindFacts {
  const MessageKind* kind = nullptr;  ///< null until a message of this kind has been seen
  std::uint16_t index = 0;            ///< position in Manifest::kinds
  /// Votes of one phase form a family; an exclusive kind that is no vote is a family of its own.
  std::uint16_t family = kNoFamily;
  bool vote = false;
  bool decides = false;
  bool exclusive = false;
  bool nests = false;  ///< its description has a place for other messages
};

class KindTable {
 public:
  explicit KindTable(const Manifest& manifest);

  /// The facts of this message's kind; a kind that the manifest does not list has the empty ones.
  const KindFacts& of(const Message& message) const { return of(message.kind()); }
  const KindFacts& of(const MessageKind& kind) const {
    if (kind.index < table_.size() && table_[kind.index].kind == &kind) [[likely]]
      return table_[kind.index];
    return look_up(kind);
  }
  /// By position in Manifest::kinds; `kind` and `nests` may not be known yet.
  const KindFacts& at(std::uint16_t index) const { return table_[index]; }
  std::string_view name(std::uint16_t index) const { return manifest_.kinds[index].name; }
  std::string_view phase(std::uint16_t family) const { return families_[family]; }

 private:
  const KindFacts& look_up(const MessageKind& kind) const;

  const Manifest& manifest_;
  mutable std::vector<KindFacts> table_;  // completed as kinds are met
  std::vector<std::string_view> families_;
  KindFacts unknown_;
};

}  // namespace byzsim
