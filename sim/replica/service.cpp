#include "sim/replica/service.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <nlohmann/json.hpp>

#include "sim/core/random.hpp"
#include "sim/replica/moved_on.hpp"
#include "sim/replica/notary.hpp"

namespace byzsim {

namespace {
// What the digest of a state is the sum of: one summand a fact. It stands for a cryptographic hash, so nobody may be
// able to compute a fact that has a wanted summand. Two things see to that: what kind of fact it is goes in first, and
// the last but one step of the chain goes into the result again, so that no step can be solved for its input.
class FactHash {
 public:
  explicit FactHash(std::uint64_t kind, std::uint64_t of) : last_(mix64(kind)), now_(step(last_ + of)) {}
  FactHash& with(std::uint64_t word) {
    last_ = now_;
    now_ = step(last_ + word);
    return *this;
  }
  std::uint64_t done() const { return mix64(now_ ^ std::rotl(last_, 32)) + now_; }

 private:
  static constexpr std::uint64_t step(std::uint64_t x) {
    x *= 0xbf58476d1ce4e5b9ULL;
    return x ^ (x >> 29);
  }
  std::uint64_t last_;
  std::uint64_t now_;
};

constexpr std::uint64_t kCell = 0x63656c6c;
constexpr std::uint64_t kProgress = 0x70726f6772657373;
constexpr std::uint64_t kBeyond = 0x6265796f6e64;
constexpr std::uint64_t kAnswer = 0x616e73776572;

// What things count in memory; see sim/core/limits.hpp.
constexpr std::uint64_t kCellBytes = 16;
constexpr std::uint64_t kNumberBytes = 16;

// Zero is the same as no value.
std::uint64_t pair_hash(std::uint32_t key, std::uint64_t value) {
  return value == 0 ? 0 : FactHash(kCell, key).with(value).done();
}
std::uint64_t beyond_hash(NodeId client, std::uint64_t number) {
  return FactHash(kBeyond, client).with(number).done();
}
}  // namespace

std::uint64_t FlatTable::get(std::uint32_t key) const {
  if (cells_.empty()) return 0;
  const std::size_t mask = cells_.size() - 1;
  for (std::size_t i = mix64(key) & mask;; i = (i + 1) & mask) {
    if (!cells_[i].used) return 0;
    if (cells_[i].key == key) return cells_[i].value;
  }
}

FlatTable::Cell& FlatTable::cell_of(std::uint32_t key) {
  const std::size_t mask = cells_.size() - 1;
  std::size_t i = mix64(key) & mask;
  while (cells_[i].used && cells_[i].key != key) i = (i + 1) & mask;
  return cells_[i];
}

std::uint64_t FlatTable::set(std::uint32_t key, std::uint64_t value) {
  if (2 * (used_ + 1) > cells_.size()) {
    kept_.set(kCellBytes * std::max<std::size_t>(16, 2 * cells_.size()));
    std::vector<Cell> old(std::max<std::size_t>(16, 2 * cells_.size()));
    old.swap(cells_);
    for (const Cell& cell : old) {
      if (cell.used) cell_of(cell.key) = cell;
    }
  }
  zeros_ = zeros_ || value == 0;
  Cell& cell = cell_of(key);
  if (!cell.used) {
    cell.used = true;
    cell.key = key;
    cell.value = 0;
    ++used_;
  }
  return std::exchange(cell.value, value);
}

FlatTable FlatTable::without_zeros() const {
  if (!zeros_) return *this;
  FlatTable copy;
  for_each([&](std::uint32_t key, std::uint64_t value) {
    if (value != 0) copy.set(key, value);
  });
  return copy;
}

bool ClientRecord::done(std::uint64_t number) const {
  return number <= floor || (!beyond.empty() && std::binary_search(beyond.begin(), beyond.end(), number));
}

std::uint64_t ClientRecord::done_up_to(std::uint64_t number) const {
  if (number <= floor) return number;
  const auto above = std::upper_bound(beyond.begin(), beyond.end(), number);
  return floor + static_cast<std::uint64_t>(above - beyond.begin());
}

const Answer* ClientRecord::answer(std::uint64_t number) const {
  const auto place = std::lower_bound(answers.begin(), answers.end(), number,
                                      [](const Answer& kept, std::uint64_t wanted) { return kept.number < wanted; });
  return place != answers.end() && place->number == number ? &*place : nullptr;
}

std::uint64_t ClientRecord::progress_hash() const {
  return FactHash(kProgress, client).with(moved).with(floor).done();
}
std::uint64_t ClientRecord::answer_hash(const Answer& kept) const {
  return FactHash(kAnswer, client).with(kept.number).with(kept.result).done();
}

std::uint64_t ClientRecord::move_on(std::uint64_t to) {
  if (to <= moved) return 0;
  moved = to;
  floor = std::max(floor, to);
  std::uint64_t gone = 0;
  auto end = answers.begin();
  for (; end != answers.end() && end->number <= to; ++end) gone += answer_hash(*end);
  answers.erase(answers.begin(), end);
  return gone;
}

std::uint64_t ClientRecord::add(std::uint64_t number, std::uint64_t answered, std::uint64_t window,
                                std::uint64_t result, std::uint64_t& progress) {
  std::uint64_t change = -progress;
  change -= move_on(moved_on_to(number, answered, window));
  const auto place = answers.empty() || answers.back().number < number
                         ? answers.end()
                         : std::lower_bound(answers.begin(), answers.end(), number,
                                            [](const Answer& a, std::uint64_t wanted) { return a.number < wanted; });
  change += answer_hash(*answers.insert(place, {number, result}));
  // Numbers begin at one, so of two numbers it is the higher that is counted down: the highest has no successor.
  if (number - 1 > floor) {
    beyond.insert(std::lower_bound(beyond.begin(), beyond.end(), number), number);
    change += beyond_hash(client, number);
  } else {
    floor = std::max(floor, number);
  }
  auto next = beyond.begin();
  for (; next != beyond.end() && *next - 1 <= floor; ++next) {
    floor = std::max(floor, *next);
    change -= beyond_hash(client, *next);
  }
  beyond.erase(beyond.begin(), next);
  progress = progress_hash();
  return change + progress;
}

std::uint64_t ClientRecord::hash() const {
  std::uint64_t sum = progress_hash();
  for (std::uint64_t number : beyond) sum += beyond_hash(client, number);
  for (const Answer& kept : answers) sum += answer_hash(kept);
  return sum;
}

std::string ClientRecord::flaw() const {
  // More than any scenario has nodes; a service keeps its records by client, so this bounds what it takes over.
  constexpr NodeId kMostNodes = 1 << 17;
  if (client >= kMostNodes) return "a record belongs to no client that could be";
  if (floor < moved) return fmt::format("client {}'s floor lies below what it has moved on from", client);
  if (!beyond.empty() && (beyond.front() == 0 || beyond.front() - 1 <= floor))
    return fmt::format("client {}'s floor is not the highest", client);
  if (!std::is_sorted(beyond.begin(), beyond.end(), std::less_equal<>{}))
    return fmt::format("client {}'s executed numbers are out of order", client);
  if (answers.empty() || answers.size() < beyond.size() || answers.size() - beyond.size() != floor - moved)
    return fmt::format("client {} has {} answers, not one for each executed request", client, answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::uint64_t due = i < floor - moved ? moved + 1 + i : beyond[i - (floor - moved)];
    if (answers[i].number != due) return fmt::format("client {}'s answers are not those to its requests", client);
  }
  return {};
}

Service::KeptRecord& Service::record_of(NodeId client) {
  KeptRecord& kept = clients_[client];
  if (kept.record.client == kNobody) kept.record.client = client;
  return kept;
}
const ClientRecord* Service::find(NodeId client) const {
  const KeptRecord* kept = clients_.find(client);
  return kept == nullptr || kept->record.client == kNobody ? nullptr : &kept->record;
}

bool Service::executed(NodeId client, std::uint64_t number) const {
  if (number == 0) return true;  // numbers begin at one
  const ClientRecord* record = find(client);
  return record != nullptr && record->done(number);
}

std::uint64_t Service::done_up_to(NodeId client, std::uint64_t number) const {
  const ClientRecord* record = find(client);
  return record == nullptr ? 0 : record->done_up_to(number);
}

std::optional<std::uint64_t> Service::result(NodeId client, std::uint64_t number) const {
  if (const ClientRecord* record = find(client)) {
    if (const Answer* kept = record->answer(number)) return kept->result;
  }
  return std::nullopt;
}

std::uint64_t Service::apply(const Request& request) {
  const Operation& operation = request.operation;
  std::uint64_t result = operation.argument;
  if (operation.code != Operation::put) result = table_.get(operation.key);
  if (operation.code != Operation::get) {
    if (operation.code == Operation::add) result += operation.argument;
    const std::uint64_t before = table_.set(operation.key, result);
    sum_ += pair_hash(operation.key, result) - pair_hash(operation.key, before);
  }
  auto& [record, progress] = record_of(request.client);
  if (record.done(request.number)) return result;  // a protocol that does not look for duplicates
  const std::uint64_t before = record.numbers();
  sum_ += record.add(request.number, request.answered, window_, result, progress);
  if (record.numbers() != before) {
    numbers_kept_.set(numbers_kept_.bytes() + kNumberBytes * (record.numbers() - before));
  }
  return result;
}

Digest Service::digest() const {
  return Digest{mix64(sum_) | 1};
}

Ref<const Snapshot> Service::snapshot() const {
  auto copy = make_ref<Snapshot>();
  copy->table = table_.without_zeros();
  copy->clients.reserve(clients_.size());
  for (const auto& [record, progress] : clients_) {
    if (record.client != kNobody) copy->clients.push_back(record);
  }
  copy->sum = sum_;
  copy->kept.set(ClientRecord::kBytes * copy->clients.size() + numbers_kept_.bytes());
  return copy;
}

void Service::restore(const Snapshot& snapshot) {
  table_ = snapshot.table;
  clients_.clear();
  std::uint64_t numbers = 0;
  for (const ClientRecord& record : snapshot.clients) {
    record_of(record.client) = {record, record.progress_hash()};
    numbers += record.numbers();
  }
  numbers_kept_.set(kNumberBytes * numbers);
  sum_ = snapshot.sum;
}

// The sum is not taken on trust: it is formed anew from what the snapshot holds.
std::uint64_t Snapshot::sum_of_content() const {
  std::uint64_t total = 0;
  table.for_each([&](std::uint32_t key, std::uint64_t value) { total += pair_hash(key, value); });
  for (const ClientRecord& record : clients) total += record.hash();
  return total;
}

Digest Snapshot::digest() const {
  return Digest{mix64(sum_of_content()) | 1};
}

std::string Snapshot::flaw() const {
  bool zeros = false;
  table.for_each([&](std::uint32_t, std::uint64_t value) { zeros = zeros || value == 0; });
  if (zeros) return "it holds keys without a value";
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if (std::string why = clients[i].flaw(); !why.empty()) return why;
    if (i > 0 && clients[i - 1].client >= clients[i].client) return "its clients are out of order";
  }
  return {};
}

SnapshotForm Snapshot::form() const {
  SnapshotForm form;
  table.for_each([&](std::uint32_t key, std::uint64_t value) { form.table.push_back({key, value}); });
  std::sort(form.table.begin(), form.table.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  form.clients = clients;
  return form;
}

Ref<const Snapshot> Snapshot::of(SnapshotForm form) {
  auto snapshot = make_ref<Snapshot>();
  for (const auto& [key, value] : form.table) snapshot->table.set(key, value);
  snapshot->clients = std::move(form.clients);
  snapshot->sum = snapshot->sum_of_content();
  std::uint64_t numbers = 0;
  for (const ClientRecord& record : snapshot->clients) numbers += record.numbers();
  snapshot->kept.set(ClientRecord::kBytes * snapshot->clients.size() + kNumberBytes * numbers);
  return snapshot;
}

std::uint64_t Snapshot::wire_size(const Sizes& sizes) const {
  return 8 + 12 * std::uint64_t{table.size()} + size_of(clients, sizes);
}

}  // namespace byzsim
