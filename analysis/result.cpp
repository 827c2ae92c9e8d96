#include "analysis/result.hpp"

#include <fmt/core.h>

namespace byzsim {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::met:
      return "met";
    case Verdict::unmet:
      return "unmet";
    case Verdict::inconclusive:
      return "inconclusive";
  }
  return "?";
}

std::string_view to_string(Safety safety) {
  return safety == Safety::held ? "held" : "violated";
}

std::string_view to_string(Liveness liveness) {
  switch (liveness) {
    case Liveness::held:
      return "held";
    case Liveness::violated:
      return "violated";
    case Liveness::unknown:
      return "unknown";
  }
  return "?";
}

std::string_view to_string(Classification classification) {
  switch (classification) {
    case Classification::none:
      return "none";
    case Classification::within_model:
      return "within-model";
    case Classification::outside_model:
      return "outside-model";
  }
  return "?";
}

std::string Result::name(NodeId node) const {
  return node < n ? fmt::format("{}", node) : fmt::format("c{}", node - n);
}

}  // namespace byzsim
