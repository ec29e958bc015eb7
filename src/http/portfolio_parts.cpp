#include "http/portfolio_parts.h"

#include "http/reply.h"

namespace ara::http {

void write_assets(JsonObject& top, const portfolio::History& history) {
  JsonArray assets = top.array("assets");
  for (const std::string& asset : history.assets) assets.text(asset);
}

void write_by_asset(JsonObject object, const portfolio::History& history,
                    const portfolio::Vector& values) {
  for (std::size_t i = 0; i < history.assets.size(); ++i) {
    object.number(history.assets[i], values(static_cast<Eigen::Index>(i)));
  }
}

void write_matrix(JsonObject object, const portfolio::History& history,
                  const portfolio::Matrix& matrix) {
  for (std::size_t i = 0; i < history.assets.size(); ++i) {
    write_by_asset(object.object(history.assets[i]), history,
                   matrix.col(static_cast<Eigen::Index>(i)));
  }
}

void write_maybe(JsonObject& object, std::string_view name, std::optional<double> value) {
  value ? object.number(name, *value) : object.null(name);
}

void write_period(JsonObject& top, const portfolio::History& history) {
  top.object("period")
      .text("start", domain::to_iso(history.dates.front()))
      .text("end", domain::to_iso(history.dates.back()))
      .integer("sessions", static_cast<std::int64_t>(history.dates.size()))
      .number("sessions_a_year", history.sessions_a_year);
}

void write_stamp(JsonObject& top, const App& app, const Exchange& exchange) {
  top.text("timestamp", to_rfc3339(app.clock.now())).text("request_id", exchange.id.text());
}

Parameter assets_parameter(In in, double most) {
  return {.name = "assets",
          .in = in,
          .type = "array",
          .description = "Stored symbols, each once; any case",
          .required = true,
          .minimum = 2,
          .maximum = most,
          .items = "string",
          .aliases = {"symbols"},
          .example = R"(["AAPL","MSFT"])"};
}

Parameter period_parameter(In in, std::string_view default_value) {
  return {.name = "period",
          .in = in,
          .type = "string",
          .description =
              "Calendar time up to the newest session that all assets have: a whole "
              "number of d, w, m or y, e.g. 6m; at least 60 sessions",
          .minimum = 2,
          .maximum = 8,
          .default_value = default_value};
}

}  // namespace ara::http
