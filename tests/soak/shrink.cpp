#include "tests/soak/shrink.hpp"

#include <fmt/core.h>

#include <vector>

#include "sim/core/units.hpp"
#include "tests/soak/promises.hpp"

namespace byzsim::soak {

namespace {

/// Without these a rule says something else, and a network that kept to its word might no longer.
const std::set<std::string> kNeeded = {"protocol", "schema",     "name",   "x-soak",   "class",  "n",     "run",
                                       "seed",     "max_events", "until",  "at",       "before", "event", "match",
                                       "do",       "on",         "from",   "type",     "delta",  "gst",   "rule",
                                       "crash",    "mode",       "period", "partition"};

class Shrinker {
 public:
  Shrinker(Node tree, std::string kind, const ShrinkLimits& limits, const KindsOf& kinds_of)
      : tree_(std::move(tree)), kind_(std::move(kind)), limits_(limits), kinds_of_(kinds_of) {}

  Shrunk run() {
    bool smaller = true;
    while (smaller && !over()) {
      smaller = false;
      for (const char* list : {"adversary.rules", "adversary.behaviours", "timeline", "clients.script"})
        smaller = thin_out(list) || smaller;
      smaller = fewer_clients() || smaller;
      smaller = fewer_replicas() || smaller;
      smaller = prune("") || smaller;
    }
    return {std::move(tree_), tried_};
  }

 private:
  bool over() const { return tried_ >= limits_.worlds || std::chrono::steady_clock::now() >= limits_.until; }

  /// Takes it if it still fails in the same way.
  bool take(Node candidate) {
    if (over()) return false;
    ++tried_;
    settle(candidate);
    if (!sound(candidate)) return false;
    const std::set<std::string> kinds = kinds_of_(candidate);
    if (!kinds.contains(kind_)) return false;
    // A liveness failure that the judge excuses may be due to what was taken away.
    if ((kind_ == "liveness" || kind_ == "fairness") && kinds.contains("excused")) return false;
    tree_ = std::move(candidate);
    return true;
  }

  /// Whole runs of items first, then single ones.
  bool thin_out(const std::string& path) {
    bool smaller = false;
    const Node* list = tree_.at_path(path);
    for (std::size_t size = list == nullptr ? 0 : list->items.size(); size >= 1; size /= 2) {
      for (std::size_t from = 0; (list = tree_.at_path(path)) != nullptr && from < list->items.size();) {
        Node fewer = *list;
        const std::size_t end = std::min(from + size, fewer.items.size());
        fewer.items.erase(fewer.items.begin() + static_cast<std::ptrdiff_t>(from),
                          fewer.items.begin() + static_cast<std::ptrdiff_t>(end));
        Node candidate = tree_;
        if (fewer.items.empty()) {
          erase_path(candidate, path);
        } else {
          candidate.set(path, std::move(fewer), {});
        }
        if (take(std::move(candidate))) {
          smaller = true;
        } else {
          from += size;
        }
      }
    }
    return smaller;
  }

  bool fewer_clients() {
    bool smaller = false;
    for (const char* path : {"clients.requests", "clients.count"}) {
      for (;;) {
        const Node* now = tree_.at_path(path);
        const std::uint64_t value = now == nullptr ? 0 : parse_unsigned(now->scalar).value;
        bool taken = false;
        for (const std::uint64_t less : {value / 2, value - 1}) {
          if (value == 0 || less >= value) continue;
          Node candidate = tree_;
          candidate.set(path, Node::number(less), {});
          taken = taken || take(std::move(candidate));
        }
        if (!taken) break;
        smaller = true;
      }
    }
    return smaller;
  }

  bool fewer_replicas() {
    bool smaller = false;
    for (bool again = true; again;) {
      again = false;
      const Node* now = tree_.at_path("protocol.n");
      const std::uint64_t n = now == nullptr ? 0 : parse_unsigned(now->scalar).value;
      for (std::uint64_t less = 1; less < n && !again; ++less) {
        Node candidate = tree_;
        candidate.set("protocol.n", Node::number(less), {});
        for (const char* part : {"adversary", "timeline", "clients"}) {
          if (Node* found = candidate.find(part)) forget_nodes(*found, less);
        }
        again = take(std::move(candidate));
      }
      smaller = smaller || again;
    }
    return smaller;
  }

  /// Takes nodes from `n` on out of every list of nodes.
  static void forget_nodes(Node& node, std::uint64_t n) {
    for (Node& item : node.items) forget_nodes(item, n);
    if (!node.is_list()) return;
    std::erase_if(node.items, [&](const Node& item) {
      const auto number = item.is_scalar() ? parse_unsigned(item.scalar) : Parsed<std::uint64_t>{};
      return number && number.value >= n;
    });
  }

  static void erase_path(Node& root, const std::string& path) {
    const std::size_t dot = path.rfind('.');
    if (dot == std::string::npos) return root.erase(path);
    const Node* parent = root.at_path(path.substr(0, dot));
    if (parent == nullptr) return;
    Node less = *parent;
    less.erase(path.substr(dot + 1));
    root.set(path.substr(0, dot), std::move(less), {});
  }

  /// Every key of every map and every item of every list, from the outside in.
  bool prune(const std::string& path) {
    bool smaller = false;
    for (std::size_t i = 0;; ++i) {
      const Node* here = path.empty() ? &tree_ : tree_.at_path(path);
      if (here == nullptr || i >= here->items.size()) return smaller;
      const bool map = here->is_map();
      const std::string key = map ? here->keys[i].text : std::to_string(i);
      const bool dotted = key.find('.') != std::string::npos;  // a path of `alter`: only its map goes as a whole
      const bool kept = (map && kNeeded.contains(key)) || key == "expect" || dotted ||
                        (!map && here->items.size() == 1) || (kind_ == "excused" && path == "adversary.corrupt");
      if (!kept) {
        Node candidate = tree_;
        Node less = *here;
        less.items.erase(less.items.begin() + static_cast<std::ptrdiff_t>(i));
        if (map) less.keys.erase(less.keys.begin() + static_cast<std::ptrdiff_t>(i));
        if (path.empty()) {
          candidate = std::move(less);
        } else {
          candidate.set(path, std::move(less), {});
        }
        if (take(std::move(candidate))) {
          smaller = true;
          --i;
          continue;
        }
      }
      if (!dotted && key != "x-soak" && key != "expect")
        smaller = prune(path.empty() ? key : path + "." + key) || smaller;
    }
  }

  Node tree_;
  std::string kind_;
  const ShrinkLimits& limits_;
  const KindsOf& kinds_of_;
  std::size_t tried_ = 0;
};

}  // namespace

Shrunk shrink(Node tree, const std::string& kind, const ShrinkLimits& limits, const KindsOf& kinds_of) {
  return Shrinker(std::move(tree), kind, limits, kinds_of).run();
}

}  // namespace byzsim::soak
