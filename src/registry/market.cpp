#include "registry/market.h"

#include <bit>
#include <optional>
#include <string>

namespace ara::registry {
namespace {

/// The first byte of a payload whose points are 24 bytes each: seconds since the epoch, then the
/// bits of volatility and change, little endian.
constexpr char kFormat = 2;
constexpr std::size_t kPointBytes = 24;
/// Payloads of before have no first byte, and no changes.
constexpr std::size_t kOldPointBytes = 16;

void append(std::string& bytes, std::uint64_t word) {
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(word >> shift);
}

std::uint64_t word_at(std::string_view bytes, std::size_t at) {
  std::uint64_t word = 0;
  for (std::size_t i = 8; i-- > 0;) word = word << 8 | static_cast<unsigned char>(bytes[at + i]);
  return word;
}

std::string to_bytes(std::span<const models::MarketPoint> points) {
  std::string bytes;
  bytes.reserve(1 + points.size() * kPointBytes);
  bytes += kFormat;
  for (const models::MarketPoint& point : points) {
    append(bytes, static_cast<std::uint64_t>(point.time.time_since_epoch().count()));
    append(bytes, std::bit_cast<std::uint64_t>(point.factors.volatility));
    append(bytes, std::bit_cast<std::uint64_t>(point.factors.change));
  }
  return bytes;
}

/// Nothing where the bytes are no points.
std::optional<std::vector<models::MarketPoint>> from_bytes(std::string_view bytes) {
  const bool old = bytes.size() % kOldPointBytes == 0;
  if (!old && bytes.front() != kFormat) return std::nullopt;
  if (!old) bytes.remove_prefix(1);
  const std::size_t size = old ? kOldPointBytes : kPointBytes;
  if (bytes.size() % size != 0) return std::nullopt;
  std::vector<models::MarketPoint> points;
  points.reserve(bytes.size() / size);
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    const auto seconds = static_cast<std::int64_t>(word_at(bytes, at));
    points.push_back({domain::Time{std::chrono::seconds{seconds}},
                      {.volatility = std::bit_cast<double>(word_at(bytes, at + 8))}});
    if (!old) points.back().factors.change = std::bit_cast<double>(word_at(bytes, at + 16));
  }
  return points;
}

}  // namespace

Result<std::uint64_t> close_market(storage::Store& store, domain::AssetType asset_type,
                                   const Call& call) {
  const auto rows = store.symbols(call);
  if (!rows) return std::unexpected(rows.error());
  std::vector<domain::Series> universe;
  for (const storage::SymbolRow& row : *rows) {
    if (row.asset_type != asset_type) continue;
    auto series = store.last_bars(row.symbol, row.bars, call);
    if (!series) return std::unexpected(std::move(series.error()));
    universe.push_back(std::move(*series));
  }
  std::vector<std::span<const domain::Bar>> spans;
  for (const domain::Series& series : universe) spans.emplace_back(series.bars);
  const auto points = models::market_factor(spans);
  if (points.empty()) return 0;
  return store.put_market({.asset_type = asset_type, .payload = to_bytes(points)}, call);
}

Result<Market> read_market(storage::Store& store, domain::AssetType asset_type, const Call& call) {
  const auto row = store.find_market(asset_type, call);
  if (!row) return std::unexpected(row.error());
  if (!*row) return Market{};
  auto points = from_bytes((*row)->payload);
  if (!points) {
    return fail(Code::corrupt, "the stored market factor of " +
                                   std::string(domain::describe(asset_type).name) +
                                   " is no series of points");
  }
  return Market{(*row)->revision, std::move(*points)};
}

Result<std::shared_ptr<const Market>> Markets::get(domain::AssetType asset_type,
                                                   std::uint64_t revision, const Call& call) {
  static const auto none = std::make_shared<const Market>();
  if (revision == 0) return none;
  auto& kept = kept_[static_cast<std::size_t>(asset_type)];
  {
    const std::lock_guard lock(mutex_);
    if (kept && kept->revision >= revision) return kept;
  }
  // Read without the lock; two who do so at once keep the later of what they found.
  auto read = read_market(*store_, asset_type, call);
  if (!read) return std::unexpected(std::move(read.error()));
  auto market = std::make_shared<const Market>(std::move(*read));
  const std::lock_guard lock(mutex_);
  if (!kept || kept->revision < market->revision) kept = std::move(market);
  return kept;
}

}  // namespace ara::registry
