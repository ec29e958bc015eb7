#pragma once

#include <optional>
#include <string>

#include "domain/forecast.h"

namespace ara::serve {

/// What a client asks for; parsed once (http/predict.cpp, cli/predict.cpp), valid ever after.
struct ForecastRequest {
  domain::Symbol symbol;
  int days = domain::ForecastKey::kDefaultHorizon;  ///< 1 to ForecastKey::kMaxHorizon
  domain::AnalysisLevel level = domain::AnalysisLevel::standard;
  bool explanations = true;
  /// If given, it must be the one the symbol is stored with, else Code::conflict.
  std::optional<domain::AssetType> asset_type;
  /// If given, the forecast is of these bars or newer ones; what a write of bars returned.
  std::optional<domain::Revision> min_revision = {};
};

}  // namespace ara::serve
