// Walks what a message carries: the batches of requests in it, and the other messages nested in it.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/replica/message.hpp"
#include "sim/replica/workload.hpp"
#include "sim/trace/manifest.hpp"

namespace byzsim {

/// Calls back for every batch, if batches are to be named, and for every nested message but requests, depth first.
/// About 20 ns for a PRE-PREPARE.
class NestWalker : private FieldSink {
 public:
  enum class Batches : bool { ignored, named };
  NestWalker(const Manifest& manifest, Batches batches) : manifest_(manifest), named_(batches == Batches::named) {}
  virtual ~NestWalker() = default;

 protected:
  void walk(const Message& message) {
    lists_.clear();
    inside(message);
  }
  /// A list of requests that stands directly in `holder`. Genuine: each is signed by the client it claims.
  virtual void on_batch(const Message& holder, Digest value, bool genuine) = 0;
  virtual void on_nested(const Message& nested) = 0;

 private:
  struct List {
    std::size_t size = 0;
    std::size_t requests = 0;
    bool genuine = true;
    BatchHasher hasher{0};
  };

  void inside(const Message& message) {
    const Message* outer = holder_;
    holder_ = &message;
    message.put_fields(*this);
    holder_ = outer;
  }
  bool genuine(const Request& request) const {
    return request.signer() == request.client && request.client >= manifest_.n &&
           request.client - manifest_.n < manifest_.clients && (!manifest_.verify || manifest_.verify(request));
  }

  void name(std::string_view) final {}
  void number(std::uint64_t) final {}
  void boolean(bool) final {}
  void digest(Digest) final {}
  void text(std::string_view) final {}
  void nested(const Message* message) final {
    if (message == nullptr) return;
    if (const Request* request = as<Request>(*message)) {
      if (!named_ || lists_.empty()) return;
      List& list = lists_.back();
      ++list.requests;
      list.hasher.add(*request);
      list.genuine = list.genuine && genuine(*request);
      return;
    }
    on_nested(*message);
    inside(*message);
  }
  void begin_list(std::size_t size) final {
    if (named_) lists_.push_back({size, 0, true, BatchHasher(size)});
  }
  void end_list() final {
    if (!named_) return;
    const List list = lists_.back();
    lists_.pop_back();
    if (list.requests > 0 && list.requests == list.size) on_batch(*holder_, list.hasher.digest(), list.genuine);
  }
  void begin_group() final {}
  void end_group() final {}

  const Manifest& manifest_;
  const bool named_;
  const Message* holder_ = nullptr;
  std::vector<List> lists_;
};

}  // namespace byzsim
