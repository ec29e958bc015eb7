// The value at risk that the portfolio resources state, walked forward over real portfolios.
#include <gtest/gtest.h>

#include <algorithm>

#include "portfolio/history.h"
#include "portfolio/performance.h"
#include "support/shared_data.h"

namespace ara::portfolio {
namespace {

constexpr std::size_t kWindow = 504;  ///< two years, the default period of an optimisation
constexpr std::size_t kTogether = 10;

/// Equally weighted portfolios of ten stocks each, in the order of their names.
std::vector<std::vector<double>> portfolios() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(support::shared_data("equities"))) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<std::vector<double>> all;
  for (std::size_t first = 0; first + kTogether <= files.size(); first += kTogether) {
    std::vector<domain::Series> series;
    for (std::size_t i = first; i < first + kTogether; ++i) {
      series.push_back({.symbol = domain::Symbol::parse(files[i].stem().string()).value(),
                        .bars = support::read_bars(files[i])});
    }
    const auto history = align(series, domain::Date{});
    if (!history) continue;
    all.push_back(history->of_portfolio(Vector::Constant(kTogether, 1.0 / kTogether)));
  }
  return all;
}

TEST(ValueAtRisk, IsExceededAboutAsOftenAsStatedOnRealPortfolios) {
  ARA_NEEDS_SHARED_DATA();
  std::size_t tested = 0, rejected = 0, tail_rejected = 0, violations = 0, observations = 0;
  for (const auto& returns : portfolios()) {
    if (returns.size() < kWindow + 500) continue;
    const TailBacktest test = backtest_tail(returns, kWindow);
    ++tested;
    rejected += test.var.p_value < 0.01 ? 1 : 0;
    tail_rejected += test.cvar_p_value.value_or(1) < 0.01 ? 1 : 0;
    violations += test.var.violations;
    observations += test.var.observations;
  }
  ASSERT_GE(tested, 5U);
  const double rate = static_cast<double>(violations) / static_cast<double>(observations);
  EXPECT_NEAR(rate, kTail, 0.005);
  EXPECT_EQ(rejected, 0U);
  EXPECT_EQ(tail_rejected, 0U);
}

}  // namespace
}  // namespace ara::portfolio
