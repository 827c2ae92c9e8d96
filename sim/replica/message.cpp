#include "sim/replica/message.hpp"

#include <array>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "sim/core/sanitized.hpp"
#include "sim/replica/content_hasher.hpp"

namespace byzsim {

namespace {

#if !BYZSIM_ADDRESS_SANITIZED
// Messages come and go by the million and in few sizes: freed blocks wait in a list per size for the next of that size.
// The lists are plain pointers, so that reaching them costs no check for initialisation; a keeper, touched only when a
// new block is needed, frees them when the thread ends.
constexpr std::size_t kStep = 16;
constexpr std::size_t kBuckets = 32;
constinit thread_local void* free_blocks[kBuckets] = {};

struct Keeper {
  ~Keeper() {
    for (void*& head : free_blocks) {
      while (head != nullptr) ::operator delete(std::exchange(head, *static_cast<void**>(head)));
    }
  }
};
thread_local Keeper keeper;

[[gnu::noinline]] void* new_block(std::size_t size) {
  static_cast<void>(&keeper);
  return ::operator new(size);
}
#endif

class NestedWalker final : public FieldSink {
 public:
  explicit NestedWalker(const std::function<void(const Message&)>& visit) : visit_(visit) {}
  void name(std::string_view) override {}
  void number(std::uint64_t) override {}
  void boolean(bool) override {}
  void digest(Digest) override {}
  void text(std::string_view) override {}
  void nested(const Message* message) override {
    if (message == nullptr) return;
    visit_(*message);
    message->put_fields(*this);
  }
  void begin_list(std::size_t) override {}
  void end_list() override {}
  void begin_group() override {}
  void end_group() override {}

 private:
  const std::function<void(const Message&)>& visit_;
};

}  // namespace

// The sanitizer watches every message for use after its end, which a pool would hide.
void* Message::operator new(std::size_t size) {
#if !BYZSIM_ADDRESS_SANITIZED
  const std::size_t bucket = (size + kStep - 1) / kStep;
  if (bucket < kBuckets) {
    void*& head = free_blocks[bucket];
    if (head == nullptr) return new_block(bucket * kStep);
    return std::exchange(head, *static_cast<void**>(head));
  }
#endif
  return ::operator new(size);
}

void Message::operator delete(void* memory, std::size_t size) {
#if !BYZSIM_ADDRESS_SANITIZED
  const std::size_t bucket = (size + kStep - 1) / kStep;
  if (bucket < kBuckets) {
    *static_cast<void**>(memory) = std::exchange(free_blocks[bucket], memory);
    return;
  }
#endif
  ::operator delete(memory);
}

Digest Message::content() const {
  if (content_ && !covers_tags_) return content_;
  ContentHasher hasher(name());
  put_fields(hasher);
  if (!covers_tags_) content_ = hasher.digest();
  return hasher.digest();
}

void for_each_nested(const Message& message, const std::function<void(const Message&)>& visit) {
  NestedWalker walker(visit);
  message.put_fields(walker);
}

}  // namespace byzsim
