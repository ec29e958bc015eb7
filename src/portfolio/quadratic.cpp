#include "portfolio/quadratic.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace ara::portfolio {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kFeasible = 1e-11;   ///< a bound missed by less is kept, rows being of unit size
constexpr double kDependent = 1e-18;  ///< squared sine of the angle to the active rows
constexpr double kNoise = 1e-10;      ///< parts this small beside the largest are rounding

/// The state of the method: a point that is optimal for the active rows alone.
class DualActiveSet {
 public:
  DualActiveSet(const QuadraticProgram& program, const Eigen::LLT<Matrix>& factor)
      : program_(&program), factor_(&factor), x_(factor.solve(program.linear)) {}

  const Vector& x() const { return x_; }

  double slack(std::size_t row) const {
    const auto i = static_cast<Eigen::Index>(row);
    return program_->rows.row(i).dot(x_) - program_->bounds(i);
  }

  /// Makes `row` active, dropping others as needed; what it contradicts, where it cannot be.
  std::optional<Conflict> add(std::size_t row) {
    double multiplier = 0;
    while (true) {
      const Direction way = direction(row);
      const double missing = slack(row);
      const std::size_t blocking = first_to_leave(way.dual);
      const double dual_step =
          blocking == active_.size() ? kNever : multipliers_[blocking] / way.dual(at(blocking));
      const double full_step = way.dependent ? kNever : -missing / way.gain;
      if (way.dependent && std::abs(missing) <= kFeasible) return std::nullopt;  // says nothing new
      if (dual_step == kNever && full_step == kNever) return conflict(row, way.dual);

      const double step = std::min(dual_step, full_step);
      if (!way.dependent) x_ += step * way.primal;
      for (std::size_t j = 0; j < active_.size(); ++j) multipliers_[j] -= step * way.dual(at(j));
      multiplier += step;
      if (step == full_step) {
        active_.push_back(row);
        multipliers_.push_back(multiplier);
        return std::nullopt;
      }
      active_.erase(active_.begin() + static_cast<std::ptrdiff_t>(blocking));
      multipliers_.erase(multipliers_.begin() + static_cast<std::ptrdiff_t>(blocking));
    }
  }

 private:
  struct Direction {
    Vector primal;    ///< z: how x moves as the row's multiplier grows
    Vector dual;      ///< r: how the active rows' multipliers fall
    double gain = 0;  ///< of the row's slack along z
    bool dependent = false;
  };

  static double size_of(const Vector& v) { return v.size() == 0 ? 0 : v.cwiseAbs().maxCoeff(); }
  static Eigen::Index at(std::size_t i) { return static_cast<Eigen::Index>(i); }

  /// With G = LL', d = inv(L) n and inv(L) N = QR over the active rows N: the part of d within Q's
  /// range gives r, what is left gives z.
  Direction direction(std::size_t row) const {
    const auto n = x_.size();
    const auto q = at(active_.size());
    const auto lower = factor_->matrixL();
    const Vector d = lower.solve(program_->rows.row(at(row)).transpose());
    if (q == 0) return {factor_->matrixU().solve(d), Vector(0), d.squaredNorm(), false};
    Matrix normals(n, q);
    for (Eigen::Index j = 0; j < q; ++j) {
      normals.col(j) = program_->rows.row(at(active_[static_cast<std::size_t>(j)])).transpose();
    }
    lower.solveInPlace(normals);
    const Eigen::HouseholderQR<Matrix> qr(normals);
    Vector turned = d;
    turned.applyOnTheLeft(qr.householderQ().adjoint());
    Direction way;
    way.dual = qr.matrixQR().topRows(q).triangularView<Eigen::Upper>().solve(turned.head(q));
    way.gain = turned.tail(n - q).squaredNorm();
    way.dependent = way.gain <= kDependent * d.squaredNorm();
    if (way.dependent) return way;
    turned.head(q).setZero();
    turned.applyOnTheLeft(qr.householderQ());
    way.primal = factor_->matrixU().solve(turned);
    return way;
  }

  /// The active inequality whose multiplier gets to 0 first; the number of active rows for none.
  std::size_t first_to_leave(const Vector& dual) const {
    std::size_t first = active_.size();
    const double noise = kNoise * size_of(dual);
    double least = kNever;
    for (std::size_t j = 0; j < active_.size(); ++j) {
      if (active_[j] < program_->equalities || dual(at(j)) <= noise) continue;
      const double step = multipliers_[j] / dual(at(j));
      if (step < least) {
        least = step;
        first = j;
      }
    }
    return first;
  }

  /// The row is a combination of active ones, in the one way there is, as these are independent:
  /// hence those with a part in it, and no fewer, contradict it (Farkas).
  Conflict conflict(std::size_t row, const Vector& dual) const {
    Conflict found{{row}};
    const double noise = kNoise * size_of(dual);
    for (std::size_t j = 0; j < active_.size(); ++j) {
      if (std::abs(dual(at(j))) > noise) found.rows.push_back(active_[j]);
    }
    std::ranges::sort(found.rows);
    return found;
  }

  const QuadraticProgram* program_;
  const Eigen::LLT<Matrix>* factor_;
  Vector x_;
  std::vector<std::size_t> active_;
  std::vector<double> multipliers_;
};

/// The inequality that is missed by most; nothing where all hold.
std::optional<std::size_t> most_violated(const DualActiveSet& state, const QuadraticProgram& p) {
  std::optional<std::size_t> found;
  double worst = -kFeasible;
  for (std::size_t i = p.equalities; i < static_cast<std::size_t>(p.rows.rows()); ++i) {
    const double slack = state.slack(i) / p.rows.row(static_cast<Eigen::Index>(i)).norm();
    if (slack < worst) {
      worst = slack;
      found = i;
    }
  }
  return found;
}

}  // namespace

Result<std::variant<Vector, Conflict>> minimise(const QuadraticProgram& program) {
  const Eigen::LLT<Matrix> factor(program.hessian);
  if (factor.info() != Eigen::Success) {
    return fail(Code::internal, "The Hessian of a quadratic program is not positive definite");
  }
  DualActiveSet state(program, factor);
  for (std::size_t i = 0; i < program.equalities; ++i) {
    if (auto conflict = state.add(i)) return *std::move(conflict);
  }
  // The method is finite: each round ends at a lower optimum. The cap is for rounding alone.
  const auto rounds = 50 * (program.rows.rows() + program.rows.cols());
  for (Eigen::Index round = 0; round < rounds; ++round) {
    const auto row = most_violated(state, program);
    if (!row) return state.x();
    if (auto conflict = state.add(*row)) return *std::move(conflict);
  }
  return fail(Code::internal, "A quadratic program was not solved in its bound of rounds");
}

}  // namespace ara::portfolio
