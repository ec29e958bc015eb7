#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "http/app.h"
#include "http/json.h"
#include "http/openapi.h"
#include "portfolio/history.h"

/// What the answers of portfolio.cpp and market.cpp have in common, and what describes them.
namespace ara::http {

void write_assets(JsonObject& top, const portfolio::History& history);
/// A number for each asset.
void write_by_asset(JsonObject object, const portfolio::History& history,
                    const portfolio::Vector& values);
/// An object of objects by asset.
void write_matrix(JsonObject object, const portfolio::History& history,
                  const portfolio::Matrix& matrix);
/// A number, or null.
void write_maybe(JsonObject& object, std::string_view name, std::optional<double> value);
/// The sessions that an answer is computed from: `period` {start, end, sessions, sessions_a_year}.
void write_period(JsonObject& top, const portfolio::History& history);
/// timestamp and request_id.
void write_stamp(JsonObject& top, const App& app, const Exchange& exchange);

/// An answer to a POST, which no cache keeps.
Reply not_kept(const JsonDocument& document);

/// The routes without their handlers: optimize, analyze, rebalance.
std::vector<Route> portfolio_routes();
std::vector<Schema> portfolio_schemas();

/// `assets`, from 2 to `most`.
Parameter assets_parameter(In in, double most);
/// `period`, checked by domain::Period.
Parameter period_parameter(In in, std::string_view default_value);

}  // namespace ara::http
