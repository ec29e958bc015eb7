#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"

namespace ara::ingest {

/// The files that paths stand for, in that order: a file is itself, "-" is standard input, a folder
/// its .csv and .csv.gz files and those of its folders (hidden ones and links to folders left out),
/// in alphabetical order. Code::not_found for a path that is not there, Code::invalid on field
/// "path" for a folder without such a file.
Result<std::vector<std::string>> find_files(const std::vector<std::string>& paths);

/// The largest text that is read: 1 GiB, after unpacking.
inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;

/// The text of a file, or of standard input for "-", unpacked if it is gzip (told by its first
/// bytes, not its name). Code::not_found, Code::io, Code::corrupt for a damaged gzip file,
/// Code::too_large beyond kMaxFileBytes.
Result<std::string> read_text(const std::string& path);

}  // namespace ara::ingest
