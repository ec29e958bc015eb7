#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

/// XGBoost by its C API. The library is opened by name at the first call here, so a process that
/// never trains does not pay for it; Code::unavailable says how to get it where it is absent.
namespace ara::training {

/// Rows of features, NaN where missing.
struct Table {
  std::span<const float> values;  ///< row after row
  std::size_t columns = 0;
  std::span<const float> targets;  ///< one a row

  std::size_t rows() const { return columns > 0 ? values.size() / columns : 0; }
};

/// How trees are boosted; the names are XGBoost's own where it has them.
struct Boosting {
  int rounds = 100;
  int depth = 4;
  double eta = 0.1;
  double min_child_weight = 1;
  double lambda = 1;
  double subsample = 1;         ///< of the rows, anew each round
  double colsample_bynode = 1;  ///< of the features, anew each node
  int max_bin = 256;
  int threads = 1;  ///< stated, as sums may round by it
  std::uint64_t seed = 0;
  std::vector<double> levels;  ///< of the quantiles, each an output; none: least squares
};

/// Whether XGBoost could be opened; Code::unavailable.
Result<void> available();

/// Trains and gives the model as XGBoost's JSON, which models::Trees::parse reads, with `notes`
/// among its attributes. Equal arguments give equal bytes. Code::invalid for an empty table or one
/// whose lengths do not agree.
Result<std::string> boost(const Table& table, const Boosting& boosting,
                          const std::map<std::string, std::string, std::less<>>& notes);

/// A model as libxgboost evaluates it: what models::Trees is measured against.
class Booster {
 public:
  static Result<Booster> load(std::string_view json, int threads);

  /// As models::Trees::predict. `values` holds `columns` a row.
  Result<std::vector<float>> predict(std::span<const float> values, std::size_t columns) const;
  /// As models::Trees::contributions, row after row.
  Result<std::vector<float>> contributions(std::span<const float> values,
                                           std::size_t columns) const;

 private:
  struct Handle;
  explicit Booster(std::shared_ptr<Handle> handle) : handle_(std::move(handle)) {}
  std::shared_ptr<Handle> handle_;
};

}  // namespace ara::training
