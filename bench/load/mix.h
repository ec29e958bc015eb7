#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/rng.h"

namespace ara::load {

enum class Kind : std::uint8_t { cached, fresh, batch, write, path };
inline constexpr std::size_t kKinds = 5;
std::string_view name_of(Kind kind);

/// One request as it goes over the wire.
struct Request {
  Kind kind = Kind::cached;
  std::string bytes;
};

/// A symbol and its last bar, which writes post again, a little changed: so the store does not
/// grow.
struct Instrument {
  std::string symbol;
  std::string last_day;
  double close = 0;
};

struct Shares {
  double cached = 0, fresh = 0, batch = 0, write = 0;
};

/// "cached=90,new=5,batch=3,write=2"; what is not named is 0.
Result<Shares> parse_shares(const std::string& text);

struct MixOptions {
  Shares shares;
  double zipf = 1;           ///< the symbol of rank r is asked for 1/r^zipf as often as the first
  std::size_t batch = 10;    ///< symbols of a batch
  std::string header_lines;  ///< of each request, each ended by \r\n
  std::uint64_t seed = 1;
};

/// What is asked for, in order; the same seed asks the same.
class Mix {
 public:
  Mix(std::vector<Instrument> instruments, MixOptions options);
  /// These paths, cyclic, and nothing else.
  Mix(std::vector<std::string> paths, MixOptions options);

  Request next();

  /// How many forecasts asked for as new can have been asked for before: there are only so many.
  std::uint64_t repeated() const;

 private:
  const Instrument& popular();
  Request get(Kind kind, const std::string& path) const;
  Request post(Kind kind, const std::string& path, const std::string& body) const;
  Request fresh();
  Request batch();
  Request write();

  std::vector<Instrument> instruments_;
  std::vector<std::string> paths_;
  MixOptions options_;
  std::vector<double> cumulated_;  ///< of the symbols' shares
  Rng rng_;
  std::uint64_t made_ = 0;  ///< new forecasts, or paths, asked for so far
};

}  // namespace ara::load
