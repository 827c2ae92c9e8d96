// Reports: a result as one line of JSON for programs, and as a text for people.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "analysis/aggregate.hpp"
#include "analysis/result.hpp"
#include "analysis/sequence.hpp"

namespace byzsim {

using Json = nlohmann::ordered_json;

/// Everything in the result, as `--format json` prints it and as expectations address it. Integers that a reader which
/// holds numbers as doubles would damage (2^53 and more) are strings; hashes are 16 hexadecimal digits; times are
/// integer nanoseconds; replicas are numbers and clients words (`c0`). A figure that does not exist, such as the mean
/// of no latencies, is null.
Json to_json(const Result& result);
/// The same in one line, with its line end.
std::string json_line(const Result& result);
std::string json_line(const AggregateResult& result);

struct TextStyle {
  bool colour = false;
  bool figures = true;  ///< latency, messages and the rest, not only the verdict
};

/// In the order in which a person asks: the verdict; why; what went over the wire around it, if a sequence was
/// collected; the figures; how to reproduce it.
std::string text_report(const Result& result, const TextStyle& style, const Sequence* sequence = nullptr);
std::string text_report(const AggregateResult& result, const TextStyle& style);

}  // namespace byzsim
