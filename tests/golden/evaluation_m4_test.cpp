// The scores and the benchmarks, against what the M4 competition published for its hourly series.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "evaluation/naive.h"
#include "evaluation/series.h"
#include "support/shared_data.h"

namespace ara::evaluation {
namespace {

using support::shared_data;

constexpr int kSeason = 24;
constexpr int kHorizon = 48;

std::vector<WideRow> read_table(std::string_view file) {
  std::ifstream stream(shared_data(file));
  std::stringstream text;
  text << stream.rdbuf();
  return parse_wide(text.str(), file).value();
}

std::vector<SeriesTask> hourly() {
  return pair_series(read_table("m4/Hourly-train.csv"), read_table("m4/Hourly-test.csv"), kSeason)
      .value();
}

using Method = std::vector<double> (*)(std::span<const double>);

std::vector<double> run_naive(std::span<const double> train) {
  return naive(train, kHorizon);
}
std::vector<double> run_snaive(std::span<const double> train) {
  return seasonal_naive(train, kSeason, kHorizon);
}
std::vector<double> run_naive2(std::span<const double> train) {
  return naive2(train, kSeason, kHorizon);
}

struct Benchmark {
  std::string name;  ///< in the published table and in the files of forecasts
  Method run;
};

class M4Hourly : public testing::TestWithParam<Benchmark> {};

SeriesScores mean_scores(Method run) {
  std::vector<SeriesScores> scores;
  for (const SeriesTask& task : hourly()) {
    scores.push_back(score_points(task, run(task.train), kSeason));
  }
  return mean_of(scores);
}

double published(const std::string& method, const std::string& score) {
  const auto rows = support::read_cells(shared_data("m4/M4_published_point_scores.csv"));
  const auto column = std::ranges::find(rows.front(), score) - rows.front().begin();
  const auto row = std::ranges::find(rows, method, [](const auto& cells) { return cells[0]; });
  return parse_double((*row)[static_cast<std::size_t>(column)]).value();
}

TEST_P(M4Hourly, ScoresAreThePublishedOnes) {
  ARA_NEEDS_SHARED_DATA();
  const SeriesScores scores = mean_scores(GetParam().run);
  const SeriesScores reference = mean_scores(run_naive2);
  EXPECT_NEAR(scores.smape, published(GetParam().name, "sMAPE_Hourly"), 5.01e-4);
  EXPECT_NEAR(scores.mase, published(GetParam().name, "MASE_Hourly"), 5.01e-4);
  // The published OWA is made of rounded scores.
  EXPECT_NEAR(owa(scores, reference), published(GetParam().name, "OWA_Hourly"), 5e-4);
}

TEST_P(M4Hourly, ForecastsAreTheOfficialOnes) {
  ARA_NEEDS_SHARED_DATA();
  const auto official =
      support::read_wide(shared_data("m4/forecasts/Hourly_" + GetParam().name + ".csv"));
  std::size_t seen = 0;
  for (const SeriesTask& task : hourly()) {
    const auto found = official.find(task.id);
    ASSERT_NE(found, official.end()) << task.id;
    const auto forecast = GetParam().run(task.train);
    ASSERT_EQ(forecast.size(), found->second.size());
    for (std::size_t h = 0; h < forecast.size(); ++h) {
      EXPECT_NEAR(forecast[h], found->second[h], 1e-6 * std::abs(found->second[h]) + 1e-6)
          << task.id << " h=" << h + 1;
    }
    ++seen;
  }
  EXPECT_EQ(seen, 414U);
}

INSTANTIATE_TEST_SUITE_P(Benchmarks, M4Hourly,
                         testing::Values(Benchmark{"Naive", run_naive},
                                         Benchmark{"sNaive", run_snaive},
                                         Benchmark{"Naive2", run_naive2}),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace ara::evaluation
