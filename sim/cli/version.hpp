// The version that --version prints and traces carry; from CMake's project().
#pragma once

#include <string_view>

namespace byzsim::cli {

#ifdef BYZSIM_VERSION
inline constexpr std::string_view kVersion = BYZSIM_VERSION;
#else
inline constexpr std::string_view kVersion = "0.0.0";
#endif

}  // namespace byzsim::cli
