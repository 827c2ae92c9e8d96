// Client safety: the answer that an honest client accepts is the result that honest replicas computed for its request,
// in the order in which they executed it.
#include "analysis/invariant.hpp"

namespace byzsim {
namespace {

class ClientSafety final : public Invariant {
 public:
  using Invariant::Invariant;
  FactMask heeds() const override { return facts(FactKind::accepted_otherwise); }
  void on_fact(const Fact& fact) override { report(fact, fact.detail); }
};

const Registered<NoOptions, InvariantMaker> entry{
    "invariant", "client-safety",
    "an answer accepted by an honest client is what honest replicas computed for its request", safety<ClientSafety>()};

}  // namespace
}  // namespace byzsim
