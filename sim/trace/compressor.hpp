// Compressor: passes bytes on to an OutputFile, through zstd if asked to.
//
// Compression runs on a worker thread of the library, so that the simulation does not wait for it; where the library
// was built without threads, it runs on the calling one.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "sim/trace/output_file.hpp"

namespace byzsim {

class Compressor {
 public:
  Compressor(OutputFile& file, bool compress);
  ~Compressor();
  void write(std::string_view bytes);
  /// Ends the compressed frame. The file is not committed.
  void finish();

 private:
  struct Zstd;
  void pump(std::string_view bytes, bool last);

  OutputFile& file_;
  std::unique_ptr<Zstd> zstd_;  // null: no compression
};

}  // namespace byzsim
