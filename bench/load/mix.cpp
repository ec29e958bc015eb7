#include "load/mix.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/format.h"
#include "base/hash.h"
#include "base/text.h"

namespace ara::load {
namespace {

constexpr std::array<std::string_view, kKinds> kNames{"cached", "new", "batch", "write", "path"};

/// Days and levels in which forecasts of one symbol differ; those of `cached` are not among them.
constexpr std::uint64_t kCachedDays = 5;
constexpr std::uint64_t kDays = 30;
constexpr std::array<std::string_view, 3> kLevels{"basic", "standard", "full"};
constexpr std::uint64_t kVariants = (kDays - 1) * kLevels.size();

}  // namespace

std::string_view name_of(Kind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

Result<Shares> parse_shares(const std::string& text) {
  Shares shares;
  const std::array<std::pair<std::string_view, double*>, 4> known{{{"cached", &shares.cached},
                                                                   {"new", &shares.fresh},
                                                                   {"batch", &shares.batch},
                                                                   {"write", &shares.write}}};
  double sum = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const auto equals = part.find('=');
    const auto found = std::ranges::find(known, part.substr(0, equals),
                                         &std::pair<std::string_view, double*>::first);
    const auto share = parse_integer(equals == std::string::npos ? "" : part.substr(equals + 1));
    if (found == known.end() || !share || *share < 0) {
      return invalid("--mix", part, "KIND=SHARE with cached, new, batch or write");
    }
    *found->second = static_cast<double>(*share);
    sum += static_cast<double>(*share);
    begin = end + 1;
  }
  if (sum <= 0) return invalid("--mix", text, "one share above 0");
  return shares;
}

Mix::Mix(std::vector<Instrument> instruments, MixOptions options)
    : instruments_(std::move(instruments)), options_(std::move(options)), rng_(options_.seed) {
  double sum = 0;
  for (std::size_t rank = 1; rank <= instruments_.size(); ++rank) {
    sum += std::pow(static_cast<double>(rank), -options_.zipf);
    cumulated_.push_back(sum);
  }
}

Mix::Mix(std::vector<std::string> paths, MixOptions options)
    : paths_(std::move(paths)), options_(std::move(options)), rng_(options_.seed) {}

Request Mix::next() {
  if (!paths_.empty()) return get(Kind::path, paths_[made_++ % paths_.size()]);
  const Shares& shares = options_.shares;
  const double at = rng_.uniform() * (shares.cached + shares.fresh + shares.batch + shares.write);
  if (at < shares.cached) {
    return get(Kind::cached, ara::format("/api/v1/predict/{}?days={}",
                                         percent_encode(popular().symbol), kCachedDays));
  }
  if (at < shares.cached + shares.fresh) return fresh();
  return at < shares.cached + shares.fresh + shares.batch ? batch() : write();
}

std::uint64_t Mix::repeated() const {
  const std::uint64_t different = kVariants * instruments_.size();
  return paths_.empty() && made_ > different ? made_ - different : 0;
}

const Instrument& Mix::popular() {
  const auto found = std::ranges::upper_bound(cumulated_, rng_.uniform() * cumulated_.back());
  return instruments_[std::min<std::size_t>(static_cast<std::size_t>(found - cumulated_.begin()),
                                            instruments_.size() - 1)];
}

/// All symbols in turn, in one variant after another; levels, which differ in cost, change fastest.
/// The first is the seed's, so that runs of different seeds on one server ask for different ones.
Request Mix::fresh() {
  const std::uint64_t symbols = instruments_.size();
  const std::uint64_t number = mix64(options_.seed) % (kVariants * symbols) + made_++;
  const std::uint64_t days = 1 + number / kLevels.size() / symbols % (kDays - 1);
  return get(Kind::fresh,
             ara::format("/api/v1/predict/{}?days={}&analysis_level={}",
                         percent_encode(instruments_[number / kLevels.size() % symbols].symbol),
                         days + (days >= kCachedDays ? 1 : 0), kLevels[number % kLevels.size()]));
}

Request Mix::batch() {
  std::vector<std::string> symbols;
  while (symbols.size() < std::min(options_.batch, instruments_.size())) {
    const std::string& symbol = popular().symbol;
    if (!std::ranges::contains(symbols, symbol)) symbols.push_back(symbol);
  }
  std::string body = R"({"symbols":[)";
  for (const std::string& symbol : symbols) body += ara::format("\"{}\",", symbol);
  body.back() = ']';
  return post(Kind::batch, "/api/v1/predict/batch",
              body + ara::format(",\"days\":{}}}", kCachedDays));
}

Request Mix::write() {
  const Instrument& one = popular();
  const double close = one.close * (1 + 0.002 * (rng_.uniform() - 0.5));
  return post(Kind::write, "/api/v1/bars",
              ara::format(R"({{"symbol":"{}","bars":[{{"date":"{}","open":{:.6f},"high":{:.6f},)"
                          R"("low":{:.6f},"close":{:.6f},"volume":1000}}]}})",
                          one.symbol, one.last_day, one.close, std::max(close, one.close) * 1.001,
                          std::min(close, one.close) * 0.999, close));
}

Request Mix::get(Kind kind, const std::string& path) const {
  return {kind, "GET " + path + " HTTP/1.1\r\n" + options_.header_lines + "\r\n"};
}

Request Mix::post(Kind kind, const std::string& path, const std::string& body) const {
  return {kind, ara::format("POST {} HTTP/1.1\r\n{}Content-Type: application/json\r\n"
                            "Content-Length: {}\r\n\r\n{}",
                            path, options_.header_lines, body.size(), body)};
}

}  // namespace ara::load
