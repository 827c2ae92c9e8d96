// The catalogue: everything that a scenario can name (protocols, behaviours, the rule, invariants, latency models,
// region tables, topologies). A file adds its entry with one line at namespace scope and is linked as part of an object
// library:
//
//   const Registered<SilenceOptions, BehaviourFactory> entry{"behaviour", "silence", "sends nothing", make_silence};
//
// Two entries of one kind and name fail a CHECK at start-up. Listings are sorted by kind and name, whatever the link
// order.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "sim/core/check.hpp"
#include "sim/core/node.hpp"

namespace byzsim {

struct Description;

struct CatalogueEntry {
  std::string kind;
  std::string name;
  std::string summary;
  const Description* (*options)() = nullptr;  ///< null if the entry takes none
  std::shared_ptr<const void> payload_data;
  const std::type_info* payload_type = nullptr;

  /// What was registered with the entry, such as its factory. Asking for another type is a bug in byzsim.
  template <class Payload>
  const Payload& payload() const {
    CHECK(payload_type != nullptr && *payload_type == typeid(Payload));
    return *static_cast<const Payload*>(payload_data.get());
  }
};

class Catalogue {
 public:
  static const CatalogueEntry& add(CatalogueEntry entry);
  /// Null if there is none.
  static const CatalogueEntry* find(std::string_view kind, std::string_view name);
  /// Sorted by kind and name; all kinds if `kind` is empty.
  static std::vector<const CatalogueEntry*> list(std::string_view kind = {});
  static std::vector<std::string> names(std::string_view kind);
};

struct NoOptions {};
struct NoPayload {};

/// Registers an entry while it is constructed; include options.hpp for the constructor.
template <class Options = NoOptions, class Payload = NoPayload>
class Registered {
 public:
  Registered(const char* kind, const char* name, const char* summary, Payload payload = {});
  const CatalogueEntry& entry() const { return *entry_; }

 private:
  const CatalogueEntry* entry_;
};

/// A catalogue entry that a scenario chose, with the options it gave.
struct Choice {
  std::string kind;
  std::string name;
  std::shared_ptr<const void> options;  ///< null if the entry takes none
  const std::type_info* options_type = nullptr;
  const CatalogueEntry* entry = nullptr;
  Position position;

  /// The options, which must be of the type that the entry registered.
  template <class T>
  const T& as() const {
    CHECK(options_type != nullptr && *options_type == typeid(T));
    return *static_cast<const T*>(options.get());
  }
};

/// The entry with default options; CHECKs that it exists. For tests and for code that needs no file.
Choice choose(std::string_view kind, std::string_view name);
/// The entry with these options.
Choice choose(std::string_view kind, std::string_view name, const Node& options, class Diagnostics& errors);

}  // namespace byzsim
