#include "sim/trace/output_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "sim/core/visible.hpp"

namespace byzsim {

namespace fs = std::filesystem;

namespace {

// Temporary names in use, for a signal handler: an empty one is free.
struct Unfinished {
  std::atomic<bool> used{false};
  char name[4096];
};
std::array<Unfinished, 16> unfinished;

Unfinished* remember(const std::string& name) {
  for (Unfinished& slot : unfinished) {
    if (name.size() >= sizeof slot.name || slot.used.load()) continue;
    std::memcpy(slot.name, name.c_str(), name.size() + 1);
    slot.used.store(true);
    return &slot;
  }
  return nullptr;  // then only an orderly end removes it
}

void forget(const std::string& name) {
  for (Unfinished& slot : unfinished) {
    if (slot.used.load() && name == slot.name) slot.used.store(false);
  }
}

/// Where a link that points to nothing yet points to, as a shell's `>` would follow it.
fs::path followed(fs::path target, std::error_code& error) {
  for (int hops = 0; fs::is_symlink(target, error); ++hops) {
    const fs::path next = fs::read_symlink(target, error);
    if (error || hops == 40) {
      error = std::make_error_code(std::errc::too_many_symbolic_link_levels);
      break;
    }
    target = next.is_absolute() ? next : target.parent_path() / next;
  }
  if (error == std::errc::no_such_file_or_directory) error.clear();  // that is what is to be written
  return target;
}

}  // namespace

void remove_unfinished_files() noexcept {
  for (Unfinished& slot : unfinished) {
    if (slot.used.load()) ::unlink(slot.name);
  }
}

OutputFile::OutputFile(std::string path, std::string what) : path_(visible(path)), what_(std::move(what)) {
  if (path.empty()) throw TraceError(fmt::format("the {} needs a file name", what_));
  std::error_code error;
  fs::path target(path);
  // A link keeps pointing where it points: what it names is written.
  if (fs::is_symlink(target, error)) {
    if (fs::exists(target, error)) {
      const fs::path resolved = fs::canonical(target, error);
      if (!error) target = resolved;
    } else {
      error.clear();
      target = followed(target, error);
      if (error) throw TraceError(fmt::format("cannot write the {} '{}': {}", what_, path_, error.message()));
    }
  }
  const fs::file_status status = fs::status(target, error);
  if (fs::is_directory(status)) {
    throw TraceError(fmt::format("cannot write the {} '{}': it is a folder", what_, path_));
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    descriptor_ = ::open(target.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail("open", errno);
    direct_ = true;
    return;
  }
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, error)) {
    throw TraceError(
        fmt::format("cannot write the {} '{}': there is no folder '{}'", what_, path_, visible(folder.string())));
  }
  final_ = target.string();
  // A file without a name vanishes with the process, however that ends.
  descriptor_ = ::open(folder.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
  if (descriptor_ >= 0 && ::access(own_link().c_str(), F_OK) == 0) return;
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  open_named();
}

std::string OutputFile::own_link() const {
  return fmt::format("/proc/self/fd/{}", descriptor_);
}

std::string OutputFile::temporary_name(int attempt) const {
  const fs::path target(final_);
  return (target.parent_path() / fmt::format(".{}.{}.part", target.filename().string(), attempt)).string();
}

// Where files need names: one of a fixed row, locked while it is written. What a process left behind that could not
// clean up is not locked any more, and is overwritten.
void OutputFile::open_named() {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::string name = temporary_name(attempt);
    const int opened = ::open(name.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (opened < 0) fail("write", errno);
    struct stat mine {};
    struct stat named {};
    const bool ours = ::flock(opened, LOCK_EX | LOCK_NB) == 0 && ::fstat(opened, &mine) == 0 &&
                      ::stat(name.c_str(), &named) == 0 && mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
    if (!ours) {
      ::close(opened);
      continue;
    }
    descriptor_ = opened;
    temporary_ = name;
    remember(name);
    if (::ftruncate(opened, 0) != 0) fail("write", errno);
    return;
  }
  fail("write", EBUSY);
}

OutputFile::~OutputFile() {
  discard();
}

void OutputFile::discard() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
    forget(temporary_);
  }
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

void OutputFile::name_it() {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::string name = temporary_name(attempt);
    if (::linkat(AT_FDCWD, own_link().c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      temporary_ = name;
      remember(name);
      return;
    }
    if (errno != EEXIST) fail("write", errno);
  }
  fail("write", EEXIST);
}

void OutputFile::commit() {
  if (descriptor_ < 0) throw TraceError(fmt::format("cannot write the {} '{}': it is closed", what_, path_));
  // A pipe or a terminal has nothing to sync, and says EINVAL.
  if (::fsync(descriptor_) != 0 && !(direct_ && (errno == EINVAL || errno == EROFS))) fail("sync", errno);
  if (!direct_ && temporary_.empty()) name_it();
  // Renamed while it is still open, and so still locked.
  if (!direct_ && ::rename(temporary_.c_str(), final_.c_str()) != 0) fail("rename", errno);
  if (!temporary_.empty()) forget(temporary_);
  temporary_.clear();
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail("close", errno);
  if (direct_) return;
  // The new name itself must reach the disk too; where a folder cannot be synced there is nothing better to do.
  const fs::path folder = fs::path(final_).parent_path();
  const int opened = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened >= 0) {
    static_cast<void>(::fsync(opened));
    ::close(opened);
  }
}

}  // namespace byzsim
