#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "load/client.h"
#include "load/mix.h"

namespace ara::load {

/// Asks a server, one request after another, what a mix must know beforehand. Each symbol is asked
/// for its cached forecast, which is then in memory.
class Survey {
 public:
  Survey(Target target, std::string header_lines);

  /// All symbols of the server, in its order.
  Result<std::vector<Instrument>> all();
  Result<std::vector<Instrument>> of(const std::vector<std::string>& symbols);

 private:
  /// The body of a 200; every other answer is an error, a 503 only after several.
  Result<std::string> get(const std::string& path);
  /// The answer as it came, header and body; empty if none did.
  std::string ask(const std::string& path) const;

  const Target target_;
  const std::string header_lines_;
};

}  // namespace ara::load
