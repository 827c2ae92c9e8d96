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
      : NestWalker(told, Batches::named),
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

  void on_signed(const Record& record);
  void on_executed(const Record& record);
  void on_restarted(const Record& record);

 private:
  void on_batch(const Message& holder, Digest value, bool genuine) override;
  void on_nested(const Message&) override {}

  Time now_{};
  NodeId signer_ = kNobody;  // of the message that is being walked
};

}  // namespace byzsim
