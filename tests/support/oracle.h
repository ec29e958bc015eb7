#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

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

}  // namespace ara::support
