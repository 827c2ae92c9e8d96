// The requests that stand in a message, in words: what reports say of values, and what is kept of evidence.
#pragma once

#include <cstdint>
#include <string>

#include "sim/replica/message.hpp"

namespace byzsim {

/// `put 7 42 (client 0)`, for the first few requests in the batches that stand directly in `message`; empty if there
/// are none. `n`: the number of replicas.
std::string requests_in(const Message& message, std::uint32_t n);

}  // namespace byzsim
