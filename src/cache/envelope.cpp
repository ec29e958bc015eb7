#include "cache/envelope.h"

#include <zstd.h>

#include <bit>
#include <cstdint>
#include <memory>

namespace ara::cache {
namespace {

constexpr char kVersion = 1;
constexpr char kPlain = 0;
constexpr char kZstd = 1;
constexpr std::size_t kHeader = 10;
constexpr std::size_t kCompressAbove = 1024;
constexpr std::size_t kMostBytes = std::size_t{16} << 20;
/// The fastest that zstd has: a forecast shrinks to about a third in some 10 µs.
constexpr int kLevel = 1;

std::uint64_t checksum(const Hash128& id, std::string_view value) {
  return mix64(stable_hash64(value) ^ mix64(id.low ^ std::rotl(id.high, 32)));
}

std::string header(char encoding, std::uint64_t sum) {
  std::string bytes{kVersion, encoding};
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(sum >> shift);
  return bytes;
}

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// A context takes longer to make than a forecast to compress: one a thread.
ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  return context.get();
}
ZSTD_DCtx* decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  return context.get();
}

std::optional<std::string> decompress(std::string_view frame) {
  const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > kMostBytes) {
    return std::nullopt;
  }
  std::string value(size, '\0');
  const std::size_t written =
      ZSTD_decompressDCtx(decompressor(), value.data(), value.size(), frame.data(), frame.size());
  if (ZSTD_isError(written) != 0 || written != value.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::string> seal(const Hash128& id, std::string_view value) {
  if (value.size() > kMostBytes) return std::nullopt;
  const std::uint64_t sum = checksum(id, value);
  if (value.size() > kCompressAbove) {
    std::string envelope = header(kZstd, sum);
    envelope.resize(kHeader + ZSTD_compressBound(value.size()));
    const std::size_t written =
        ZSTD_compressCCtx(compressor(), envelope.data() + kHeader, envelope.size() - kHeader,
                          value.data(), value.size(), kLevel);
    if (ZSTD_isError(written) == 0 && written < value.size()) {
      envelope.resize(kHeader + written);
      return envelope;
    }
  }
  return header(kPlain, sum).append(value);
}

std::optional<std::string> unseal(const Hash128& id, std::string_view envelope) {
  if (envelope.size() < kHeader || envelope[0] != kVersion) return std::nullopt;
  const std::string_view body = envelope.substr(kHeader);
  std::optional<std::string> value;
  if (envelope[1] == kPlain) value = std::string(body);
  if (envelope[1] == kZstd) value = decompress(body);
  if (!value || !envelope.starts_with(header(envelope[1], checksum(id, *value)))) {
    return std::nullopt;
  }
  return value;
}

}  // namespace ara::cache
