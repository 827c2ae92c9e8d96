// Random worlds in which more than f replicas lie, though fewer than a quorum, and try to break agreement: each by one
// of the ways in which a quorum protocol with view changes can be broken, with random numbers, groups, values, times
// and covers. As scenario texts, so that whatever comes out wrong can be kept as a file.
//
// What honest replicas receive is kept in full: no checkpoint is reached and no state transferred.
#pragma once

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/random.hpp"

namespace byzsim::beyond_worlds {

inline constexpr std::array<std::string_view, 6> kMechanisms{
    "split in view 0",        // a lying primary proposes a here and b there, and its friends vote for both
    "split in a later view",  // the same, by the first primary that lies
    "hidden commit",          // a few come to decide a and are cut off; the liars claim that nothing had prepared
    "late decision",        // b is decided in a later view, then a few, left behind, are given all it takes to decide a
    "swapped certificate",  // a and b both prepare, a is decided by a few, and the liars carry b into the next view
    "noise",                // altered, forged and held messages without a plan
};

struct BeyondWorld {
  std::string text;
  std::size_t mechanism = 0;
  std::uint32_t due = 0;  ///< liars in every overlap of two quorums
};

class BeyondMaker {
 public:
  explicit BeyondMaker(std::uint64_t number) : random_(number, Purpose::test, 0xbe40) {}

  BeyondWorld make() {
    world_.mechanism = random_.below(kMechanisms.size());
    people();
    switch (world_.mechanism) {
      case 0:
        split(0);
        break;
      case 1:
        split(first_view_of(liars_, 1));
        break;
      case 2:
        hidden_commit();
        break;
      case 3:
        late_decision();
        break;
      case 4:
        swapped_certificate();
        break;
      default:
        noise();
    }
    covers();
    write();
    return world_;
  }

 private:
  using Nodes = std::vector<NodeId>;

  std::uint64_t between(std::uint64_t least, std::uint64_t most) { return least + random_.below(most - least + 1); }
  bool half() { return random_.below(2) == 0; }
  static std::string list(const Nodes& nodes) { return fmt::format("[{}]", fmt::join(nodes, ", ")); }
  std::string everybody() const {
    Nodes all;
    for (NodeId id = 0; id < n_; ++id) all.push_back(id);
    return list(all);
  }
  std::uint64_t first_view_of(const Nodes& nodes, std::uint64_t least) const {
    std::uint64_t view = least;
    while (std::find(nodes.begin(), nodes.end(), static_cast<NodeId>(view % n_)) == nodes.end()) ++view;
    return view;
  }

  // Who lies, and two groups of honest replicas each of which makes a quorum with the liars, where there can be two.
  void people() {
    f_ = static_cast<std::uint32_t>(between(1, 3));
    n_ = 3 * f_ + 1 + static_cast<std::uint32_t>(random_.below(3) == 0 ? between(1, 2) : 0);
    quorum_ = (n_ + f_ + 2) / 2;
    world_.due = 2 * quorum_ - n_;
    // Fewer liars than an overlap has break nothing, which is worth a look now and then.
    const std::uint32_t least = std::max(f_ + 1, random_.below(8) == 0 ? 0 : world_.due);
    const auto count = static_cast<std::uint32_t>(between(std::min(least, quorum_ - 1), quorum_ - 1));
    Nodes all;
    for (NodeId id = 0; id < n_; ++id) all.push_back(id);
    for (std::size_t i = all.size() - 1; i > 0; --i) std::swap(all[i], all[random_.below(i + 1)]);
    const bool needs_first = world_.mechanism == 0 || (world_.mechanism >= 2 && world_.mechanism <= 4);
    if (needs_first) std::iter_swap(all.begin(), std::find(all.begin(), all.end(), NodeId{0}));
    liars_.assign(all.begin(), all.begin() + count);
    const Nodes honest(all.begin() + count, all.end());
    const std::size_t needed = std::min<std::size_t>(quorum_ - count, honest.size() / 2);
    const std::size_t spare = honest.size() - 2 * needed;
    const std::size_t here = needed + random_.below(spare + 1);
    few_.assign(honest.begin(), honest.begin() + static_cast<std::ptrdiff_t>(here));
    many_.assign(honest.begin() + static_cast<std::ptrdiff_t>(here), honest.end());
    for (Nodes* nodes : {&liars_, &few_, &many_}) std::sort(nodes->begin(), nodes->end());
    latency_ = between(2, 30);
    timeout_ = between(200, 800);
  }

  void rule(std::string text) { rules_.push_back(std::move(text)); }
  void request(const char* name, std::uint64_t at, std::uint64_t client, const std::string& to) {
    script_.push_back(fmt::format("{{name: {}, at: {}ms, client: {}, to: {}}}", name, at, client, to));
  }

