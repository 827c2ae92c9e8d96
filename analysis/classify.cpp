#include "analysis/classify.hpp"

#include <fmt/core.h>

namespace byzsim {

namespace {
std::uint32_t missing(Promise promise, const ModelFacts& facts) {
  return facts.faulty + (promise == Promise::liveness ? facts.down : 0);
}
}  // namespace

Classification classify(Promise promise, const ModelFacts& facts) {
  if (promise == Promise::conduct) return Classification::within_model;
  const bool outside = missing(promise, facts) > facts.f || facts.n <= 3 * std::uint64_t{facts.f} ||
                       (promise == Promise::liveness && facts.beyond);
  return outside ? Classification::outside_model : Classification::within_model;
}

std::string explain(Classification classification, Promise promise, const ModelFacts& facts) {
  if (classification == Classification::none) return {};
  if (promise == Promise::conduct) return "protocol bug: an honest replica keeps this by itself, whatever others do";
  const bool safety = promise == Promise::safety;
  const std::string faults =
      !safety && facts.down > 0
          ? fmt::format("{} of {} replicas faulty or down, f = {}", missing(promise, facts), facts.n, facts.f)
          : fmt::format("{} of {} replicas faulty, f = {}", facts.faulty, facts.n, facts.f);
  if (classification == Classification::within_model) {
    return fmt::format("protocol bug: {} must survive this ({}{})", safety ? "safety" : "liveness", faults,
                       safety ? ", any network" : ", a network that kept to GST and delta");
  }
  if (missing(promise, facts) > facts.f) return fmt::format("more faults than the protocol assumes: {}", faults);
  if (facts.n <= 3 * std::uint64_t{facts.f}) {
    return fmt::format("n = {} is not more than 3f = {}: no protocol survives that", facts.n,
                       3 * std::uint64_t{facts.f});
  }
  return "the network went beyond GST and delta, where no protocol need make progress";
}

}  // namespace byzsim
