#pragma once

#include <span>
#include <string>

#include "domain/series.h"
#include "models/market.h"
#include "training/xgboost.h"

/// Training of the global model ("gbm") on many series at once.
namespace ara::training {

/// A series to learn from, with the market factor at each bar, or nothing.
struct Series {
  std::span<const domain::Bar> bars;
  std::span<const models::MarketFactors> market;
};

/// How the global model is trained. The defaults were chosen on equities, trained to the end of
/// 2013 and scored on 2014 and 2015; `ara evaluate bars --global` scores what they give.
struct Options {
  domain::Time until = domain::Time::max();  ///< nothing later is used, targets included
  std::size_t rows = 60'000;                 ///< at most about so many are drawn
  std::uint64_t seed = 0;
  Boosting boosting = defaults();

  static Boosting defaults();
};

/// Rows drawn from all series, each at a bar and for a horizon both drawn at random: what the trees
/// would have seen then, and the standardised change that followed (models/gbm.h). A row whose
/// change ends after `until` is left out.
struct Sample {
  std::vector<float> inputs;   ///< models::TreeState::kInputs a row
  std::vector<float> targets;  ///< one a row

  Table table() const;
};

/// Deterministic in its arguments. A series without a usable bar adds nothing.
Sample draw(std::span<const Series> series, const Options& options);

/// The trained artefact: bytes that models::Trees::parse reads and models::check_gbm accepts, with
/// the date that models::trained_until reads, which is that of `until` or of the newest bar. Equal
/// arguments give equal bytes. Code::invalid on field "rows" where fewer than kFewestRows could be
/// drawn; Code::unavailable without XGBoost.
Result<std::string> train(std::span<const Series> series, const Options& options);

inline constexpr std::size_t kFewestRows = 1000;

}  // namespace ara::training
