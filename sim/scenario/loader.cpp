#include "sim/scenario/loader.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "sim/scenario/checks.hpp"
#include "sim/scenario/yaml.hpp"

namespace byzsim {

namespace {

constexpr std::size_t kMaxParents = 16;
constexpr std::size_t kMaxVariants = 1000;
constexpr std::size_t kMaxValues = 20 * kMaxYamlNodes;  // of all variants together, each with all that it stands on

/// Only what lies on a disk: nothing that waits for somebody to write, never ends or tells of the machine is opened as
/// a scenario, whose lines an error would then quote.
std::optional<std::string> read_file(const std::string& file, Position where, Diagnostics& errors) {
  const auto fail = [&](const std::string& why) {
    errors.error(where, fmt::format("cannot read '{}': {}", file, why));
    return std::nullopt;
  };
  struct stat found {};
  if (::stat(file.c_str(), &found) == 0 && !S_ISREG(found.st_mode)) return fail("not a file");
  struct Descriptor {
    int number;
    ~Descriptor() {
      if (number >= 0) ::close(number);
    }
  } const opened{::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  if (opened.number < 0) return fail(errno == ENOENT ? "no such file" : std::generic_category().message(errno));
  // Asked again of what was opened: the name may have changed hands.
  struct statfs system {};
  if (::fstat(opened.number, &found) != 0 || !S_ISREG(found.st_mode)) return fail("not a file");
  if (::fstatfs(opened.number, &system) == 0 && (system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC)) {
    return fail("not a file but what the system says of itself");
  }
  std::string text(kMaxYamlBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(opened.number, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(std::generic_category().message(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

std::string canonical(const std::string& file) {
  std::error_code error;
  const auto path = std::filesystem::weakly_canonical(file, error);
  return error ? file : path.string();
}

/// Takes a key out of a map and returns its value.
std::optional<Node> taken(Node& map, std::string_view key) {
  const Node* found = map.find(key);
  if (found == nullptr) return std::nullopt;
  Node value = *found;
  map.erase(key);
  return value;
}

/// A file with its parents laid under it.
class Family {
 public:
  Family(const LoadOptions& options, Diagnostics& errors) : options_(options), errors_(errors) {}

  /// Every file that was read, by its canonical name.
  const std::vector<std::string>& opened() const { return opened_; }

  std::optional<Node> read(const std::string& name, const std::string& text) {
    opened_.push_back(canonical(name));
    const std::uint32_t source = errors_.add_source(name, text);
    std::optional<Node> root = parse_yaml(text, source, errors_);
    if (!root) return std::nullopt;
    if (root->is_null()) {
      errors_.error({source, 0, 0}, "the file is empty", "a scenario begins with `schema: byzsim/v1`");
      return std::nullopt;
    }
    if (!root->is_map()) {
      errors_.error(root->position, fmt::format("a scenario is a map of keys, found {}", root->describe_kind()));
      return std::nullopt;
    }
    const std::optional<Node> parent = taken(*root, "extends");
    if (!parent) return root;
    const std::optional<Node> base = read_parent(name, *parent);
    return base ? std::optional(overlay(*base, *root)) : std::nullopt;
  }

 private:
  std::optional<Node> read_parent(const std::string& child, const Node& parent) {
    if (!parent.is_scalar()) {
      errors_.error(parent.position,
                    fmt::format("expected the name of one file in extends, found {}", parent.describe_kind()));
      return std::nullopt;
    }
    if (!options_.files) {
      errors_.error(parent.position, "`extends` is not possible here");
      return std::nullopt;
    }
    const std::string file = (std::filesystem::path(child).parent_path() / parent.scalar).string();
    if (std::find(opened_.begin(), opened_.end(), canonical(file)) != opened_.end()) {
      errors_.error(parent.position, fmt::format("'{}' extends itself", file));
      return std::nullopt;
    }
    if (opened_.size() > kMaxParents) {
      errors_.error(parent.position, fmt::format("more than {} files extend each other", kMaxParents));
      return std::nullopt;
    }
    const std::optional<std::string> text = read_file(file, parent.position, errors_);
    return text ? read(file, *text) : std::nullopt;
  }

  const LoadOptions& options_;
  Diagnostics& errors_;
  std::vector<std::string> opened_;
};

/// One `--set`, parsed.
struct Override {
  std::string path;
  Node value;
  Position where;
};

std::vector<Override> parse_overrides(const std::vector<std::string>& sets, Diagnostics& errors) {
  std::vector<Override> overrides;
  for (const std::string& set : sets) {
    const std::uint32_t source = errors.add_source("command line", set);
    const std::size_t equals = set.find('=');
    if (equals == std::string::npos || equals == 0) {
      errors.error({source, 1, 1}, "expected KEY=VALUE", "such as `network.latency=20ms`");
      continue;
    }
    // Blanks in place of the key, so that columns in the value are columns of what was typed.
    std::optional<Node> value = parse_yaml(std::string(equals + 1, ' ') + set.substr(equals + 1), source, errors);
    if (!value) continue;
    if (value->is_null() && set.find_first_not_of(' ', equals + 1) == std::string::npos) {
      errors.error({source, 1, static_cast<std::uint32_t>(equals + 2)}, "there is no value",
                   fmt::format("`{}=null` takes a key away", set.substr(0, std::min<std::size_t>(equals, 60))));
      continue;
    }
    overrides.push_back({set.substr(0, equals), std::move(*value), {source, 1, 1}});
  }
  return overrides;
}

std::optional<Scenario> read_one(Node tree, const std::vector<Override>& overrides, const LoadOptions& options,
                                 Diagnostics& errors) {
  errors.begin_tree();
  for (const auto& [path, value, where] : overrides) {
    if (const auto error = tree.set(path, value, where)) {
      errors.error(where, fmt::format("cannot set '{}': {}", path.substr(0, 60), *error));
    }
  }
  Scenario scenario;
  const bool good = Setting<Scenario>::read(tree, scenario, errors);
  check(scenario, tree, errors);
  for (const FurtherCheck& more : options.further) more(scenario, tree, errors);
  if (!good) return std::nullopt;
  return options.seed ? with_seed(std::move(scenario), *options.seed) : scenario;
}

bool good_variants(const Node& variants, Diagnostics& errors) {
  const Diagnostics::Scope scope(errors, "variants");
  if (!variants.is_map() || variants.items.empty()) {
    return detail::mismatch(variants, "a map from the name of a variant to what it changes", errors);
  }
  if (variants.items.size() > kMaxVariants) {
    errors.error(variants.position, fmt::format("more than {} variants", kMaxVariants));
    return false;
  }
  bool good = true;
  for (std::size_t i = 0; i < variants.items.size(); ++i) {
    const Node& variant = variants.items[i];
    if (!variant.is_map() && !variant.is_null())
      good = detail::mismatch(variant, "what the variant changes, a map", errors);
    for (const char* key : {"extends", "variants"}) {
      if (variant.find(key) == nullptr) continue;
      errors.error(variant.find(key)->position, fmt::format("a variant cannot have '{}'", key));
      good = false;
    }
  }
  return good;
}

}  // namespace

Scenario with_seed(Scenario scenario, std::uint64_t seed) {
  scenario.run.seed = seed;
  scenario.run.seeds.reset();
  scenario.expect.aggregate.clear();
  scenario.hash = scenario_hash(scenario);
  return scenario;
}

std::vector<Scenario> load(const std::string& file, const LoadOptions& options, Diagnostics& errors) {
  const std::optional<std::string> text = read_file(file, {}, errors);
  return text ? load_text(file, *text, options, errors) : std::vector<Scenario>{};
}

std::vector<Scenario> load_text(const std::string& name, const std::string& text, const LoadOptions& options,
                                Diagnostics& errors) {
  const std::size_t before = errors.errors();
  Family family(options, errors);
  std::optional<Node> root = family.read(name, text);
  if (!root) return {};
  const std::vector<Override> overrides = parse_overrides(options.sets, errors);
  const std::optional<Node> variants = taken(*root, "variants");
  Node single = Node::map().put("", Node());
  if (variants && !good_variants(*variants, errors)) {
    read_one(*root, overrides, options, errors);  // for the errors elsewhere
    return {};
  }
  const Node& all = variants ? *variants : single;
  std::vector<Scenario> scenarios;
  std::size_t values = 0;
  for (std::size_t i = 0; i < all.items.size(); ++i) {
    if (options.variant && all.keys[i].text != *options.variant) continue;
    Node tree = all.items[i].is_map() ? overlay(*root, all.items[i]) : *root;
    values += tree.count();
    if (values > kMaxValues) {
      errors.error(all.keys[i].position,
                   fmt::format("the variants come to more than {} values, what they have in common counted for each",
                               kMaxValues),
                   "spread them over several files");
      break;
    }
    std::optional<Scenario> scenario = read_one(std::move(tree), overrides, options, errors);
    if (!scenario) continue;
    scenario->file = name;
    scenario->inputs = family.opened();
    scenario->variant = all.keys[i].text;
    scenario->hash = scenario_hash(*scenario);
    scenarios.push_back(std::move(*scenario));
  }
  if (errors.errors() != before) scenarios.clear();
  return scenarios;
}

}  // namespace byzsim
