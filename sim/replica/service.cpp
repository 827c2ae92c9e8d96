#include "sim/replica/service.hpp"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include "sim/core/random.hpp"
#include "sim/replica/notary.hpp"

namespace byzsim {

namespace {
std::uint64_t pair_hash(std::uint32_t key, std::uint64_t value) {
  return mix64(mix64(value + 1) + key);
}
std::uint64_t number_hash(NodeId client, std::uint64_t salt, std::uint64_t number) {
  return mix64(mix64(number + salt) + (std::uint64_t{client} << 32));
}
std::uint64_t record_hash(NodeId client, const NumberSet& done) {
  std::uint64_t hash = done.floor == 0 ? 0 : number_hash(client, 0x666c6f6f72, done.floor);
  for (std::uint64_t number : done.beyond) hash += number_hash(client, 0x6265796f6e64, number);
  return hash;
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
    std::vector<Cell> old(std::max<std::size_t>(16, 2 * cells_.size()));
    old.swap(cells_);
    for (const Cell& cell : old) {
      if (cell.used) cell_of(cell.key) = cell;
    }
  }
  Cell& cell = cell_of(key);
  if (!cell.used) {
    cell.used = true;
    cell.key = key;
    cell.value = 0;
    ++used_;
  }
  return std::exchange(cell.value, value);
}

bool NumberSet::contains(std::uint64_t number) const {
  return number <= floor || (!beyond.empty() && std::binary_search(beyond.begin(), beyond.end(), number));
}

bool NumberSet::insert(std::uint64_t number) {
  if (number <= floor) return false;
  if (number != floor + 1) {
    const auto place = std::lower_bound(beyond.begin(), beyond.end(), number);
    if (place != beyond.end() && *place == number) return false;
    beyond.insert(place, number);
    return true;
  }
  ++floor;
  auto done = beyond.begin();
  while (done != beyond.end() && *done == floor + 1) {
    ++floor;
    ++done;
  }
  beyond.erase(beyond.begin(), done);
  return true;
}

ClientRecord& Service::record_of(NodeId client) {
  if (client >= clients_.size()) clients_.resize(std::bit_ceil(client + 1));
  return clients_[client];
}
const ClientRecord* Service::find(NodeId client) const {
  return client < clients_.size() ? &clients_[client] : nullptr;
}

bool Service::executed(NodeId client, std::uint64_t number) const {
  const ClientRecord* record = find(client);
  return record != nullptr && record->done.contains(number);
}

std::optional<std::uint64_t> Service::result(NodeId client, std::uint64_t number) const {
  if (const ClientRecord* record = find(client)) {
    const ClientRecord::Result& kept = record->results[number % ClientRecord::kResults];
    if (kept.number == number) return kept.value;
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
    sum_ += pair_hash(operation.key, result);
    if (before != 0) sum_ -= pair_hash(operation.key, before);
    if (result == 0) sum_ -= pair_hash(operation.key, 0);  // zero is the same as no value
  }
  ClientRecord& record = record_of(request.client);
  const std::uint64_t before = record_hash(request.client, record.done);
  if (record.done.insert(request.number)) sum_ += record_hash(request.client, record.done) - before;
  record.results[request.number % ClientRecord::kResults] = {request.number, result};
  return result;
}

Digest Service::digest() const {
  return Digest{mix64(sum_) | 1};
}

Ref<const Snapshot> Service::snapshot() const {
  auto copy = make_ref<Snapshot>();
  copy->table = table_;
  copy->clients = clients_;
  copy->sum = sum_;
  return copy;
}

void Service::restore(const Snapshot& snapshot) {
  table_ = snapshot.table;
  clients_ = snapshot.clients;
  sum_ = snapshot.sum;
}

// The sum is not taken on trust: it is formed anew from what the snapshot holds.
Digest Snapshot::digest() const {
  std::uint64_t total = 0;
  table.for_each([&](std::uint32_t key, std::uint64_t value) { total += value != 0 ? pair_hash(key, value) : 0; });
  for (NodeId client = 0; client < clients.size(); ++client) total += record_hash(client, clients[client].done);
  return Digest{mix64(total) | 1};
}

void Snapshot::put(FieldSink& sink) const {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> pairs;
  table.for_each([&](std::uint32_t key, std::uint64_t value) { pairs.emplace_back(key, value); });
  std::sort(pairs.begin(), pairs.end());
  sink.begin_group();
  sink.name("table");
  sink.begin_list(2 * pairs.size());
  for (const auto& [key, value] : pairs) {
    sink.number(key);
    sink.number(value);
  }
  sink.end_list();
  sink.name("clients");
  sink.begin_list(clients.size());
  for (const ClientRecord& record : clients) {
    sink.begin_list(1 + record.done.beyond.size() + 2 * ClientRecord::kResults);
    sink.number(record.done.floor);
    for (const auto& result : record.results) {
      sink.number(result.number);
      sink.number(result.value);
    }
    for (std::uint64_t number : record.done.beyond) sink.number(number);
    sink.end_list();
  }
  sink.end_list();
  sink.end_group();
}

std::uint32_t Snapshot::wire_size(const Sizes&) const {
  std::size_t bytes = 8 + 12 * table.size();
  for (const ClientRecord& record : clients) bytes += 8 * (1 + record.done.beyond.size()) + sizeof(record.results);
  return static_cast<std::uint32_t>(bytes);
}

Ref<const Snapshot> Snapshot::take(const Json& from) {
  auto snapshot = make_ref<Snapshot>();
  if (const Json* table = member_of(from, "table")) {
    for (std::size_t i = 0; i + 1 < list_size(*table); i += 2) {
      std::uint32_t key = 0;
      std::uint64_t value = 0;
      byzsim::take(list_item(*table, i), key);
      byzsim::take(list_item(*table, i + 1), value);
      snapshot->table.set(key, value);
      snapshot->sum += value != 0 ? pair_hash(key, value) : 0;
    }
  }
  if (const Json* clients = member_of(from, "clients")) {
    for (std::size_t i = 0; i < list_size(*clients); ++i) {
      std::vector<std::uint64_t> numbers;
      byzsim::take(list_item(*clients, i), numbers);
      constexpr std::size_t kFixed = 1 + 2 * ClientRecord::kResults;
      if (numbers.size() < kFixed) throw FieldError("a client's record in a snapshot is too short");
      ClientRecord record;
      record.done.floor = numbers[0];
      for (std::size_t k = 0; k < ClientRecord::kResults; ++k)
        record.results[k] = {numbers[1 + 2 * k], numbers[2 + 2 * k]};
      record.done.beyond.assign(numbers.begin() + kFixed, numbers.end());
      snapshot->sum += record_hash(static_cast<NodeId>(i), record.done);
      snapshot->clients.push_back(std::move(record));
    }
  }
  return snapshot;
}

}  // namespace byzsim
