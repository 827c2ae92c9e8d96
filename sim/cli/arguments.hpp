// The command line, parsed: CLI11 does the parsing, this file what it lacks (suggestions, strict seeds, our exit
// codes).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/cli/command.hpp"

namespace byzsim::cli {

/// Parses, runs the chosen subcommand and returns the exit code. Never throws.
int run_command_line(int argc, char** argv);

/// A seed as typed: all digits, within 64 bits. Throws UsageError; CLI11 by itself would take -1 for 2^64 - 1.
std::uint64_t parse_seed(std::string_view text);

/// The option `--NAME VALUE` that may be given again and takes one value each time.
CLI::Option* add_repeatable(CLI::App& app, const std::string& name, std::vector<std::string>& into,
                            const std::string& help);

}  // namespace byzsim::cli
