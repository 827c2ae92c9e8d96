#include "analysis/books.hpp"

namespace byzsim {

void Books::on_signed(const Record& record) {
  const Message& message = *record.message;
  const KindFacts& kind = kinds.of(message);
  if (kind.nests) [[unlikely]] {
    now_ = record.time;
    signer_ = message.signer();
    walk(message);
  }
  if (kind.family != kNoFamily && message.label().value) votes.add(message, kind, record.time);
}

void Books::on_executed(const Record& record) {
  requests.on_executed(record);
  const Slot base = ledger.base();
  ledger.on_executed(record);
  if (ledger.base() != base) requests.forget_below(ledger.base());
}

void Books::on_restarted(const Record& record) {
  ledger.on_restarted(record);
  requests.on_restarted(record);
  if (roster.on_restarted(record)) ledger.on_roster_change();
}

void Books::on_batch(const Message& holder, Digest value, bool genuine) {
  ledger.on_proposed(signer_, holder, value, genuine, now_);
}

}  // namespace byzsim
