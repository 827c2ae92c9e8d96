#include "sim/crypto/keys.hpp"

#include <sodium.h>

#include <cstring>

#include "sim/core/check.hpp"
#include "sim/core/random.hpp"

namespace byzsim {

KeyRing::KeyRing(std::uint64_t seed, std::uint32_t nodes) : seed_(seed), nodes_(nodes), issued_(nodes, false) {}

Signer KeyRing::issue(NodeId id) {
  CHECK_LT(id, nodes_);
  CHECK(!issued_[id]);
  issued_[id] = true;
  return Signer(id);
}

Tag KeyRing::tag(NodeId signer, std::string_view kind, Digest content) const {
  static_assert(crypto_shorthash_siphashx24_KEYBYTES == 16 && crypto_shorthash_siphashx24_BYTES == 16);
  const std::uint64_t base = stream_key(seed_, Purpose::keys, signer);
  const std::array<std::uint64_t, 2> secret{draw(base, 0), draw(base, 1)};
  // Kind names are short; a name that does not fit is refused when its protocol registers.
  std::array<unsigned char, 64> subject{};
  CHECK_LE(kind.size(), subject.size() - 12);
  std::memcpy(subject.data(), &signer, 4);
  std::memcpy(subject.data() + 4, &content.bits, 8);
  std::memcpy(subject.data() + 12, kind.data(), kind.size());
  Tag tag{};
  crypto_shorthash_siphashx24(reinterpret_cast<unsigned char*>(tag.data()), subject.data(), subject.size(),
                              reinterpret_cast<const unsigned char*>(secret.data()));
  return tag;
}

}  // namespace byzsim
