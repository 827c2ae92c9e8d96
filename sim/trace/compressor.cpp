#include "sim/trace/compressor.hpp"

#include <fmt/core.h>
#include <zstd.h>

namespace byzsim {

namespace {
// Level 1 keeps one worker ahead of the simulation; traces shrink about tenfold all the same.
constexpr int kLevel = 1;
}  // namespace

struct Compressor::Zstd {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  std::vector<char> out = std::vector<char>(ZSTD_CStreamOutSize());
  Zstd() = default;
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;
  ~Zstd() { ZSTD_freeCCtx(context); }
};

Compressor::Compressor(OutputFile& file, bool compress) : file_(file) {
  if (!compress) return;
  zstd_ = std::make_unique<Zstd>();
  if (zstd_->context == nullptr) throw TraceError(fmt::format("no memory to compress '{}'", file_.path()));
  ZSTD_CCtx_setParameter(zstd_->context, ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(zstd_->context, ZSTD_c_checksumFlag, 1);
  // Refused by a library without threads, which then compresses on this one.
  static_cast<void>(ZSTD_CCtx_setParameter(zstd_->context, ZSTD_c_nbWorkers, 1));
}

Compressor::~Compressor() = default;

void Compressor::write(std::string_view bytes) {
  if (zstd_ == nullptr) {
    file_.write(bytes);
  } else {
    pump(bytes, false);
  }
}

void Compressor::finish() {
  if (zstd_ != nullptr) pump({}, true);
}

void Compressor::pump(std::string_view bytes, bool last) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  while (true) {
    ZSTD_outBuffer out{zstd_->out.data(), zstd_->out.size(), 0};
    const std::size_t left = ZSTD_compressStream2(zstd_->context, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left) != 0) {
      throw TraceError(fmt::format("cannot compress '{}': {}", file_.path(), ZSTD_getErrorName(left)));
    }
    if (out.pos > 0) file_.write({zstd_->out.data(), out.pos});
    if (last ? left == 0 : in.pos == in.size) return;
  }
}

}  // namespace byzsim
