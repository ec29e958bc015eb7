#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

/// What a node's /metrics said, and what changed between two times that it was asked.
namespace ara::doctor {

using Labels = std::vector<std::pair<std::string, std::string>>;
/// Which series of a family are meant; null: all of them.
using Which = std::function<bool(const Labels&)>;

/// The value of a label, or nothing.
std::string_view label(const Labels& labels, std::string_view name);
/// Those whose label has that value.
Which with(std::string name, std::string value);

/// A histogram, several series of one family added up, in what it counted.
struct Counted {
  /// Ascending upper bounds in seconds, the last infinite, and how many were no longer than each.
  std::vector<std::pair<double, double>> buckets;
  double count = 0;
  double sum = 0;

  double mean() const { return count > 0 ? sum / count : 0; }
  /// Interpolated within its bucket as Prometheus does; nothing where nothing was counted.
  std::optional<double> quantile(double share) const;
  /// How many were longer than that, or than the next bound above it.
  double above(double seconds) const;
};

/// The Prometheus text format, version 0.0.4, as read.
class Scrape {
 public:
  struct Sample {
    std::string name;
    Labels labels;
    double value = 0;
  };

  /// Code::corrupt for a line that is no sample, comment or blank.
  static Result<Scrape> parse(std::string_view text);

  /// The sum of the series; nothing where there are none.
  std::optional<double> value(std::string_view name, const Which& which = {}) const;
  Counted histogram(std::string_view name, const Which& which = {}) const;
  /// The values that a label has in a family, in the order of the text, each once.
  std::vector<std::string> values(std::string_view name, std::string_view of_label) const;

 private:
  std::vector<Sample> samples_;
};

/// Two scrapes of one node.
struct Window {
  Scrape before;
  Scrape after;
  double seconds = 0;  ///< between them

  /// Of a gauge, as it was last.
  std::optional<double> now(std::string_view name, const Which& which = {}) const {
    return after.value(name, which);
  }
  /// Of a counter: what was added, from zero where the process was started anew. 0 where there is
  /// no such series.
  double added(std::string_view name, const Which& which = {}) const;
  double rate(std::string_view name, const Which& which = {}) const {
    return seconds > 0 ? added(name, which) / seconds : 0;
  }
  Counted counted(std::string_view name, const Which& which = {}) const;
};

}  // namespace ara::doctor
