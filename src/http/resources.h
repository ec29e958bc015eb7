#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "http/openapi.h"
#include "http/routes.h"

namespace ara::http {

/// What one file offers: its routes, and the schemas that they alone name. A new resource is one
/// file with a function that makes this, and one row in routes.cpp.
struct Resource {
  std::string_view tag;    ///< groups the routes in /openapi.json
  std::string_view about;  ///< one sentence
  std::vector<Route> routes;
  std::vector<Schema> schemas;
};

Resource predict_resource();
Resource batch_resource();
Resource predictions_resource();
Resource bars_resource();
Resource symbols_resource();
Resource portfolio_resource();
Resource market_resource();
Resource jobs_resource();
Resource training_resource();
Resource backtests_resource();
Resource models_resource();
Resource deployment_resource();
Resource sentiment_resource();
Resource auth_resource();
Resource api_keys_resource();
Resource users_resource();
Resource streams_resource();
Resource webhooks_resource();
Resource health_resource();
Resource docs_resource();
Resource about_resource();

/// In the order in which paths are looked up.
std::span<const Resource> resources();

/// The inputs that predict and predict/batch share: asset_type, analysis_level,
/// include_explanations.
std::vector<Parameter> forecast_options(In in, std::string_view default_level);

}  // namespace ara::http
