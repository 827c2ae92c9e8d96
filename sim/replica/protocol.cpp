#include "sim/replica/protocol.hpp"

#include "sim/core/check.hpp"

namespace byzsim {

const Protocol& protocol_named(std::string_view name) {
  const CatalogueEntry* entry = Catalogue::find("protocol", name);
  CHECK(entry != nullptr);
  return entry->payload<Protocol>();
}

void number_kinds(const Protocol& protocol) {
  constexpr std::size_t kLongestName = 40;  // must fit where KeyRing::tag puts it
  for (std::size_t i = 0; i < protocol.kinds.size(); ++i) {
    const MessageKind* kind = protocol.kinds[i];
    CHECK(!kind->traits.name.empty());
    CHECK_LE(kind->traits.name.size(), kLongestName);
    for (std::size_t k = 0; k < i; ++k) CHECK(protocol.kinds[k]->traits.name != kind->traits.name);
    kind->index = static_cast<std::uint16_t>(i);
  }
}

}  // namespace byzsim
