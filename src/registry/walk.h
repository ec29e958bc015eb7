#pragma once

#include <memory>

#include "registry/gate.h"

namespace ara::registry {

/// A symbol that models are judged on. What does not depend on the model, its peers' scores and the
/// widths of the historical distribution, is computed once.
class Ground {
 public:
  /// `options` outlives the ground. Code::invalid on field "bars" where there are too few.
  static Result<std::unique_ptr<Ground>> make(evaluation::Symbol symbol,
                                              const evaluation::RollOptions& options);

  /// Forecasts at each origin as a service would have, refits included, and records what came of
  /// it. An error of the fit names the symbol.
  Result<Evidence> walk(const models::ModelRow& row,
                        const evaluation::SettingAt& setting_at = {}) const;

  const evaluation::Symbol& symbol() const { return symbol_; }
  std::size_t origins() const { return roll_->origins(); }

 private:
  explicit Ground(evaluation::Symbol symbol) : symbol_(std::move(symbol)) {}

  evaluation::Symbol symbol_;
  std::optional<evaluation::Roll> roll_;
  int horizon_ = 1;
  evaluation::PerPeer<evaluation::MethodScores> peers_;
  std::vector<double> widths_;  ///< of the historical 90 % intervals, by origin, then horizon
};

}  // namespace ara::registry
