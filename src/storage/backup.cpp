#include "storage/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/format.h"

namespace ara::storage {
namespace {

Result<void> sync(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  const int reason = errno;
  if (fd >= 0) close(fd);
  if (synced) return {};
  return fail(Code::io, "cannot sync " + path + ": " + std::strerror(reason));
}

}  // namespace

std::uint64_t BackupReport::rows() const {
  std::uint64_t sum = 0;
  for (const Table& table : tables) sum += table.rows;
  return sum;
}

std::unexpected<Error> not_empty(std::uint64_t rows) {
  return fail(
      Code::conflict,
      ara::format("the store holds {} rows, which would be lost; --force replaces them", rows));
}

std::unexpected<Error> too_old_for_notes() {
  return fail(Code::unsupported,
              "the store is of an older version of ARA, which has no place for the time of a "
              "backup: any other command brings it up");
}

Result<void> publish(const std::string& part, const std::string& file) {
  if (auto synced = sync(part, O_RDONLY); !synced) return synced;
  std::error_code failure;
  std::filesystem::rename(part, file, failure);
  if (failure) return fail(Code::io, "cannot write " + file + ": " + failure.message());
  const auto folder = std::filesystem::path(file).parent_path();
  return sync(folder.empty() ? "." : folder.string(), O_RDONLY | O_DIRECTORY);
}

}  // namespace ara::storage
