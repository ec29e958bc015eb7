#include "portfolio/quadratic.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "domain/quantile_function.h"

namespace ara::portfolio {
namespace {

class Random {
 public:
  explicit Random(std::uint64_t seed) : rng_(seed) {}
  double normal() { return domain::normal_quantile(1e-9 + (1 - 2e-9) * rng_.uniform()); }
  Matrix matrix(Eigen::Index rows, Eigen::Index columns) {
    return Matrix::NullaryExpr(rows, columns, [this] { return normal(); });
  }
  std::uint32_t below(std::uint32_t bound) { return rng_.below(bound); }

 private:
  Rng rng_;
};

/// A program with a known feasible point, some of its rows tight there.
QuadraticProgram feasible_program(Random& random, Eigen::Index n, Eigen::Index rows) {
  const Matrix root = random.matrix(n, n);
  const Vector inside = random.matrix(n, 1);
  QuadraticProgram program{.hessian = root * root.transpose() + 0.1 * Matrix::Identity(n, n),
                           .linear = 3 * random.matrix(n, 1),
                           .rows = random.matrix(rows, n),
                           .bounds = Vector(rows),
                           .equalities = 1};
  program.bounds = program.rows * inside;
  for (Eigen::Index i = 1; i < rows; ++i) program.bounds(i) -= random.below(3);
  return program;
}

/// The conditions of Karush, Kuhn and Tucker: feasible, and the gradient is a combination of the
/// tight rows, those of inequalities with multipliers of at least 0.
void expect_optimal(const QuadraticProgram& program, const Vector& x) {
  const Vector slack = program.rows * x - program.bounds;
  EXPECT_NEAR(slack(0), 0, 1e-9);
  EXPECT_GE(slack.minCoeff(), -1e-9);
  std::vector<Eigen::Index> tight;
  for (Eigen::Index i = 0; i < slack.size(); ++i) {
    if (std::abs(slack(i)) < 1e-8) tight.push_back(i);
  }
  const Matrix normals = program.rows(tight, Eigen::all).transpose();
  const Vector gradient = program.hessian * x - program.linear;
  const Vector multipliers = normals.completeOrthogonalDecomposition().solve(gradient);
  EXPECT_LT((normals * multipliers - gradient).cwiseAbs().maxCoeff(), 1e-7);
  if (normals.cols() > normals.rows()) return;  // then they are not unique
  for (Eigen::Index i = 0; i < multipliers.size(); ++i) {
    const bool equality = tight[static_cast<std::size_t>(i)] == 0;
    EXPECT_TRUE(equality || multipliers(i) >= -1e-7) << multipliers(i);
  }
}

TEST(QuadraticProgram, WithoutTightRowsItIsALinearSystem) {
  Random random(1);
  QuadraticProgram program = feasible_program(random, 5, 3);
  program.equalities = 0;
  program.bounds.setConstant(-1e6);
  const auto solved = minimise(program);
  ASSERT_TRUE(solved);
  const Vector x = std::get<Vector>(*solved);
  EXPECT_LT((program.hessian * x - program.linear).cwiseAbs().maxCoeff(), 1e-10);
}

TEST(QuadraticProgram, RandomOnesSatisfyTheOptimalityConditions) {
  Random random(2);
  for (int i = 0; i < 400; ++i) {
    SCOPED_TRACE(i);
    const auto n = static_cast<Eigen::Index>(1 + random.below(12));
    const auto rows = static_cast<Eigen::Index>(1 + random.below(30));
    const QuadraticProgram program = feasible_program(random, n, rows);
    const auto solved = minimise(program);
    ASSERT_TRUE(solved) << solved.error().message;
    ASSERT_TRUE(std::holds_alternative<Vector>(*solved));
    expect_optimal(program, std::get<Vector>(*solved));
  }
}

TEST(QuadraticProgram, RowsThatAreThereTwiceDoNoHarm) {
  Random random(3);
  for (int i = 0; i < 100; ++i) {
    QuadraticProgram program = feasible_program(random, 6, 10);
    const Vector once = std::get<Vector>(minimise(program).value());
    program.rows = program.rows.replicate(3, 1).eval();
    program.bounds = program.bounds.replicate(3, 1).eval();
    const Vector thrice = std::get<Vector>(minimise(program).value());
    EXPECT_LT((once - thrice).cwiseAbs().maxCoeff(), 1e-9);
  }
}

/// Whether the rows numbered leave any x.
bool feasible(QuadraticProgram program, const std::vector<std::size_t>& rows) {
  std::vector<Eigen::Index> chosen(rows.begin(), rows.end());
  program.equalities = !rows.empty() && rows[0] == 0 ? 1 : 0;
  program.rows = Matrix(program.rows(chosen, Eigen::all));
  program.bounds = Vector(program.bounds(chosen));
  return std::holds_alternative<Vector>(minimise(program).value());
}

TEST(QuadraticProgram, AConflictIsOneAndNoRowOfItCanBeSpared) {
  Random random(4);
  int conflicts = 0;
  for (int i = 0; i < 300; ++i) {
    SCOPED_TRACE(i);
    QuadraticProgram program = feasible_program(random, 5, 12);
    for (Eigen::Index row = 1; row < 12; ++row) program.bounds(row) += random.below(4);
    const auto solved = minimise(program);
    ASSERT_TRUE(solved) << solved.error().message;
    const auto* conflict = std::get_if<Conflict>(&*solved);
    if (conflict == nullptr) continue;
    ++conflicts;
    EXPECT_FALSE(feasible(program, conflict->rows));
    for (std::size_t spared = 0; spared < conflict->rows.size(); ++spared) {
      auto rest = conflict->rows;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(spared));
      EXPECT_TRUE(feasible(program, rest));
    }
  }
  EXPECT_GT(conflicts, 50);
}

TEST(QuadraticProgram, AHessianThatIsNotPositiveDefiniteIsRefused) {
  const auto solved = minimise({.hessian = -Matrix::Identity(2, 2),
                                .linear = Vector::Zero(2),
                                .rows = Matrix::Zero(0, 2),
                                .bounds = Vector(0)});
  ASSERT_FALSE(solved);
  EXPECT_EQ(solved.error().code, Code::internal);
}

}  // namespace
}  // namespace ara::portfolio
