// CHECK: a statement about byzsim itself that must hold, always on. DCHECK: the same for the hot loop, debug builds
// only.
//
// A failed check is a bug in byzsim, never the user's: it throws InternalError with the expression, its operands, and
// where the run stood (seed, event, simulated time), which the command line prints with exit code 4.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#include "sim/core/time.hpp"

namespace byzsim {

/// Where the run on this thread stands; kept by the scheduler and printed by a failed CHECK.
struct RunPosition {
  std::uint64_t seed = 0;
  const std::uint64_t* event =
      nullptr;  ///< null while nothing runs; points into the scheduler, so a step costs nothing
  const Time* now = nullptr;
};
RunPosition& run_position();

class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void check_failed(const char* file, int line, const char* expression, const std::string& operands);

namespace detail {
template <class T>
std::string operand(const T& value) {
  if constexpr (fmt::is_formattable<T>::value) return fmt::format("{}", value);
  return "?";
}
}  // namespace detail

}  // namespace byzsim

#define CHECK(condition)                                          \
  do {                                                            \
    if (!(condition)) [[unlikely]]                                \
      ::byzsim::check_failed(__FILE__, __LINE__, #condition, {}); \
  } while (false)

#define BYZSIM_CHECK_OP(a, op, b)                                                                                    \
  do {                                                                                                               \
    const auto& check_a = (a);                                                                                       \
    const auto& check_b = (b);                                                                                       \
    if (!(check_a op check_b)) [[unlikely]]                                                                          \
      ::byzsim::check_failed(__FILE__, __LINE__, #a " " #op " " #b,                                                  \
                             ::byzsim::detail::operand(check_a) + " " #op " " + ::byzsim::detail::operand(check_b)); \
  } while (false)

#define CHECK_EQ(a, b) BYZSIM_CHECK_OP(a, ==, b)
#define CHECK_LE(a, b) BYZSIM_CHECK_OP(a, <=, b)
#define CHECK_LT(a, b) BYZSIM_CHECK_OP(a, <, b)
#define CHECK_GE(a, b) BYZSIM_CHECK_OP(a, >=, b)

#ifdef NDEBUG
#define DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#else
#define DCHECK(condition) CHECK(condition)
#endif
