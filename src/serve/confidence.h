#pragma once

#include <optional>
#include <span>

#include "domain/asset.h"
#include "domain/forecast.h"
#include "models/model.h"
#include "models/regime.h"

/// The parts of `confidence`, each a pure function; docs/CONFIDENCE.md states them in words.
namespace ara::serve {

/// W / (W + D) at the last session: D is the weighted mean distance of the members' quantiles from
/// the weighted average of them all, W the mean distance of that average from its own median. 1
/// where all members say the same. Nothing where fewer than two members have a weight.
std::optional<double> model_agreement(std::span<const domain::Component> components,
                                      std::span<const models::Path> members);

/// Over the newest year of bars: the share of the market's sessions that have a bar, times the
/// share of bars whose close is not that of the bar before, times (1 + f) / 2, f the share of
/// fields (open, high, low, close, volume) that are there. Nothing for fewer than two bars.
std::optional<double> data_quality(std::span<const domain::Bar> bars, domain::Market market);

/// How much is spent on looking back.
struct WalkForward {
  std::size_t sessions = 0;     ///< newest ones, that are forecast from the one before
  std::size_t refit_every = 0;  ///< sessions
};
WalkForward walk_forward_of(domain::AnalysisLevel level);

/// The model walked forward: fitted on the bars before a stretch of `refit_every` sessions, then
/// asked for each session of it before it is shown that session's bar. On fewer sessions where the
/// bars are few; nothing where fewer than 20 are left. `market` as models::fit takes it;
/// trees in `setting` have to be trained on bars before those sessions.
std::optional<domain::TrackRecord> walk_forward(const models::ModelRow& row,
                                                std::span<const domain::Bar> bars,
                                                const models::Setting& setting,
                                                const WalkForward& wanted,
                                                std::span<const models::MarketFactors> market = {});

/// Sets historical_accuracy, the share of directions that came as told, from the record, and
/// overall from what is there.
domain::Confidence completed(domain::Confidence parts);

/// A regime as the wire shows it.
domain::RegimeView view_of(const models::Regime& regime);

}  // namespace ara::serve
