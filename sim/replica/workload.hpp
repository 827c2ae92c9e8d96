// What clients ask for and replicas order: operations, requests, batches, replies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/replica/message.hpp"

namespace byzsim {

/// One operation on the replicated key-value store. Keys and values are numbers; `padding` only weighs on the wire.
struct Operation {
  enum Code : std::uint32_t { get = 0, put = 1, add = 2 };
  std::uint32_t code = get;
  std::uint32_t key = 0;
  std::uint64_t argument = 0;
  std::uint32_t padding = 0;
  static constexpr void describe(auto&& field) {
    field("code", &Operation::code);
    field("key", &Operation::key);
    field("argument", &Operation::argument);
    field("padding", &Operation::padding);
  }
};

/// Padding weighs on the wire though it is no field's content.
inline std::uint64_t size_of(const Operation& operation, const Sizes&) {
  return std::uint64_t{20} + operation.padding;
}

/// `put 7 42`, `add 7 1`, `get 7`; nothing if the text is none of these.
std::optional<Operation> parse_operation(std::string_view text);
std::string to_string(const Operation& operation);

/// Signed by a client. `number` grows with each request of a client (the timestamp of OSDI'99).
struct Request final : Described<Request> {
  NodeId client = kNobody;
  std::uint64_t number = 0;
  std::uint64_t answered = 0;  ///< the client has accepted answers to every number up to here: nobody need keep them
  Operation operation;
  static constexpr MessageTraits traits{.name = "request"};
  static constexpr void describe(auto&& field) {
    field("client", &Request::client);
    field("number", &Request::number);
    field("answered", &Request::answered);
    field("operation", &Request::operation, Role::payload);
  }
};

/// Signed by a replica: the result of a request.
struct Reply final : Described<Reply> {
  View view = 0;
  NodeId client = kNobody;
  std::uint64_t number = 0;
  std::uint64_t result = 0;
  static constexpr MessageTraits traits{.name = "reply"};
  static constexpr void describe(auto&& field) {
    field("view", &Reply::view, Role::view);
    field("client", &Reply::client);
    field("number", &Reply::number);
    field("result", &Reply::result);
  }
};

/// The digest of a batch, request by request: what Batch does, for those who only want the name.
class BatchHasher {
 public:
  explicit BatchHasher(std::size_t requests);
  void add(const Request& request);
  Digest digest() const { return Digest{hash_ | 1}; }  // never zero, which names nothing

 private:
  std::uint64_t hash_;
};

/// An ordered list of signed requests: what a slot is filled with. The empty batch is the null value.
class Batch final : public FormedPayload<Batch, std::vector<Ref<const Request>>> {
 public:
  explicit Batch(std::vector<Ref<const Request>> requests);
  const std::vector<Ref<const Request>>& requests() const { return requests_; }
  /// Names this batch: a hash over its requests in order.
  Digest digest() const { return digest_; }
  /// Names the batch without requests.
  static Digest null() {
    static const Digest digest = Batch({}).digest();
    return digest;
  }
  const Form& form() const { return requests_; }
  static Ref<const Batch> of(Form requests);  ///< places that hold no request are left out
  std::uint64_t wire_size(const Sizes& sizes) const override;

 private:
  std::vector<Ref<const Request>> requests_;
  Digest digest_;
  Footprint kept_;
};

/// The batch that this message proposes; null if it proposes none.
Ref<const Batch> batch_in(const Message& message);

}  // namespace byzsim
