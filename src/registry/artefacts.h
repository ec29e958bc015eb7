#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"

namespace ara::registry {

/// The bytes of a file, mapped into memory; the pages are the kernel's to drop.
class MappedFile {
 public:
  /// Code::not_found, Code::io.
  static Result<std::shared_ptr<const MappedFile>> open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return {data_, size_}; }

 private:
  MappedFile(const char* data, std::size_t size) : data_(data), size_(size) {}

  const char* data_;
  std::size_t size_;
};

/// What training learned, one file for each, named by the hash of its bytes. A file is written
/// under another name, synced and renamed, so that under its own name it is whole; the hash is
/// checked whenever one is opened. Any thread may call.
class Artefacts {
 public:
  /// `folder` is made when something is first put there.
  explicit Artefacts(std::string folder) : folder_(std::move(folder)) {}

  /// The name. Putting the same bytes again changes nothing, but mends a damaged file. Code::io.
  Result<std::string> put(std::string_view bytes) const;

  /// Code::invalid on field "artefact" for what is no name, Code::not_found, Code::io,
  /// Code::corrupt where the bytes are not those that were put.
  Result<std::shared_ptr<const MappedFile>> open(const std::string& name) const;

 private:
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
};

}  // namespace ara::registry
