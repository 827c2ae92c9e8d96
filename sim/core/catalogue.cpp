#include "sim/core/catalogue.hpp"

#include <map>
#include <utility>

namespace byzsim {

namespace {

using Key = std::pair<std::string, std::string>;

/// Made at first use, because entries register while other files' globals are still being constructed.
std::map<Key, CatalogueEntry>& entries() {
  static std::map<Key, CatalogueEntry> all;
  return all;
}

}  // namespace

const CatalogueEntry& Catalogue::add(CatalogueEntry entry) {
  Key key{entry.kind, entry.name};
  const auto [place, fresh] = entries().emplace(std::move(key), std::move(entry));
  if (!fresh)
    check_failed(__FILE__, __LINE__, "names in the catalogue are unique",
                 place->second.kind + " " + place->second.name);
  return place->second;
}

const CatalogueEntry* Catalogue::find(std::string_view kind, std::string_view name) {
  const auto place = entries().find(Key(kind, name));
  return place == entries().end() ? nullptr : &place->second;
}

std::vector<const CatalogueEntry*> Catalogue::list(std::string_view kind) {
  std::vector<const CatalogueEntry*> list;
  for (const auto& [key, entry] : entries()) {
    if (kind.empty() || key.first == kind) list.push_back(&entry);
  }
  return list;
}

std::vector<std::string> Catalogue::names(std::string_view kind) {
  std::vector<std::string> names;
  for (const CatalogueEntry* entry : list(kind)) names.push_back(entry->name);
  return names;
}

}  // namespace byzsim
