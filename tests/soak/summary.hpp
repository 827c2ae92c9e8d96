// Summary: what a soak ran, reached and found, over all its worlds. Does not depend on the order in which they end.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tests/soak/trial.hpp"

namespace byzsim::soak {

class Summary {
 public:
  void add(const Trial& trial);
  void note_memory(long resident_kb) { resident_kb_ = std::max(resident_kb_, resident_kb); }
  std::uint64_t worlds() const { return worlds_; }
  /// As text for people.
  std::string text() const;
  /// Behaviours, actions and events of the catalogue that no world asked for, or that never did anything.
  std::vector<std::string> unreached() const;

 private:
  struct Reached {
    std::uint64_t worlds = 0;
    std::uint64_t times = 0;
  };
  std::uint64_t worlds_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t complete_ = 0;
  long resident_kb_ = 0;
  std::map<std::string, std::uint64_t> classes_;
  std::map<std::string, std::uint64_t> ends_;
  std::map<std::string, std::uint64_t> mechanisms_;
  std::map<std::uint32_t, std::uint64_t> sizes_;
  std::map<std::string, std::uint64_t> findings_;
  std::map<std::string, Reached> happened_;
  std::map<std::string, std::uint64_t> written_;
};

}  // namespace byzsim::soak
