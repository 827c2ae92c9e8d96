// The acceptance rules of PBFT, one broken message for each: replicas and judges share them, so nothing else would notice
// if one were missing.
#include "sim/protocols/pbft_rules.hpp"

#include <fmt/core.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "sim/replica/notary.hpp"
// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

namespace {

using namespace byzsim;
using namespace byzsim::pbft;

// Four replicas, of which one may be faulty; a message with this number is not genuine.
constexpr std::uint32_t kN = 4;
constexpr int kForged = 666;

Json message(const char* kind, NodeId signer, Json fields) {
  return {{"kind", kind}, {"signer", signer}, {"id", 1}, {"tag", std::string(32, '0')}, {"fields", std::move(fields)}};
}
Json forged(Json message) {
  message["id"] = kForged;
  return message;
}
Json with(Json message, const char* field, Json value) {
  message["fields"][field] = std::move(value);
  return message;
}

/// As a trace has it, where every number is without a sign.
Json as_read(const Json& text) {
  return Json::parse(text.dump());
}

Json request() {
  return message("request", kN, {{"client", kN}, {"number", 1}});
}
std::string value_of(const Json& batch) {
  return fmt::format("{:016x}", Batch::take(as_read(batch))->digest().bits);
}
const std::string kOther = "00000000000000ff";

Json proposal(int view, int slot, Json batch = Json::array({request()})) {
  std::string value = value_of(batch);
  return message("pre-prepare", view % kN,
                 {{"view", view}, {"slot", slot}, {"value", std::move(value)}, {"batch", std::move(batch)}});
}
Json vote(const char* kind, NodeId signer, int view, int slot) {
  return message(kind, signer, {{"view", view}, {"slot", slot}, {"value", value_of(Json::array({request()}))}});
}
Json prepared(int view, int slot) {
  Json certificate{{"pre_prepare", proposal(view, slot)}, {"prepares", Json::array()}};
  for (NodeId id = 0; certificate["prepares"].size() < 2; ++id) {
    if (id != view % kN) certificate["prepares"].push_back(vote("prepare", id, view, slot));
  }
  return certificate;
}
Json proof(int slot) {
  Json votes = Json::array();
  for (NodeId id = 0; id < 3; ++id) votes.push_back(message("checkpoint", id, {{"slot", slot}, {"state", kOther}}));
  return votes;
}
Json view_change(NodeId signer, int view, int stable, Json certificates) {
  return message("view-change", signer,
                 {{"view", view},
                  {"stable", stable},
                  {"checkpoint", stable == 0 ? Json::array() : proof(stable)},
                  {"prepared", std::move(certificates)}});
}
Json commits(int view, int slot) {
  Json votes = Json::array();
  for (NodeId id = 1; id < 4; ++id) votes.push_back(vote("commit", id, view, slot));
  return message("commit-certificate", 2, {{"pre_prepare", proposal(view, slot)}, {"commits", std::move(votes)}});
}
Json new_view(int view) {
  Json claims = Json::array();
  for (NodeId id = 0; id < 3; ++id) {
    claims.push_back(view_change(id, view, 8, id == 0 ? Json::array({prepared(1, 10)}) : Json::array()));
  }
  return message("new-view", view % kN,
                 {{"view", view},
                  {"view_changes", std::move(claims)},
                  {"pre_prepares", Json::array({proposal(view, 9, Json::array()), proposal(view, 10)})}});
}

template <class M>
std::string flaw(const Json& text) {
  static const Options options = [] {
    Options o;
    o.checkpoint_interval = 8;
    o.window = 16;
    o.batch = 2;
    return o;
  }();
  const Rules rules{options, kN, 3, [](const Message& m) { return m.id() != kForged; }};
  Ref<const M> read;
  take(as_read(text), read);
  return rules.flaw(*read);
}
/// The flaw of a VIEW-CHANGE with this certificate alone.
std::string certificate_flaw(const Json& certificate) {
  return flaw<ViewChange>(view_change(0, 5, 8, Json::array({certificate})));
}
Json changed(Json text, const std::function<void(Json&)>& change) {
  change(text);
  return text;
}

TEST_CASE("a proposal is its primary's, bears the name of its batch, and holds signed requests alone") {
  CHECK(flaw<PrePrepare>(proposal(1, 9)) == "");
  CHECK(flaw<PrePrepare>(changed(proposal(1, 9), [](Json& m) { m["signer"] = 2; })) != "");
  CHECK(flaw<PrePrepare>(with(proposal(1, 9), "value", kOther)) != "");
  CHECK(flaw<PrePrepare>(with(proposal(1, 9), "batch", nullptr)) != "");
  CHECK(flaw<PrePrepare>(proposal(1, 9, Json::array({request(), request()}))) == "");
  CHECK(flaw<PrePrepare>(proposal(1, 9, Json::array({request(), request(), request()}))) != "");
  CHECK(flaw<PrePrepare>(proposal(1, 9, Json::array({forged(request())}))) != "");
  CHECK(flaw<PrePrepare>(proposal(1, 9, Json::array({changed(request(), [](Json& m) { m["signer"] = 5; })}))) != "");
  CHECK(flaw<PrePrepare>(proposal(1, 9, Json::array({message("request", 2, {{"client", 2}, {"number", 1}})}))) != "");
}

/// Every vote twice: more than a quorum of votes, none of which proves anything the first time did not.
Json doubled(Json votes) {
  const Json again = votes;
  votes.insert(votes.end(), again.begin(), again.end());
  return votes;
}

TEST_CASE("nobody is made to keep a proof where none is due") {
  CHECK(flaw<ViewChange>(view_change(0, 5, 0, Json::array())) == "");
  CHECK(flaw<ViewChange>(
            changed(view_change(0, 5, 0, Json::array()), [](Json& m) { m["fields"]["checkpoint"] = proof(8); })) != "");
  CHECK(flaw<ViewChange>(
            changed(view_change(0, 5, 0, Json::array()), [](Json& m) { m["fields"]["checkpoint"] = proof(0); })) != "");
}

TEST_CASE("nobody is made to keep a vote twice") {
  CHECK(certificate_flaw(changed(prepared(1, 9), [](Json& c) { c["prepares"] = doubled(c["prepares"]); })) != "");
  CHECK(flaw<CommitCertificate>(
            changed(commits(1, 9), [](Json& m) { m["fields"]["commits"] = doubled(m["fields"]["commits"]); })) != "");
  CHECK(flaw<ViewChange>(changed(view_change(0, 5, 8, Json::array()), [](Json& m) {
          m["fields"]["checkpoint"] = doubled(m["fields"]["checkpoint"]);
        })) != "");
  CHECK(flaw<NewView>(changed(
            new_view(5), [](Json& m) { m["fields"]["view_changes"] = doubled(m["fields"]["view_changes"]); })) != "");
}

TEST_CASE("a prepared certificate is a genuine proposal and a quorum of genuine votes for it") {
  CHECK(certificate_flaw(prepared(1, 9)) == "");
  const auto broken = [](const std::function<void(Json&)>& change) {
    return certificate_flaw(changed(prepared(1, 9), change));
  };
  CHECK(broken([](Json& c) { c["pre_prepare"] = nullptr; }) != "");
  CHECK(broken([](Json& c) { c["pre_prepare"] = with(c["pre_prepare"], "batch", nullptr); }) != "");
  CHECK(broken([](Json& c) { c["pre_prepare"] = forged(c["pre_prepare"]); }) != "");
  CHECK(broken([](Json& c) { c["pre_prepare"]["signer"] = 2; }) != "");
  CHECK(broken([](Json& c) { c["prepares"][0] = nullptr; }) != "");
  CHECK(broken([](Json& c) { c["prepares"][0] = forged(c["prepares"][0]); }) != "");
  CHECK(broken([](Json& c) { c["prepares"][0]["signer"] = kN; }) != "");
  CHECK(broken([](Json& c) { c["prepares"][0] = with(c["prepares"][0], "slot", 10); }) != "");
  CHECK(broken([](Json& c) { c["prepares"][0] = with(c["prepares"][0], "view", 2); }) != "");
  CHECK(broken([](Json& c) { c["prepares"][0] = with(c["prepares"][0], "value", kOther); }) != "");
  CHECK(broken([](Json& c) { c["prepares"].erase(0); }) != "");               // one vote too few
  CHECK(broken([](Json& c) { c["prepares"][1] = c["prepares"][0]; }) != "");  // one voter twice
  CHECK(broken([](Json& c) { c["prepares"][0]["signer"] = 1; }) != "");       // the primary twice
}

TEST_CASE("a commit certificate is a genuine proposal and a quorum of genuine COMMITs for it") {
  CHECK(flaw<CommitCertificate>(commits(1, 9)) == "");
  const auto broken = [](const std::function<void(Json&)>& change) {
    return flaw<CommitCertificate>(changed(commits(1, 9), [&](Json& m) { change(m["fields"]); }));
  };
  CHECK(broken([](Json& c) { c["pre_prepare"] = nullptr; }) != "");
  CHECK(broken([](Json& c) { c["pre_prepare"] = forged(c["pre_prepare"]); }) != "");
  CHECK(broken([](Json& c) { c["pre_prepare"]["signer"] = 2; }) != "");
  CHECK(broken([](Json& c) { c["commits"] = Json::array(); }) != "");
  CHECK(broken([](Json& c) { c["commits"][0] = nullptr; }) != "");
  CHECK(broken([](Json& c) { c["commits"][0] = forged(c["commits"][0]); }) != "");
  CHECK(broken([](Json& c) { c["commits"][0]["signer"] = kN; }) != "");
  CHECK(broken([](Json& c) { c["commits"][0] = with(c["commits"][0], "slot", 10); }) != "");
  CHECK(broken([](Json& c) { c["commits"][0] = with(c["commits"][0], "view", 2); }) != "");
  CHECK(broken([](Json& c) { c["commits"][0] = with(c["commits"][0], "value", kOther); }) != "");
  CHECK(broken([](Json& c) { c["commits"].erase(0); }) != "");
  CHECK(broken([](Json& c) { c["commits"][1] = c["commits"][0]; }) != "");
}

TEST_CASE("a VIEW-CHANGE proves its checkpoint and shows each slot of its window once, from an earlier view") {
  const auto shown = [](Json certificates, int stable = 8) {
    return flaw<ViewChange>(view_change(0, 5, stable, std::move(certificates)));
  };
  CHECK(shown(Json::array()) == "");
  CHECK(shown(Json::array({prepared(1, 9), prepared(4, 24)})) == "");
  CHECK(shown(Json::array({prepared(1, 8)})) != "");                  // at the checkpoint
  CHECK(shown(Json::array({prepared(1, 25)})) != "");                 // beyond the window of 16
  CHECK(shown(Json::array({prepared(5, 9)})) != "");                  // from the view that it asks for
  CHECK(shown(Json::array({prepared(1, 9), prepared(2, 9)})) != "");  // twice
  CHECK(shown(Json::array(), 0) == "");
  CHECK(shown(Json::array(), 9) != "");  // no checkpoint is taken there
  const auto broken = [](const std::function<void(Json&)>& change) {
    return flaw<ViewChange>(
        changed(view_change(0, 5, 8, Json::array()), [&](Json& m) { change(m["fields"]["checkpoint"]); }));
  };
  CHECK(broken([](Json& votes) { votes = Json::array(); }) != "");
  CHECK(broken([](Json& votes) { votes.erase(0); }) != "");
  CHECK(broken([](Json& votes) { votes[1] = votes[0]; }) != "");
  CHECK(broken([](Json& votes) { votes[1] = nullptr; }) != "");
  CHECK(broken([](Json& votes) { votes[1] = forged(votes[1]); }) != "");
  CHECK(broken([](Json& votes) { votes[1]["signer"] = kN; }) != "");
  CHECK(broken([](Json& votes) { votes[1] = with(votes[1], "slot", 16); }) != "");
  CHECK(broken([](Json& votes) { votes[1] = with(votes[1], "state", "00000000000000fe"); }) != "");
}

TEST_CASE("a NEW-VIEW is its primary's, holds a quorum of valid VIEW-CHANGEs, and proposes just what follows") {
  CHECK(flaw<NewView>(new_view(5)) == "");
  const auto broken = [](const std::function<void(Json&)>& change) {
    return flaw<NewView>(changed(new_view(5), change));
  };
  CHECK(broken([](Json& m) { m["signer"] = 2; }) != "");
  const auto claims = [&](const std::function<void(Json&)>& change) {
    return broken([&](Json& m) { change(m["fields"]["view_changes"]); });
  };
  CHECK(claims([](Json& v) { v[1] = nullptr; }) != "");
  CHECK(claims([](Json& v) { v[1] = forged(v[1]); }) != "");
  CHECK(claims([](Json& v) { v[1]["signer"] = kN; }) != "");
  CHECK(claims([](Json& v) { v[1] = with(v[1], "view", 6); }) != "");
  CHECK(claims([](Json& v) { v[1] = with(v[1], "checkpoint", Json::array()); }) != "");
  CHECK(claims([](Json& v) { v.erase(2); }) != "");
  CHECK(claims([](Json& v) { v[2] = v[1]; }) != "");
  const auto proposals = [&](const std::function<void(Json&)>& change) {
    return broken([&](Json& m) { change(m["fields"]["pre_prepares"]); });
  };
  CHECK(proposals([](Json& p) { p.erase(1); }) != "");
  CHECK(proposals([](Json& p) { p.push_back(proposal(5, 11)); }) != "");
  CHECK(proposals([](Json& p) { p[1] = nullptr; }) != "");
  CHECK(proposals([](Json& p) { p[1] = forged(p[1]); }) != "");
  CHECK(proposals([](Json& p) { p[1] = proposal(1, 10); }) != "");                 // of the old view
  CHECK(proposals([](Json& p) { p[1] = proposal(5, 11); }) != "");                 // of another slot
  CHECK(proposals([](Json& p) { p[1] = proposal(5, 10, Json::array()); }) != "");  // null, where something prepared
  CHECK(proposals([](Json& p) { p[0] = proposal(5, 9); }) != "");                  // something, where nothing prepared
  CHECK(proposals([](Json& p) { p[1]["signer"] = 2; }) != "");
}

}  // namespace
