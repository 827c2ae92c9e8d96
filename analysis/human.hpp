// Quantities as a reader likes them: three significant digits and a unit. For texts only; nothing reads them back.
#pragma once

#include <cstdint>
#include <string>

#include "sim/core/time.hpp"

namespace byzsim {

/// `0 s`, `850 ns`, `12.3 ms`, `1.25 s`, `2 min 5 s`.
std::string human(Duration duration);
/// `512 B`, `1.21 MB`; powers of 1000.
std::string human_bytes(std::uint64_t bytes);
/// `1,234,567`.
std::string human_count(std::uint64_t count);
/// A rate or another plain number: `12.3`, `1,235`.
std::string human_number(double value);

}  // namespace byzsim
