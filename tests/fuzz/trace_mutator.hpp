// Changes a trace so that a reader gets past its first checks: lines are moved and their values changed one by one,
// then numbered again, put in order of time, and their messages signed again from the inside out, as anybody can do who
// has the seed.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "sim/replica/notary.hpp"

namespace byzsim {

class TraceMutator {
 public:
  TraceMutator(const KeyRing& ring, const std::vector<const MessageKind*>& kinds, unsigned seed)
      : ring_(ring), kinds_(kinds), random_(seed) {}

  std::string mutated(std::string_view trace) {
    std::vector<std::string> lines;
    while (!trace.empty()) {
      const std::size_t end = std::min(trace.find('\n'), trace.size());
      lines.emplace_back(trace.substr(0, end));
      trace.remove_prefix(std::min(end + 1, trace.size()));
    }
    if (lines.size() < 2) lines.resize(2);
    for (std::size_t edits = 1 + below(3); edits > 0; --edits) edit(lines);
    repair(lines);
    std::string bytes;
    for (const std::string& line : lines) bytes += line + "\n";
    return bytes;
  }

 private:
  std::size_t below(std::size_t most) { return most == 0 ? 0 : random_() % most; }
  auto place(std::vector<std::string>& lines) {
    return lines.begin() + static_cast<std::ptrdiff_t>(1 + below(lines.size() - 1));
  }

  void edit(std::vector<std::string>& lines) {
    switch (below(8)) {
      case 0:
        if (lines.size() > 2) lines.erase(place(lines));
        return;
      case 1: {
        const std::string copy = *place(lines);
        lines.insert(place(lines), copy);
        return;
      }
      case 2:
        std::iter_swap(place(lines), place(lines));
        return;
      default:
        break;
    }
    std::string& line = below(16) == 0 ? lines[0] : *place(lines);
    Json json = Json::parse(line, nullptr, false);
    if (!json.is_structured()) return;
    Json* at = &json;
    while (at->is_structured() && !at->empty() && below(8) != 0) {
      auto item = at->begin();
      std::advance(item, static_cast<std::ptrdiff_t>(below(at->size())));
      at = &*item;
    }
    change(*at);
    line = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  void change(Json& value) {
    if (value.is_number_unsigned()) {
      static constexpr std::uint64_t kNotable[] = {0, 1, 4, 5, 1000, 4294967294, 4294967295, 1ULL << 53, ~0ULL};
      const std::uint64_t was = value.get<std::uint64_t>();
      value = below(2) == 0   ? kNotable[below(std::size(kNotable))]
              : below(2) == 0 ? was + 1
                              : was ^ (1ULL << below(40));
    } else if (value.is_boolean()) {
      value = !value.get<bool>();
    } else if (value.is_string()) {
      auto text = value.get<std::string>();
      static constexpr const char* kWords[] = {
          "decided",  "signed",   "sent",      "delivered", "witnessed",        "crashed", "end",
          "answered", "kit-vote", "kit-proof", "request",   "0000000000000001", ""};
      if (below(2) == 0)
        text = kWords[below(std::size(kWords))];
      else if (!text.empty())
        text[below(text.size())] = "0123456789abcdef"[below(16)];
      value = text;
    } else if (value.is_array() && !value.empty() && below(2) == 0) {
      value.push_back(value[below(value.size())]);
    } else if (value.is_structured() && !value.empty()) {
      auto item = value.begin();
      std::advance(item, static_cast<std::ptrdiff_t>(below(value.size())));
      value.erase(item);
    } else {
      value = below(2) == 0 ? Json(nullptr) : Json(below(6));
    }
  }

  void repair(std::vector<std::string>& lines) {
    std::uint64_t time = 0;
    for (std::size_t i = 1; i < lines.size(); ++i) {
      Json json = Json::parse(lines[i], nullptr, false);
      if (!json.is_object()) continue;
      json["i"] = i - 1;
      if (json.contains("t_ns") && json["t_ns"].is_number_unsigned()) {
        time = std::max(time, json["t_ns"].get<std::uint64_t>());
        json["t_ns"] = time;
      }
      if (json.contains("message") && !json.contains("genuine") && below(8) != 0) sign(json["message"]);
      lines[i] = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
  }

  void sign(Json& json) {
    if (!json.is_structured()) return;
    for (Json& inside : json) sign(inside);
    if (!json.is_object() || !json.contains("tag") || !json.contains("kind") || !json["kind"].is_string()) return;
    const auto name = json["kind"].get<std::string>();
    const auto kind = std::find_if(kinds_.begin(), kinds_.end(), [&](const auto* k) { return k->traits.name == name; });
    if (kind == kinds_.end()) return;
    try {
      const Ref<Message> message = Draft::read(**kind, json);
      if (message->signer() >= ring_.nodes()) return;
      const Tag tag = ring_.tag(message->signer(), name, message->content());
      json["tag"] = fmt::format("{:016x}{:016x}", tag[0], tag[1]);
    } catch (const FieldError&) {
    }
  }

  const KeyRing& ring_;
  const std::vector<const MessageKind*>& kinds_;
  std::minstd_rand random_;
};

}  // namespace byzsim
