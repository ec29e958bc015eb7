#include "portfolio/constraints.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/format.h"
#include "portfolio/quadratic.h"

namespace ara::portfolio {
namespace {

constexpr std::string_view kBudget = "the weights sum to 1";
constexpr double kZero = 1e-10;  ///< weights this small are rounding

Result<void> within(std::string_view field, double value, double least, double most) {
  if (std::isfinite(value) && value >= least && value <= most) return {};
  return invalid(ara::format("constraints.{}", field), ara::format("{}", value),
                 ara::format("a number from {} to {}", least, most));
}

}  // namespace

Result<Region> Region::make(std::span<const std::string> assets, const Constraints& given) {
  for (const auto& fine :
       {within("min_weight", given.min_weight, -1, 1), within("max_weight", given.max_weight, 0, 2),
        within("max_concentration", given.max_concentration.value_or(1), 0, 2)}) {
    if (!fine) return std::unexpected(fine.error());
  }
  Region region;
  const auto n = region.assets_ = static_cast<Eigen::Index>(assets.size());
  region.rows_.push_back({Vector::Ones(n), 1, std::string(kBudget), {}, {}});
  for (Eigen::Index i = 0; i < n; ++i) {
    const Vector one = Vector::Unit(n, i);
    const std::string& asset = assets[static_cast<std::size_t>(i)];
    const auto at_least = [&](std::string_view name, double limit) {
      region.rows_.push_back(
          {one, limit, std::string(name), ara::format("at least {}", limit), asset});
    };
    const auto at_most = [&](std::string_view name, double limit) {
      region.rows_.push_back(
          {-one, -limit, std::string(name), ara::format("at most {}", limit), asset});
    };
    at_least("min_weight", given.min_weight);
    at_most("max_weight", given.max_weight);
    if (!given.max_concentration) continue;
    at_most("max_concentration", *given.max_concentration);
    if (given.min_weight < 0) at_least("max_concentration", -*given.max_concentration);
  }
  for (const GroupLimit& group : given.groups) {
    Vector sum = Vector::Zero(n);
    for (const std::size_t member : group.members) sum(static_cast<Eigen::Index>(member)) = -1;
    if (sum.isZero()) continue;
    region.rows_.push_back(
        {sum, -group.limit, group.name, ara::format("at most {}", group.limit), {}});
  }
  return region;
}

Result<Vector> Region::minimise(const Matrix& hessian, const Vector& linear) const {
  const auto count = static_cast<Eigen::Index>(rows_.size());
  QuadraticProgram program{.hessian = hessian,
                           .linear = linear,
                           .rows = Matrix(count, assets_),
                           .bounds = Vector(count),
                           .equalities = 1};
  for (Eigen::Index i = 0; i < count; ++i) {
    program.rows.row(i) = rows_[static_cast<std::size_t>(i)].normal.transpose();
    program.bounds(i) = rows_[static_cast<std::size_t>(i)].bound;
  }
  auto solved = portfolio::minimise(program);
  if (!solved) return std::unexpected(std::move(solved.error()));
  if (const auto* conflict = std::get_if<Conflict>(&*solved)) {
    return std::unexpected(contradiction(conflict->rows));
  }
  Vector weights = std::get<Vector>(std::move(*solved));
  for (double& weight : weights) {
    if (std::abs(weight) < kZero) weight = 0;
  }
  return weights;
}

Result<Vector> Region::nearest_to_equal() const {
  const Vector equal = Vector::Constant(assets_, 1 / static_cast<double>(assets_));
  return minimise(Matrix::Identity(assets_, assets_), equal);
}

Error Region::contradiction(std::span<const std::size_t> rows) const {
  std::string field;
  std::vector<std::pair<std::string, std::string>> told;  // a limit, and the assets it is hit by
  for (const std::size_t i : rows) {
    const Row& row = rows_[i];
    if (row.constraint != kBudget && field.empty()) field = "constraints." + row.constraint;
    const std::string limit = row.limit.empty() ? row.constraint : row.constraint + " " + row.limit;
    auto known = std::ranges::find(told, limit, &std::pair<std::string, std::string>::first);
    if (known == told.end()) known = told.insert(known, {limit, ""});
    known->second += (known->second.empty() ? "" : ", ") + row.asset;
  }
  std::string text;
  for (const auto& [limit, of] : told) {
    text += (text.empty() ? "" : "; ") + limit + (of.empty() ? "" : " (" + of + ")");
  }
  return {.code = Code::invalid,
          .message = "No weights satisfy these together: " + text,
          .field = field,
          .value = printable(text),
          .allowed =
              "constraints that some weights satisfy together; with any one of these left "
              "out, some would"};
}

}  // namespace ara::portfolio
