#include "ingest/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

namespace ara::ingest {
namespace {

namespace fs = std::filesystem;

bool is_table(const fs::path& path) {
  const std::string name = path.filename().string();
  return !name.starts_with('.') && (name.ends_with(".csv") || name.ends_with(".csv.gz"));
}

std::unexpected<Error> failed(const std::string& path, const std::error_code& error) {
  const bool absent = error == std::errc::no_such_file_or_directory;
  return fail(absent ? Code::not_found : Code::io, printable(path, 200) + ": " + error.message());
}

Result<std::vector<std::string>> files_in(const fs::path& folder) {
  std::error_code error;
  std::vector<std::string> files;
  auto it = fs::recursive_directory_iterator(folder, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it->path().filename().string().starts_with('.')) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file(error) && is_table(it->path())) {
      files.push_back(it->path().string());
    }
    if (error) break;
  }
  if (error) return failed(folder.string(), error);
  std::ranges::sort(files);
  return files;
}

/// Closes a descriptor that was opened here, and leaves standard input open.
struct Descriptor {
  int fd = -1;
  bool owned = false;

  Descriptor(int opened, bool own) : fd(opened), owned(own) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (owned && fd >= 0) ::close(fd);
  }
};

std::unexpected<Error> too_large(const std::string& path) {
  return fail(Code::too_large, printable(path, 200) + ": more than 1 GiB of text");
}

Result<std::string> read_all(int fd, const std::string& path) {
  struct stat status{};
  std::string text;
  std::size_t room = std::size_t{1} << 16;
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    // One byte more, so that the end shows itself in the first read.
    room = static_cast<std::size_t>(status.st_size) + 1;
  }
  std::size_t used = 0;
  while (true) {
    if (room > kMaxFileBytes + 1) return too_large(path);
    ssize_t got = 0;
    text.resize_and_overwrite(room, [&](char* data, std::size_t size) {
      got = ::read(fd, data + used, size - used);
      if (got > 0) used += static_cast<std::size_t>(got);
      return used;
    });
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path, std::error_code(errno, std::generic_category()));
    if (got == 0) return text;
    if (used == room) room = std::min(room * 2, kMaxFileBytes + 2);
  }
}

Result<std::string> unpack(const std::string& packed, const std::string& path) {
  z_stream stream{};
  // 15 bits of window, +16: a gzip header is expected.
  if (::inflateInit2(&stream, 15 + 16) != Z_OK) return fail(Code::internal, "zlib did not start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, &::inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  std::size_t used = 0;
  while (true) {
    const std::size_t room = std::max<std::size_t>(used + used / 2, packed.size() * 4 + 1024);
    if (used > kMaxFileBytes) return too_large(path);
    int status = Z_OK;
    text.resize_and_overwrite(std::min(room, kMaxFileBytes + 1), [&](char* data, std::size_t size) {
      stream.next_out = reinterpret_cast<Bytef*>(data + used);
      stream.avail_out = static_cast<uInt>(size - used);
      status = ::inflate(&stream, Z_NO_FLUSH);
      return used = size - stream.avail_out;
    });
    if (status == Z_STREAM_END) {
      // A gzip file may be several in a row.
      if (stream.avail_in == 0) return text;
      status = ::inflateReset(&stream);
    }
    const bool more_room_helps = status == Z_BUF_ERROR && stream.avail_out == 0;
    if ((status != Z_OK && !more_room_helps) || (stream.avail_in == 0 && stream.avail_out != 0)) {
      return fail(Code::corrupt, printable(path, 200) + ": a damaged gzip file");
    }
  }
}

}  // namespace

Result<std::vector<std::string>> find_files(const std::vector<std::string>& paths) {
  std::vector<std::string> all;
  for (const std::string& path : paths) {
    std::error_code error;
    if (path == "-" || !fs::is_directory(path, error)) {
      if (path != "-" && !fs::exists(path, error)) {
        return failed(path,
                      error ? error : std::make_error_code(std::errc::no_such_file_or_directory));
      }
      all.push_back(path);
      continue;
    }
    auto files = files_in(path);
    if (!files) return std::unexpected(files.error());
    if (files->empty()) return invalid("path", path, "a folder with .csv or .csv.gz files in it");
    all.insert(all.end(), files->begin(), files->end());
  }
  return all;
}

Result<std::string> read_text(const std::string& path) {
  const bool standard_input = path == "-";
  const Descriptor file(standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC),
                        !standard_input);
  if (file.fd < 0) return failed(path, std::error_code(errno, std::generic_category()));
  auto text = read_all(file.fd, path);
  if (!text || !text->starts_with("\x1F\x8B")) return text;
  return unpack(*text, path);
}

}  // namespace ara::ingest
