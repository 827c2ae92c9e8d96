// Finds the places of settings in the tree a scenario was read from, and reports what is wrong there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/core/diagnostics.hpp"
#include "sim/core/node.hpp"
#include "sim/scenario/scenario.hpp"

namespace byzsim {

/// Where a key of the map at `path` stands; keys may hold dots, which a path cannot.
Position place_of_key(const Node& root, std::string_view path, std::string_view key);

class Places {
 public:
  Places(const Scenario& scenario, const Node& root, Diagnostics& errors)
      : s_(scenario), root_(root), errors_(errors) {}

  /// Whether all of these settings are what the user wrote, or left to their defaults; a check that looks at one that
  /// could not be read would only report what follows from that.
  template <class... Paths>
  bool sound(const Paths&... paths) const {
    return !(errors_.unread(paths) || ...);
  }
  /// The place of the path, or of the nearest thing around it that is written down.
  Position place(std::string_view path) const;
  void error(std::string_view path, std::string message, std::string hint = {});
  void warn(std::string_view path, std::string message, std::string hint = {});

  enum class Who { replicas, anyone };
  /// Reports every node that does not exist, or is listed twice.
  void nodes(const std::string& path, const std::vector<NodeRef>& list, Who who);

 protected:
  const Scenario& s_;
  const Node& root_;
  Diagnostics& errors_;
};

}  // namespace byzsim
