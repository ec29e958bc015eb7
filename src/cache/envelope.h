#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace ara::cache {

/// Values as they lie in a shared cache: byte 0 the version of this layout, byte 1 the encoding
/// (0 as it is, 1 zstd), bytes 2 to 9 a checksum (little endian) of the value and its id, then the
/// value. Values above 1 KiB are compressed where that makes them smaller.

/// The envelope of a value; nothing for a value above 16 MiB, which a cache need not hold.
std::optional<std::string> seal(const Hash128& id, std::string_view value);

/// The value in an envelope; nothing where it is damaged, of another version, or of another id.
std::optional<std::string> unseal(const Hash128& id, std::string_view envelope);

}  // namespace ara::cache