  // a for the few and b for the many, in this view, whose primary lies.
  void two_values(std::uint64_t view, bool commits_for_b) {
    const std::string only = fmt::format("view: {}, slot: 1, signer: corrupted, to: {}", view, list(many_));
    rule(fmt::format("{{match: {{type: pre-prepare, {}}}, do: {{alter: {{batch: b}}}}}}", only));
    rule(fmt::format("{{match: {{type: {}, {}}}, do: {{alter: {{value: b}}}}}}",
                     commits_for_b ? "[prepare, commit]" : "prepare", only));
    if (!commits_for_b) rule(fmt::format("{{match: {{type: commit, {}}}, do: drop}}", only));
    rule("{match: {type: request, value: b}, do: drop}");
    request("b", 0, 1, fmt::format("[{}]", liars_.front()));
  }
  void apart(const Nodes& from, const Nodes& to, std::string_view more) {
    rule(fmt::format("{{match: {{from: {}, to: {}}}, {}}}", list(from), list(to), more));
  }

  void split(std::uint64_t view) {
    request("a", between(1, 20), 0, everybody());
    if (view > 0) rule(fmt::format("{{match: {{type: pre-prepare, view: '< {}'}}, do: drop}}", view));
    two_values(view, true);
    const std::string hold = half() ? "do: hold, until: 6s" : "do: drop";
    // Only what would show the other value is kept apart, or no view would ever change.
    const std::string types = fmt::format("type: [pre-prepare, prepare, commit], view: {}", view);
    rule(fmt::format("{{match: {{{}, from: {}, to: {}}}, {}}}", types, list(few_), list(many_), hold));
    rule(fmt::format("{{match: {{{}, from: {}, to: {}}}, {}}}", types, list(many_), list(few_), hold));
  }

  void cut_off_once_decided() {
    const NodeId first = few_.empty() ? 0 : few_.front();
    const std::string since = fmt::format("since: {{event: decided, replica: {}}}, do: hold, until: 8s", first);
    Nodes others = many_;
    others.insert(others.end(), liars_.begin(), liars_.end());
    apart(few_, others, since);
    apart(others, few_, since);
  }
  void claim_nothing() { rule("{match: {type: view-change, signer: corrupted}, do: {alter: {prepared: []}}}"); }

  void hidden_commit() {
    // Everybody but the primary and the few has waited for b longest, so whoever takes over proposes b.
    Nodes others = many_;
    for (const NodeId liar : liars_) {
      if (liar != 0) others.push_back(liar);
    }
    request("b", 0, 1, list(others));
    request("a", latency_ + between(1, 20), 0, "[0]");
    rule("{match: {type: request, value: b, to: 0}, do: drop}");
    rule("{match: {type: request, value: a, from: replicas}, do: drop}");
    others.push_back(0);
    rule(fmt::format("{{match: {{type: prepare, view: 0, to: {}}}, do: hold, until: 8s}}", list(many_)));
    rule(fmt::format("{{match: {{type: commit, view: 0, to: {}}}, do: hold, until: 8s}}", list(others)));
    cut_off_once_decided();
    claim_nothing();
  }

  void late_decision() {
    request("b", 0, 1, list(many_));
    request("a", 5, 0, "[0]");
    request("c", between(1000, 2000), 2, list(many_));
    rule("{match: {type: request, value: b, to: 0}, do: drop}");
    rule("{match: {type: request, value: a, from: replicas}, do: drop}");
    rule("{match: {type: pre-prepare, view: 0}, do: drop}");
    Nodes others = many_;
    others.insert(others.end(), liars_.begin(), liars_.end());
    apart(others, few_, "do: drop, until: 9s");
    apart(few_, others, "do: drop, until: 9s");
    const std::uint64_t when = between(3000, 7000);
    const std::string to = list(few_);
    std::string acts;
    const auto forge = [&](std::string_view type, NodeId from, std::string_view what) {
      acts += fmt::format("{}{{forge: {{type: {}, from: {}, to: {}, fields: {{view: 0, slot: 1, {}: a}}}}}}",
                          acts.empty() ? "" : ", ", type, from, to, what);
    };
    forge("pre-prepare", 0, "batch");
    for (const NodeId liar : liars_) {
      if (liar != 0) forge("prepare", liar, "value");
      forge("commit", liar, "value");
    }
    rule(fmt::format("{{on: {}ms, do: [{}]}}", when, acts));
  }

