// How results are printed: as text for people, or as one line of JSON for each.
#pragma once

#include <string>

#include "analysis/aggregate.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/session.hpp"

namespace byzsim::cli {

enum class Format { text, json };

/// Adds `--format text|json`, with a suggestion for anything else.
void add_format(CLI::App& app, std::string& format);
Format parse_format(const std::string& format);

/// To standard output, at once.
void print_result(const Ending& ending, Format format);
void print_result(const AggregateResult& result, Format format);

}  // namespace byzsim::cli
