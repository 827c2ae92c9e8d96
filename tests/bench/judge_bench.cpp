// What judging costs: the records of fault-free slots of a three-phase protocol, with and without a judge that listens.
// The difference, per delivered message (2n(n-1) a slot), is the price of every safety invariant, forensics and
// metrics.
#include <benchmark/benchmark.h>

#include <deque>

#include "tests/records.hpp"

using namespace byzsim;
using namespace byzsim::toy;

namespace {

/// Emits slots as a world would, keeping messages alive for as long as one would.
class Traffic {
 public:
  explicit Traffic(std::uint32_t n) : manifest_(toy::manifest(n, (n - 1) / 3, 1, {})), keys_(1, n + 1), notary_(keys_) {
    for (NodeId id = 0; id < n + 1; ++id) signers_.push_back(keys_.issue(id));
    manifest_.verify = [this](const Message& message) { return notary_.verify(message); };
  }
  const Manifest& manifest() const { return manifest_; }

  template <class Emit>
  void slot(Emit&& emit) {
    const std::uint32_t n = manifest_.n;
    ++slot_;
    now_ += std::chrono::milliseconds(30);
    Request asked;
    asked.client = n;
    asked.number = slot_;
    const Ref<const Request> request = sign(n, std::move(asked), emit);
    Record submitted = record(RecordKind::submitted, n);
    submitted.id = slot_;
    submitted.message = request.get();
    emit(submitted);
    const auto batch = make_ref<const Batch>(std::vector<Ref<const Request>>{request});
    const Digest value = batch->digest();
    const auto proposal = sign(0, Story::propose_of(0, slot_, batch), emit);
    witness(*proposal, emit);
    for (NodeId id = 1; id < n; ++id) cast<Prepare>(id, value, emit);
    for (NodeId id = 0; id < n; ++id) cast<Commit>(id, value, emit);
    for (NodeId id = 0; id < n; ++id) finish(id, value, *request, emit);
    Record accepted = record(RecordKind::accepted, n);
    accepted.id = slot_;
    accepted.count = 7;
    emit(accepted);
    while (alive_.size() > 4 * n) alive_.pop_front();
  }

 private:
  Record record(RecordKind kind, NodeId node) const {
    Record made;
    made.kind = kind;
    made.node = node;
    made.time = now_;
    return made;
  }
  template <class M, class Emit>
  Ref<const M> sign(NodeId signer, M message, Emit&& emit) {
    Ref<M> made = make_ref<M>(std::move(message));
    notary_.sign(signers_[signer], *made);
    alive_.push_back(made);
    Record signing = record(RecordKind::signed_, signer);
    signing.view = made->label().view;
    signing.slot = made->label().slot;
    signing.value = made->label().value;
    signing.id = made->id();
    signing.message = made.get();
    emit(signing);
    return made;
  }
  template <class Emit>
  void witness(const Message& message, Emit&& emit) {
    Record seen = record(RecordKind::witnessed, message.signer() == 1 ? 2 : 1);
    seen.id = message.id();
    seen.message = &message;
    emit(seen);
  }
  template <class Vote, class Emit>
  void cast(NodeId signer, Digest value, Emit&& emit) {
    Vote vote;
    vote.slot = slot_;
    vote.value = value;
    witness(*sign(signer, std::move(vote), emit), emit);
  }
  template <class Emit>
  void finish(NodeId node, Digest value, const Request& request, Emit&& emit) {
    Record decided = record(RecordKind::decided, node);
    decided.view = 0;
    decided.slot = slot_;
    decided.value = value;
    emit(decided);
    Record applied = record(RecordKind::applied, node);
    applied.peer = request.client;
    applied.slot = slot_;
    applied.id = request.number;
    applied.count = 7;
    emit(applied);
    Record executed = record(RecordKind::executed, node);
    executed.slot = slot_;
    executed.value = value;
    executed.extra = Digest{slot_ + 1};
    emit(executed);
    Reply reply;
    reply.client = request.client;
    reply.number = request.number;
    reply.result = 7;
    witness(*sign(node, std::move(reply), emit), emit);
  }

  Manifest manifest_;
  KeyRing keys_;
  Notary notary_;
  std::vector<Signer> signers_;
  std::deque<Ref<const Message>> alive_;
  Slot slot_ = 0;
  Time now_{};
};

void count_deliveries(benchmark::State& state) {
  const auto n = static_cast<double>(state.range(0));
  state.counters["per_delivery"] = benchmark::Counter(2 * n * (n - 1) * static_cast<double>(state.iterations()),
                                                      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void slot_unjudged(benchmark::State& state) {
  Traffic traffic(static_cast<std::uint32_t>(state.range(0)));
  std::uint64_t sum = 0;
  Observer* listener = nullptr;
  benchmark::DoNotOptimize(listener);
  for (auto _ : state) {
    traffic.slot([&](const Record& record) {
      sum += record.id;
      if (listener != nullptr) listener->on_record(record);
    });
  }
  benchmark::DoNotOptimize(sum);
  count_deliveries(state);
}

void slot_judged(benchmark::State& state) {
  Traffic traffic(static_cast<std::uint32_t>(state.range(0)));
  Judge judge(traffic.manifest(), {}, {}, {});
  std::uint64_t sum = 0;
  Observer* listener = &judge;
  benchmark::DoNotOptimize(listener);
  for (auto _ : state) {
    traffic.slot([&](const Record& record) {
      sum += record.id;
      if (listener != nullptr) listener->on_record(record);
    });
  }
  benchmark::DoNotOptimize(sum);
  count_deliveries(state);
  if (!judge.finish({}).violations.empty()) state.SkipWithError("the traffic is not clean");
}

void small_run(benchmark::State& state) {
  Traffic traffic(4);
  const bool judged = state.range(0) != 0;
  for (auto _ : state) {
    Traffic fresh(4);
    if (judged) {
      Judge judge(fresh.manifest(), {}, {}, {});
      for (int slot = 0; slot < 7; ++slot) fresh.slot([&](const Record& record) { judge.on_record(record); });
      benchmark::DoNotOptimize(judge.finish({}).decisions);
    } else {
      std::uint64_t sum = 0;
      for (int slot = 0; slot < 7; ++slot) fresh.slot([&](const Record& record) { sum += record.id; });
      benchmark::DoNotOptimize(sum);
    }
  }
}

BENCHMARK(slot_unjudged)->Name("judge.slot_without/n")->Arg(4)->Arg(16)->Arg(64)->Arg(512);
BENCHMARK(slot_judged)->Name("judge.slot/n")->Arg(4)->Arg(16)->Arg(64)->Arg(512);
BENCHMARK(small_run)->Name("judge.small_run/judged")->Arg(0)->Arg(1);

}  // namespace
