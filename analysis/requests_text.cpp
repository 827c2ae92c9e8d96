#include "analysis/requests_text.hpp"

#include <fmt/core.h>

#include "sim/replica/workload.hpp"

namespace byzsim {

namespace {

class RequestNames final : private FieldSink {
 public:
  RequestNames(const Message& message, std::uint32_t n) : n_(n) { message.put_fields(*this); }
  std::string text() && {
    if (count_ > kMost) text_ += fmt::format(" and {} more", count_ - kMost);
    return std::move(text_);
  }

 private:
  static constexpr std::size_t kMost = 3;

  void name(std::string_view) override {}
  void number(std::uint64_t) override {}
  void boolean(bool) override {}
  void digest(Digest) override {}
  void text(std::string_view) override {}
  void nested(const Message* message) override {
    const Request* request = message == nullptr ? nullptr : as<Request>(*message);
    if (request == nullptr || ++count_ > kMost) return;
    text_ +=
        fmt::format("{}{} (client {})", count_ > 1 ? ", " : "", to_string(request->operation), request->client - n_);
  }
  void begin_list(std::size_t) override {}
  void end_list() override {}
  void begin_group() override {}
  void end_group() override {}

  std::uint32_t n_;
  std::size_t count_ = 0;
  std::string text_;
};

}  // namespace

std::string requests_in(const Message& message, std::uint32_t n) {
  return RequestNames(message, n).text();
}

}  // namespace byzsim
