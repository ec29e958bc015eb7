// Against R: quadprog 1.5-8 and direct sums; tests/golden/portfolio/oracle.R made the table.
#include <gtest/gtest.h>

#include <map>

#include "portfolio/optimise.h"
#include "support/shared_data.h"

namespace ara::portfolio {
namespace {

constexpr double kAgree = 1e-6;

std::filesystem::path table(std::string_view name) {
  const char* checkout = std::getenv("ARA_DIR");
  return std::filesystem::path(checkout ? checkout : ".") / "tests/golden/portfolio" / name;
}

/// The returns that R saw.
History history() {
  const auto rows = support::read_cells(table("returns.csv"));
  History made;
  made.returns =
      Matrix(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(rows.at(0).size()));
  for (std::size_t t = 0; t < rows.size(); ++t) {
    for (std::size_t i = 0; i < rows[t].size(); ++i) {
      made.returns(static_cast<Eigen::Index>(t), static_cast<Eigen::Index>(i)) =
          parse_double(rows[t][i]).value();
    }
  }
  for (std::size_t i = 0; i < rows[0].size(); ++i) made.assets.push_back("A" + std::to_string(i));
  return made;
}

const std::map<std::string, std::vector<double>>& oracle() {
  static const auto values = [] {
    std::map<std::string, std::vector<double>> found;
    const auto rows = support::read_cells(table("oracle.csv"));
    for (std::size_t i = 1; i < rows.size(); ++i) {
      found[rows[i].at(0)].push_back(parse_double(rows[i].at(2)).value());
    }
    return found;
  }();
  return values;
}

Constraints constraints(const std::string& name) {
  Constraints made;
  if (name == "capped") {
    made.max_weight = 0.25;
    made.groups = {{"sector_limits.tech", {0, 1, 2}, 0.35}};
  } else if (name == "short") {
    made.min_weight = -0.2;
    made.max_weight = 0.5;
  }
  return made;
}

void expect_weights(const std::string& name, const Order& order) {
  SCOPED_TRACE(name);
  const auto optimum = optimise(history(), order);
  ASSERT_TRUE(optimum) << optimum.error().message;
  const auto& theirs = oracle().at(name);
  ASSERT_EQ(static_cast<std::size_t>(optimum->weights.size()), theirs.size());
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    EXPECT_NEAR(optimum->weights(static_cast<Eigen::Index>(i)), theirs[i], kAgree) << i;
  }
}

TEST(PortfolioOracle, ShrunkCovariance) {
  const auto ours = shrunk_covariance(history());
  ASSERT_TRUE(ours);
  EXPECT_NEAR(ours->shrinkage, oracle().at("shrinkage")[0], 1e-12);
  const auto& theirs = oracle().at("covariance");
  ASSERT_EQ(static_cast<std::size_t>(ours->matrix.size()), theirs.size());
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    EXPECT_NEAR(ours->matrix.reshaped()(static_cast<Eigen::Index>(i)), theirs[i], 1e-12);
  }
}

TEST(PortfolioOracle, EachTable) {
  std::size_t compared = 0;
  for (const auto& [name, weights] : oracle()) {
    const std::size_t first = name.find('/');
    if (first == std::string::npos) continue;
    const std::size_t second = name.find('/', first + 1);
    const std::string middle = name.substr(first + 1, second - first - 1);
    Order order{.method = find_method(name.substr(0, first)).value(),
                .constraints = constraints(name.substr(second + 1)),
                .views = {},
                .reference = {}};
    if (const auto tolerance = find_tolerance(middle)) order.tolerance = *tolerance;
    if (middle == "views") order.views = {{1, 0.12}, {4, -0.03}};
    expect_weights(name, order);
    ++compared;
  }
  EXPECT_EQ(compared, 9U + 6U + 2U + 4U);
}

TEST(PortfolioOracle, PosteriorMeans) {
  const History data = history();
  const auto& row = *find_method("black_litterman").value();
  const auto covariance = shrunk_covariance(data);
  ASSERT_TRUE(covariance);
  const auto region = Region::make(data.assets, {});
  const Vector means = annual_means(data);
  const Vector equal = Vector::Constant(8, 1.0 / 8);
  const std::vector<View> views{{1, 0.12}, {4, -0.03}};
  const auto choice = row.choose({.history = data,
                                  .covariance = covariance->matrix,
                                  .means = means,
                                  .region = *region,
                                  .tolerance = tolerances().front(),
                                  .views = views,
                                  .reference = equal});
  ASSERT_TRUE(choice);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_NEAR(choice->means(static_cast<Eigen::Index>(i)),
                oracle().at("black_litterman_means")[i], 1e-12);
  }
}

}  // namespace
}  // namespace ara::portfolio
