#pragma once

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "domain/series.h"

/// Plain readers of the clean files in the shared data, so that a test of one room needs no other.
namespace ara::support {

/// $ARA_SHARED, or ../shared beside the checkout ($ARA_DIR).
inline std::filesystem::path shared_folder() {
  if (const char* set = std::getenv("ARA_SHARED")) return set;
  const char* checkout = std::getenv("ARA_DIR");
  return std::filesystem::path(checkout ? checkout : ".") / "../shared";
}

inline std::filesystem::path shared_data(std::string_view file) {
  return shared_folder() / "data" / file;
}

/// Skips the test, with the reason, where the shared data are not.
#define ARA_NEEDS_SHARED_DATA()                                         \
  if (!std::filesystem::exists(ara::support::shared_data("README.md"))) \
  GTEST_SKIP() << "no shared data at " << ara::support::shared_folder() << " (ARA_SHARED)"

/// The cells of a comma-separated file without escapes, double quotes dropped.
inline std::vector<std::vector<std::string>> read_cells(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    auto& cells = rows.emplace_back(1);
    for (char c : line) {
      if (c == ',') {
        cells.emplace_back();
      } else if (c != '"' && c != '\r') {
        cells.back() += c;
      }
    }
  }
  return rows;
}

/// Daily bars from `date,open,high,low,close,adj_close,volume` in any order of columns; rows
/// without a close are left out.
inline std::vector<domain::Bar> read_bars(const std::filesystem::path& path) {
  const auto rows = read_cells(path);
  std::vector<domain::Bar> bars;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    domain::Bar bar;
    for (std::size_t column = 0; column < rows[i].size(); ++column) {
      const std::string& name = rows[0][column];
      const double number = parse_double(rows[i][column]).value_or(domain::Bar::kMissing);
      if (name == "date") bar.time = domain::parse_iso_date(rows[i][column]).value();
      if (name == "open") bar.open = number;
      if (name == "high") bar.high = number;
      if (name == "low") bar.low = number;
      if (name == "close") bar.close = number;
      if (name == "adj_close") bar.adjusted_close = number;
      if (name == "volume") bar.volume = number;
    }
    if (std::isfinite(bar.close)) bars.push_back(bar);
  }
  return bars;
}

/// Series of different lengths, one a row, its name first.
inline std::map<std::string, std::vector<double>> read_wide(const std::filesystem::path& path) {
  std::map<std::string, std::vector<double>> series;
  for (const auto& cells : read_cells(path)) {
    std::vector<double> values;
    for (std::size_t i = 1; i < cells.size(); ++i) {
      if (const auto value = parse_double(cells[i])) values.push_back(*value);
    }
    if (!values.empty()) series[cells[0]] = values;
  }
  return series;
}

/// Consecutive daily bars that hold only closes.
inline std::vector<domain::Bar> bars_of(const std::vector<double>& closes) {
  std::vector<domain::Bar> bars;
  for (double close : closes) {
    domain::Bar bar;
    bar.time = domain::Date{std::chrono::days{10000 + static_cast<int>(bars.size())}};
    bar.close = close;
    bars.push_back(bar);
  }
  return bars;
}

}  // namespace ara::support
