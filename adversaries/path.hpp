// Path: how a rule names a place inside a message, and what may stand there.
//
//   view                                    a field
//   view_changes.0.prepared                 into a list, by place from 0; `last` is the last, `*` every one
//   view_changes.signer=2.prepared          the items whose field has this value: a number, `c0`, a digest, `a`, text
//   state.clients.client=c0.beyond          into a payload: a batch's requests, a snapshot's table and records
//   view_changes.0.signer                   whose a nested message says it is
//
// Dashes and underscores are the same. Paths know no protocol: what there is to reach follows from FieldFacts, which
// every message and payload derives from its one description, and what stands there from its form in a trace.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/diagnostics.hpp"
#include "sim/core/node.hpp"
#include "sim/replica/interceptor.hpp"

namespace byzsim {

/// The message that was asked for cannot be made now; the text says why. Rules count it as `NAME: impossible`.
class Impossible : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The steps of a path, as written.
std::vector<std::string> steps_of(std::string_view path);

/// The field of this name; null if there is none.
const FieldFacts* find_field(const std::vector<FieldFacts>& fields, std::string_view name);
/// What a field holds, seen from inside: of a payload what it is made of, of a set of nodes a list of numbers,
/// otherwise itself.
FieldFacts content_of(const FieldFacts& facts);
/// One item of a list.
FieldFacts item_of(const FieldFacts& list);
/// The fields of a message or a group; empty for all else.
const std::vector<FieldFacts>& fields_in(const FieldFacts& facts);
/// The field of this name inside a message or a group; of a nested message `signer` too. Null if there is none.
const FieldFacts* field_inside(const FieldFacts& facts, std::string_view name);
/// What to call it in an error: a nested message by its type, all else by its name.
std::string name_of(const FieldFacts& facts);
/// Whether it is a batch of requests, so that it can be given by their names.
bool is_batch(const FieldFacts& facts);

/// `3`, or the number of node `c0`; nothing if the text is neither.
std::optional<std::uint64_t> number_word(std::string_view text, std::uint32_t n);
/// Sixteen hexadecimal digits.
bool is_digest_word(std::string_view text);
/// A number as it stands in a message's tree; past 2^53 it may be a string.
std::uint64_t number_in_tree(const nlohmann::ordered_json& value);

/// The places in `list` that this step chooses, in order. Throws Impossible where it chooses none, unless it is `*`.
std::vector<std::size_t> places_of(const FieldFacts& facts, const nlohmann::ordered_json& list, std::string_view step,
                                   const Powers& powers);
/// Calls `visit(facts, value)` for everything that the path leads to in the fields of a message; where it leads
/// nowhere, for nothing.
using PathVisitor = std::function<void(const FieldFacts&, const nlohmann::ordered_json&)>;
void walk_path(const std::vector<FieldFacts>& fields, const nlohmann::ordered_json& values,
               const std::vector<std::string>& steps, const Powers& powers, const PathVisitor& visit);

/// What the path leads to, list or not; nothing after reporting at `where` what does not exist.
std::optional<FieldFacts> check_path(const std::string& owner, const std::vector<FieldFacts>& fields,
                                     const std::vector<std::string>& steps, Position where, const AdversaryFacts& facts,
                                     Diagnostics& errors);
/// Reports a step into a list that is no place, `last`, `*` or FIELD=VALUE.
void check_place(const FieldFacts& list, std::string_view step, Position where, const AdversaryFacts& facts,
                 Diagnostics& errors);

}  // namespace byzsim
