// Books: the shared tables that records are entered in once, for all invariants.
#pragma once

#include "analysis/forensics.hpp"
#include "analysis/ledger.hpp"
#include "analysis/requests.hpp"
#include "analysis/roster.hpp"
#include "analysis/votes.hpp"

namespace byzsim {

struct Books final : private NestWalker {
  Books(const Manifest& told, FactSink& facts)
      : NestWalker(told),
        manifest(told),
        roster(told),
        kinds(told),
        votes(told, roster, kinds, facts),
        ledger(told, roster, votes, facts),
        requests(told, roster, facts),
        forensics(told, roster, kinds, votes, facts) {}

  const Manifest& manifest;
  Roster roster;
  KindTable kinds;
  VoteIndex votes;
  Ledger ledger;
  RequestBook requests;
  Forensics forensics;

  void on_signed(const Record& record) {
    const Message& message = *record.message;
    const KindFacts& kind = kinds.of(message);
    if (kind.nests) [[unlikely]] {
      now_ = record.time;
      walk(message);
    }
    if (kind.family != kNoFamily && message.label().value) votes.add(message, kind, record.time);
  }
  void on_executed(const Record& record) {
    requests.on_executed(record);
    const Slot base = ledger.base();
    ledger.on_executed(record);
    if (ledger.base() != base) requests.forget_below(ledger.base());
  }
  void on_restarted(const Record& record) {
    ledger.on_restarted(record);
    requests.on_restarted(record);
    if (roster.on_restarted(record)) ledger.on_roster_change();
  }

 private:
  void on_batch(const Message& holder, Digest value, bool genuine) override {
    ledger.on_proposed(holder.label().value == value ? holder.label().slot : kNoSlot, value, genuine, now_);
  }
  void on_nested(const Message&) override {}

  Time now_{};
};

}  // namespace byzsim
