// Plan: a random world while it is made. Each part of the generator draws its share and adds it to `scenario`.
//
// The world belongs to one of three classes:
//   live    at most f faults, and a network that keeps to GST and delta: safety and liveness are owed
//   wild    at most f faults on a network that promises nothing: safety is owed
//   beyond  more than f faults: nothing is owed but that the guilty are named and nobody else
// In a live world whatever happens between honest nodes is over by GST, in a form that the network's own account calls
// within the model; what the adversary's nodes send and receive is its own at any time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/replica/protocol.hpp"
#include "tests/soak/draw.hpp"

namespace byzsim::soak {

enum class WorldClass { live, wild, beyond };

struct Plan {
  Plan(std::uint64_t seed, std::uint64_t world) : draw(seed, world) {}

  Draw draw;
  std::string protocol;
  const Protocol* facts = nullptr;
  WorldClass kind = WorldClass::live;
  std::string recipe = "none";  ///< which attack was written on purpose
  std::uint32_t n = 4;
  std::uint32_t f = 1;
  std::uint32_t quorum = 3;
  std::uint32_t clients = 1;
  std::vector<std::uint32_t> liars;          ///< corrupted replicas
  std::vector<std::uint32_t> forgetful;      ///< honest until they come back without their state
  std::vector<std::uint32_t> shaky;          ///< honest, down at any time, state kept; count as faulty for liveness
  std::vector<std::uint32_t> false_clients;  ///< corrupted clients
  std::vector<std::string> requests;         ///< names of scripted requests
  Duration delta{};
  Duration gst{};
  bool delayed = false;  ///< something makes honest messages late; in a live world once, or delays would add up
  Node scenario = Node::map();
  Node behaviours = Node::list();
  Node rules = Node::list();
  Node timeline = Node::list();

  bool live() const { return kind == WorldClass::live; }
  std::vector<std::uint32_t> honest() const;
  std::vector<std::uint32_t> replicas() const;
  Node corrupted() const;  ///< all corrupted nodes, as `corrupt` lists them
  bool can_corrupt() const { return !liars.empty() || !false_clients.empty(); }
  const MessageKind& any_kind();
  Node any_nodes(std::size_t most);  ///< some replicas
  Node liar();                       ///< one corrupted replica
};

// The parts, in the order in which they are drawn.
void draw_cluster(Plan& plan);     ///< class, n, f, options, who is faulty
void draw_network(Plan& plan);     ///< latency, order, topology, GST and delta
void draw_clients(Plan& plan);     ///< load and scripted requests
void draw_timeline(Plan& plan);    ///< cuts, partitions, crashes
void draw_recipe(Plan& plan);      ///< an attack known to matter
void draw_behaviours(Plan& plan);  ///< what the corrupted replicas do
void draw_rules(Plan& plan);       ///< whatever the rule language can say

/// A rule's `match` that only messages of corrupted senders can meet.
Node match_of_liars(Plan& plan);
/// `forge`, with fields of all sorts.
Node random_forgery(Plan& plan);
/// Some of the fields of this kind of message, to be altered or forged.
Node random_fields(Plan& plan, const MessageKind& kind, bool altering);

/// World number `world` of this seed, of any protocol that says how its options vary. `overrides` are `--set` texts
/// that are laid over what was drawn.
Node make_world(std::uint64_t seed, std::uint64_t world, const std::string& protocol,
                const std::vector<std::string>& overrides);

}  // namespace byzsim::soak