  void swapped_certificate() {
    request("a", between(1, 20), 0, "[0]");
    two_values(0, false);
    const std::string types = "type: [pre-prepare, prepare, commit], view: 0";
    rule(fmt::format("{{match: {{{}, from: {}, to: {}}}, do: drop}}", types, list(few_), list(many_)));
    rule(fmt::format("{{match: {{{}, from: {}, to: {}}}, do: drop}}", types, list(many_), list(few_)));
    request("c", timeout_, 2, list(many_));
    cut_off_once_decided();
    claim_nothing();
  }

  void noise() {
    request("a", 0, 0, half() ? everybody() : "[0]");
    request("b", between(0, 50), 1, half() ? everybody() : list(many_));
    request("c", between(0, 3000), 2, everybody());
    const std::array<const char*, 3> values{"a", "b", "none"};
    for (std::uint64_t i = between(2, 6); i > 0; --i) {
      const Nodes& to = half() ? few_ : many_;
      switch (random_.below(5)) {
        case 0:
          rule(fmt::format("{{match: {{type: pre-prepare, signer: corrupted, to: {}}}, do: {{alter: {{batch: {}}}}}}}",
                           list(to), random_.below(3) == 0 ? "[]" : values[random_.below(2)]));
          break;
        case 1:
          rule(fmt::format(
              "{{match: {{type: [prepare, commit], signer: corrupted, to: {}}}, do: {{alter: {{value: {}}}}}}}",
              list(to), values[random_.below(3)]));
          break;
        case 2:
          claim_nothing();
          break;
        case 3:
          apart(half() ? few_ : many_, to, fmt::format("do: hold, until: {}ms", between(100, 6000)));
          break;
        default:
          rule(fmt::format("{{match: {{type: commit, view: {}, to: {}}}, do: drop}}", random_.below(3), list(to)));
      }
    }
  }

  // What liars do so that nobody can tell, or to wear out whoever keeps book.
  void covers() {
    if (random_.below(4) == 0) {  // everything signed twice, and the second one sent
      rule("{match: {type: [prepare, commit, view-change, pre-prepare], signer: corrupted}, do: {alter: {view: +0}}}");
    }
    const NodeId liar = liars_[random_.below(liars_.size())];
    if (random_.below(4) == 0) {
      std::string acts;
      const std::uint64_t stride = random_.below(2) == 0 ? 4095 : between(1, 5000);
      for (std::uint64_t i = 1; i <= between(3, 40); ++i) {
        acts += fmt::format("{}{{forge: {{type: {}, from: {}, to: {}, fields: {{view: {}, slot: {}, value: none}}}}}}",
                            acts.empty() ? "" : ", ", half() ? "commit" : "prepare", liar, (liar + 1) % n_,
                            random_.below(3), 10 + stride * i);
      }
      rule(fmt::format("{{on: {}ms, do: [{}]}}", between(0, 2000), acts));
    }
    if (random_.below(4) == 0) {
      std::string acts;
      for (std::uint64_t i = 0; i < 80; ++i) {
        acts += fmt::format("{}{{forge: {{type: view-change, from: {}, to: {}, fields: {{view: {}}}}}}}",
                            acts.empty() ? "" : ", ", liar, (liar + 1) % n_, half() ? 0 : random_.below(1000));
      }
      rule(fmt::format("{{on: {}ms, do: [{}]}}", between(0, 2000), acts));
    }
  }

  void write() {
    std::string& text = world_.text;
    text = fmt::format(
        "schema: byzsim/v1\nname: beyond f, {}\n"
        "protocol: {{name: pbft, n: {}, f: {}, batch: 1, view_timeout: {}ms, checkpoint_interval: 1000, window: "
        "2000}}\n"
        "network: {{latency: {}ms}}\n"
        "clients:\n  count: 3\n  requests: 0\n  retransmit: 60s\n  script:\n",
        kMechanisms[world_.mechanism], n_, f_, timeout_, latency_);
    for (const std::string& line : script_) text += "    - " + line + "\n";
    text += fmt::format("adversary:\n  corrupt: {}\n  rules:\n", list(liars_));
    for (const std::string& line : rules_) text += "    - " + line + "\n";
    text += "run: {until: 10s, max_events: 300000, stop_when_answered: false}\n";
  }

  Stream random_;
  BeyondWorld world_;
  std::uint32_t n_ = 4;
  std::uint32_t f_ = 1;
  std::uint32_t quorum_ = 3;
  std::uint64_t latency_ = 10;
  std::uint64_t timeout_ = 500;
  Nodes liars_;
  Nodes few_;   // come to decide a
  Nodes many_;  // come to decide b
  std::vector<std::string> rules_;
  std::vector<std::string> script_;
};

}  // namespace byzsim::beyond_worlds
