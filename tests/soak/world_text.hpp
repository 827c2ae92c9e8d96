// A scenario tree as the text of a file: one line a section or list item, what is inside in flow style.
#pragma once

#include <string>

#include "sim/core/node.hpp"

namespace byzsim::soak {

std::string world_text(const Node& scenario);

}  // namespace byzsim::soak
