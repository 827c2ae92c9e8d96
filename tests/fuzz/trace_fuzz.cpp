// libFuzzer: the trace reader on arbitrary bytes. It may refuse them with a sentence, and nothing else.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sim/trace/reader.hpp"
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

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const KeyRing ring(42, 5);
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
