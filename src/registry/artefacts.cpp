#include "registry/artefacts.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/format.h"

namespace ara::registry {
namespace {

/// A file descriptor that is closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> failed(std::string_view doing, const std::string& path) {
  const int reason = errno;
  return fail(reason == ENOENT ? Code::not_found : Code::io,
              ara::format("Cannot {} {}: {}", doing, printable(path, 200), std::strerror(reason)));
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failed("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

Result<void> sync_folder(const std::string& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || fsync(fd.get()) != 0) return failed("sync", folder);
  return {};
}

/// Writes and syncs a new file.
Result<void> write_file(const std::string& path, std::string_view bytes) {
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (fd.get() < 0) return failed("make", path);
  if (auto written = write_all(fd.get(), bytes, path); !written) return written;
  if (fsync(fd.get()) != 0) return failed("sync", path);
  return {};
}

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (fd.get() < 0 || fstat(fd.get(), &status) != 0) return failed("open", path);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return std::shared_ptr<const MappedFile>(new MappedFile("", 0));
  void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (data == MAP_FAILED) return failed("map", path);
  return std::shared_ptr<const MappedFile>(new MappedFile(static_cast<const char*>(data), size));
}

MappedFile::~MappedFile() {
  if (size_ > 0) munmap(const_cast<char*>(data_), size_);
}

Result<std::string> Artefacts::put(std::string_view bytes) const {
  const std::string name = to_hex(stable_hash128(bytes));
  if (open(name)) return name;
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) {
    return fail(Code::io, ara::format("Cannot make the folder {}: {}", printable(folder_, 200),
                                      error.message()));
  }
  static std::atomic<unsigned> count = 0;
  const std::string part = ara::format("{}.part.{}.{}", path(name), getpid(), ++count);
  auto done = write_file(part, bytes).and_then([&]() -> Result<void> {
    if (rename(part.c_str(), path(name).c_str()) != 0) return failed("rename", part);
    return sync_folder(folder_);
  });
  if (!done) {
    unlink(part.c_str());
    return std::unexpected(std::move(done.error()));
  }
  return name;
}

Result<std::shared_ptr<const MappedFile>> Artefacts::open(const std::string& name) const {
  if (!hash_from_hex(name)) return invalid("artefact", name, "32 hexadecimal digits");
  auto file = MappedFile::open(path(name));
  if (!file) return file;
  if (to_hex(stable_hash128((*file)->bytes())) != name) {
    return fail(Code::corrupt,
                ara::format("{} is not what its name says: it was damaged or changed",
                            printable(path(name), 200)));
  }
  return file;
}

}  // namespace ara::registry
