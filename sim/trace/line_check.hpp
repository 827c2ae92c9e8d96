// LineCheck: whom a line of a trace may name. Every node of every line, and every signer of every message, must be one
// of the run that the header tells of, and one to which such a thing can happen; so nobody behind the reader meets a
// number that could make it grow.
//
// Left open are numbers that a message brought along, which may lie: the client of an `applied` line.
#pragma once

#include "sim/trace/line.hpp"
#include "sim/trace/manifest.hpp"

namespace byzsim {

/// Throws BadTrace (without the line number) if `line` names somebody who cannot be meant. About 5 ns.
void check_names(const TraceLine& line, const Manifest& manifest);
/// The same for a message and all that are nested in it.
void check_signers(const Message& message, const Manifest& manifest);

}  // namespace byzsim
