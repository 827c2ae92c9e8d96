#include "sim/trace/source.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace byzsim {

namespace {

constexpr std::size_t kChunk = std::size_t{1} << 18;

class FileSource final : public ByteSource {
 public:
  explicit FileSource(const std::string& path) : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0)
      throw BadTrace(fmt::format("cannot read '{}': {}", path_, std::generic_category().message(errno)));
    struct stat facts {};
    if (::fstat(descriptor_, &facts) == 0 && S_ISDIR(facts.st_mode)) {
      ::close(descriptor_);
      throw BadTrace(fmt::format("cannot read '{}': it is a folder", path_));
    }
  }
  ~FileSource() override { ::close(descriptor_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  std::size_t read(char* into, std::size_t size) override {
    // Where a signal interrupts the wait for a pipe, whoever sent it wants no more of it.
    const ssize_t got = ::read(descriptor_, into, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    throw TraceError(fmt::format("cannot read '{}': {}", path_, std::generic_category().message(errno)));
  }

 private:
  std::string path_;
  int descriptor_;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
  std::size_t read(char* into, std::size_t size) override {
    const std::size_t part = std::min(size, bytes_.size());
    std::memcpy(into, bytes_.data(), part);
    bytes_.remove_prefix(part);
    return part;
  }

 private:
  std::string_view bytes_;
};

// Passes plain bytes through and decompresses what begins like a zstd frame.
class Decompressor final : public ByteSource {
 public:
  explicit Decompressor(std::unique_ptr<ByteSource> from) : from_(std::move(from)), chunk_(kChunk) {
    while (in_.size < 4) {
      const std::size_t got = from_->read(chunk_.data() + in_.size, chunk_.size() - in_.size);
      if (got == 0) break;
      in_.size += got;
    }
    in_.src = chunk_.data();
    static constexpr unsigned char kMagic[] = {0x28, 0xb5, 0x2f, 0xfd};
    if (in_.size >= 4 && std::memcmp(chunk_.data(), kMagic, 4) == 0) context_ = ZSTD_createDCtx();
  }
  ~Decompressor() override { ZSTD_freeDCtx(context_); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  std::size_t read(char* into, std::size_t size) override {
    ZSTD_outBuffer out{into, size, 0};
    while (out.pos == 0) {
      if (in_.pos == in_.size) {
        in_.size = from_->read(chunk_.data(), chunk_.size());
        in_.pos = 0;
        if (in_.size == 0) {
          // The frame may still hold bytes for which there was no room, or be cut off.
          if (context_ == nullptr || pending_ == 0) return 0;
          const std::size_t before = pending_;
          step(out);
          if (out.pos == 0 && pending_ != 0 && pending_ == before) {
            throw BadTrace("the compressed trace ends in the middle: it was cut off");
          }
          continue;
        }
      }
      step(out);
    }
    return out.pos;
  }

 private:
  void step(ZSTD_outBuffer& out) {
    if (context_ == nullptr) {
      const std::size_t part = std::min(out.size, in_.size - in_.pos);
      std::memcpy(out.dst, chunk_.data() + in_.pos, part);
      in_.pos += part;
      out.pos += part;
      return;
    }
    pending_ = ZSTD_decompressStream(context_, &out, &in_);
    if (ZSTD_isError(pending_) != 0) {
      throw BadTrace(fmt::format("the compressed trace is damaged: {}", ZSTD_getErrorName(pending_)));
    }
  }

  std::unique_ptr<ByteSource> from_;
  std::vector<char> chunk_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  ZSTD_DCtx* context_ = nullptr;
  std::size_t pending_ = 0;  // 0 at the end of a frame
};

}  // namespace

std::unique_ptr<ByteSource> open_file(const std::string& path) {
  return std::make_unique<FileSource>(path);
}
std::unique_ptr<ByteSource> from_memory(std::string_view bytes) {
  return std::make_unique<MemorySource>(bytes);
}

LineSource::LineSource(std::unique_ptr<ByteSource> bytes, LineBounds bounds)
    : bytes_(std::make_unique<Decompressor>(std::move(bytes))), bounds_(bounds), buffer_(kChunk) {}

LineSource::~LineSource() = default;

bool LineSource::refill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
  const std::size_t got = bytes_->read(buffer_.data() + end_, buffer_.size() - end_);
  end_ += got;
  return got > 0;
}

void LineSource::put_back(std::deque<std::string> lines) {
  number_ -= lines.size();
  put_back_ = std::move(lines);
}

std::size_t LineSource::bound() const {
  if (number_ == 0) return std::min(bounds_.length, bounds_.first);
  return std::min<std::uint64_t>(bounds_.length, bounds_.start + bounds_.growth * before_);
}

bool LineSource::next(std::string_view& line) {
  const std::size_t most = bound();
  if (!read(line, most)) return false;
  if (broken_) {
    if (most < bounds_.length) {
      throw BadTrace(fmt::format("line {}: longer than {} bytes, which no message can be after the {} bytes before it",
                                 number_, most, before_));
    }
    throw TraceBound(fmt::format("line {}: longer than {} bytes", number_, most));
  }
  before_ += line.size();
  return true;
}

bool LineSource::next(std::string_view& line, std::size_t most) {
  if (!read(line, most)) return false;
  before_ += line.size();
  return true;
}

bool LineSource::read(std::string_view& line, std::size_t most) {
  if (!put_back_.empty()) {
    line_ = std::move(put_back_.front());
    put_back_.pop_front();
    ++number_;
    line = line_;
    return true;
  }
  if (broken_) return false;
  std::size_t searched = 0;
  while (true) {
    const char* from = buffer_.data() + begin_;
    const auto* found = static_cast<const char*>(std::memchr(from + searched, '\n', end_ - begin_ - searched));
    searched = end_ - begin_;
    const std::size_t size = found != nullptr ? static_cast<std::size_t>(found - from) : searched;
    if (size > most) {
      broken_ = true;
      ++number_;
      line = std::string_view(from, most + 1);
      return true;
    }
    if (found != nullptr) {
      ++number_;
      line = std::string_view(from, size);
      begin_ += size + 1;
      check(line);
      return true;
    }
    if (!refill()) {
      if (begin_ == end_) return false;
      throw BadTrace(fmt::format("line {}: the file ends in the middle of it: it was cut off", number_ + 1));
    }
  }
}

void LineSource::check(std::string_view line) const {
  // Most lines are too short to nest dangerously, whatever they hold.
  if (line.size() <= 4 * bounds_.depth) return;
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > bounds_.depth) {
        throw BadTrace(fmt::format("line {}: more than {} brackets within each other", number_, bounds_.depth));
      }
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
}

}  // namespace byzsim
