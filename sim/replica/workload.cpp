#include "sim/replica/workload.hpp"

#include <fmt/core.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "sim/core/random.hpp"

namespace byzsim {

namespace {

bool parse_number(std::string_view word, auto& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc{} && end == word.data() + word.size();
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
  return words;
}

}  // namespace

std::optional<Operation> parse_operation(std::string_view text) {
  const std::vector<std::string_view> words = words_of(text);
  Operation operation;
  if (words.size() == 2 && words[0] == "get") {
    operation.code = Operation::get;
    if (parse_number(words[1], operation.key)) return operation;
  } else if (words.size() == 3 && (words[0] == "put" || words[0] == "add")) {
    operation.code = words[0] == "put" ? Operation::put : Operation::add;
    if (parse_number(words[1], operation.key) && parse_number(words[2], operation.argument)) return operation;
  }
  return std::nullopt;
}

std::string to_string(const Operation& operation) {
  if (operation.code == Operation::get) return fmt::format("get {}", operation.key);
  return fmt::format("{} {} {}", operation.code == Operation::put ? "put" : "add", operation.key, operation.argument);
}

BatchHasher::BatchHasher(std::size_t requests) : hash_(mix64(0x6261746368 + requests)) {}

void BatchHasher::add(const Request& request) {
  hash_ = mix64(hash_ + request.content().bits);
  hash_ = mix64(hash_ + request.signer());
}

Batch::Batch(std::vector<Ref<const Request>> requests)
    : requests_(std::move(requests)), kept_(64 + 8 * requests_.size()) {
  BatchHasher hasher(requests_.size());
  for (const auto& request : requests_) hasher.add(*request);
  digest_ = hasher.digest();
}

Ref<const Batch> Batch::of(Form requests) {
  std::erase(requests, nullptr);
  return make_ref<const Batch>(std::move(requests));
}

std::uint64_t Batch::wire_size(const Sizes& sizes) const {
  std::uint64_t total = 4;
  for (const auto& request : requests_) total += request->payload_size(sizes) + sizes.signature;
  return total;
}

Ref<const Batch> batch_in(const Message& message) {
  return Ref<const Batch>(dynamic_cast<const Batch*>(message.payload()));
}

}  // namespace byzsim
