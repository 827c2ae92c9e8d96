// libFuzzer: the trace reader on arbitrary bytes. It may refuse them with a sentence, and nothing else. Most inputs are
// traces with good numbers and signatures (see trace_mutator.hpp), so that what lies behind those checks is reached.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sim/trace/reader.hpp"
#include "tests/fuzz/trace_mutator.hpp"
#include "tests/trace_kit.hpp"

namespace {

using namespace byzsim;

/// Touches all that an observer would.
class Toucher final : public Observer {
 public:
  explicit Toucher(const Notary& notary) : notary_(notary) {}
  RecordMask wants() const override { return kAllRecords; }
  void on_record(const Record& record) override { size += trace_kit::described(record, notary_).size(); }
  std::size_t size = 0;

 private:
  const Notary& notary_;
};

}  // namespace

static const KeyRing ring(42, 5);  // that of the kit

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  if (seed % 8 == 0 || size < 2 || data[0] != '{') return LLVMFuzzerMutate(data, size, most);
  const std::string_view trace(reinterpret_cast<const char*>(data), size);
  const std::string made = TraceMutator(ring, trace_kit::kinds(), seed).mutated(trace);
  if (made.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::copy(made.begin(), made.end(), data);
  return made.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Notary notary(ring);
  Toucher toucher(notary);
  try {
    LineBounds bounds;
    bounds.length = 1 << 20;
    TraceReader reader(from_memory({reinterpret_cast<const char*>(data), size}), {.line = bounds});
    reader.replay(trace_kit::kinds(), notary, {&toucher});
  } catch (const BadTrace&) {
  } catch (const TraceError&) {
  }
  return 0;
}
