#include "sim/trace/output_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace byzsim {

namespace fs = std::filesystem;

OutputFile::OutputFile(std::string path, std::string what) : path_(std::move(path)), what_(std::move(what)) {
  if (path_.empty()) throw TraceError(fmt::format("the {} needs a file name", what_));
  std::error_code error;
  fs::path target(path_);
  // A link keeps pointing where it points: what it names is replaced.
  if (fs::is_symlink(target, error)) {
    const fs::path resolved = fs::canonical(target, error);
    if (!error) target = resolved;
  }
  const fs::file_status status = fs::status(target, error);
  if (fs::is_directory(status)) {
    throw TraceError(fmt::format("cannot write the {} '{}': it is a folder", what_, path_));
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    descriptor_ = ::open(target.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail("open", errno);
    return;
  }
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, error)) {
    throw TraceError(fmt::format("cannot write the {} '{}': there is no folder '{}'", what_, path_, folder.string()));
  }
  for (int attempt = 0; descriptor_ < 0; ++attempt) {
    temporary_ = (folder / fmt::format(".{}.{}-{}.part", target.filename().string(), ::getpid(), attempt)).string();
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && (errno != EEXIST || attempt == 100)) {
      const int reason = errno;
      temporary_.clear();
      fail("write", reason);
    }
  }
  final_ = target.string();
}

OutputFile::~OutputFile() {
  discard();
}

void OutputFile::discard() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

void OutputFile::fail(std::string_view did, int error) {
  discard();
  throw TraceError(fmt::format("cannot {} the {} '{}': {}", did, what_, path_, std::generic_category().message(error)));
}

void OutputFile::write(std::string_view bytes) {
  if (descriptor_ < 0) throw TraceError(fmt::format("cannot write the {} '{}': it is closed", what_, path_));
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      fail("write", errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void OutputFile::commit() {
  if (descriptor_ < 0) throw TraceError(fmt::format("cannot write the {} '{}': it is closed", what_, path_));
  const bool direct = temporary_.empty();
  // A pipe or a terminal has nothing to sync, and says EINVAL.
  if (::fsync(descriptor_) != 0 && !(direct && (errno == EINVAL || errno == EROFS))) fail("sync", errno);
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail("close", errno);
  if (direct) return;
  if (::rename(temporary_.c_str(), final_.c_str()) != 0) fail("rename", errno);
  temporary_.clear();
  // The new name itself must reach the disk too; where a folder cannot be synced there is nothing better to do.
  const fs::path folder = fs::path(final_).parent_path();
  const int opened = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened >= 0) {
    static_cast<void>(::fsync(opened));
    ::close(opened);
  }
}

}  // namespace byzsim
