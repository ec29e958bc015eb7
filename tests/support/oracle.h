#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "models/model.h"
#include "support/shared_data.h"

/// What R's forecast and fGarch said about real series (data/oracle of the shared data).
namespace ara::support {

using Table = std::map<std::string, std::map<std::string, std::string>>;  // "id/method" → name

/// What R forecast.
struct Interval {
  double mean, low80, high80, low95, high95;
};

/// R's forecasts by "id/method".
inline std::map<std::string, std::vector<Interval>> oracle_forecasts() {
  std::map<std::string, std::vector<Interval>> forecasts;
  for (const auto& row : support::read_cells(shared_data("oracle/R_forecast_8.20_forecasts.csv"))) {
    if (row[0] == "id") continue;
    const auto number = [&](std::size_t i) { return parse_double(row[i]).value(); };
    forecasts[row[0] + "/" + row[1]].push_back(
        {number(3), number(4), number(5), number(6), number(7)});
  }
  return forecasts;
}

/// A long table of names and values; what follows a comma within a value belongs to it.
inline Table table_of(const std::filesystem::path& path) {
  Table table;
  for (const auto& row : read_cells(path)) {
    std::string& value = table[row[0] + "/" + row[1]][row[2]];
    value = row[3];
    for (std::size_t i = 4; i < row.size(); ++i) value += "," + row[i];
  }
  return table;
}

/// R's estimates by "id/method".
inline Table oracle_parameters() {
  return table_of(shared_data("oracle/R_forecast_8.20_params.csv"));
}

/// The series that R saw, by id.
inline std::map<std::string, std::vector<double>> oracle_series() {
  auto all = support::read_wide(shared_data("m4/Daily-complete69-train.csv"));
  all.merge(support::read_wide(shared_data("m4/Daily-tail-train.csv")));
  for (auto& [id, values] : support::read_wide(shared_data("m4/Hourly-train.csv"))) {
    all[id] = {values.end() - 336, values.end()};
  }
  for (const char* id : {"AirPassengers", "Nile", "USAccDeaths", "WWWusage", "lynx", "co2"}) {
    const auto rows = support::read_cells(shared_data(std::string("oracle/series_") + id + ".csv"));
    for (std::size_t i = 1; i < rows.size(); ++i) all[id].push_back(*parse_double(rows[i][0]));
  }
  std::map<std::string, std::vector<double>> wanted;
  for (const auto& [key, names] : oracle_parameters()) {
    if (!key.ends_with("/series")) continue;
    const std::string id = key.substr(0, key.find('/'));
    if (!all.contains(id)) continue;
    EXPECT_EQ(names.at("n"), std::to_string(all[id].size())) << id;
    wanted[id] = all[id];
  }
  return wanted;
}

/// The frequency that R was told of a series.
inline int oracle_season(const std::string& id) {
  static const Table parameters = oracle_parameters();
  return std::stoi(parameters.at(id + "/series").at("frequency"));
}

using Wanted = std::function<bool(const std::string& id, const std::vector<double>& values)>;

/// The model's forecasts are R's to within `tolerance` standard errors of R's, in `least` series or
/// more; of series with a season only the medians where `seasonal_widths_differ`.
inline void expect_as_in_r(std::string_view name, const std::string& method, double tolerance,
                           const Wanted& is_wanted, std::size_t least,
                           bool seasonal_widths_differ = false) {
  const auto forecasts = oracle_forecasts();
  std::size_t compared = 0;
  for (const auto& [id, values] : oracle_series()) {
    if (!is_wanted(id, values)) continue;
    const auto& wanted = forecasts.at(id + "/" + method);
    const auto bars = support::bars_of(values);
    const auto model =
        models::fit(**models::find_model(name), bars,
                    {.scale = domain::Scale::level, .seed = 1, .season = oracle_season(id)})
            .value();
    const models::Path path = model->forecast(static_cast<int>(wanted.size()));
    for (std::size_t h = 0; h < wanted.size(); ++h) {
      const double error = (wanted[h].high80 - wanted[h].low80) / 2 / 1.2815515655446004;
      const auto near = [&](double level, double expected) {
        EXPECT_NEAR(values.back() + path.change[h].at(level), expected, tolerance * error)
            << name << " of " << id << " at h=" << h + 1 << ", level " << level;
      };
      near(0.5, wanted[h].mean);
      if (seasonal_widths_differ && oracle_season(id) > 1) continue;
      near(0.1, wanted[h].low80);
      near(0.9, wanted[h].high80);
      near(0.025, wanted[h].low95);
      near(0.975, wanted[h].high95);
    }
    ++compared;
  }
  EXPECT_GE(compared, least);
}

}  // namespace ara::support
