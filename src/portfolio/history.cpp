#include "portfolio/history.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"

namespace ara::portfolio {
namespace {

using domain::Bar;
using domain::Series;

/// How far along each series is; all move on to the next time that every series has.
class Cursor {
 public:
  explicit Cursor(std::span<const Series> series) : series_(series), at_(series.size(), 0) {}

  /// False where some series has no more.
  bool find_common() {
    while (true) {
      domain::Time latest = domain::Time::min();
      for (std::size_t i = 0; i < series_.size(); ++i) {
        if (at_[i] == series_[i].bars.size()) return false;
        latest = std::max(latest, bar(i).time);
      }
      bool all = true;
      for (std::size_t i = 0; i < series_.size(); ++i) {
        while (at_[i] < series_[i].bars.size() && bar(i).time < latest) ++at_[i];
        all = all && at_[i] < series_[i].bars.size() && bar(i).time == latest;
      }
      if (all) return true;
    }
  }
  void advance() {
    for (std::size_t& at : at_) ++at;
  }
  const Bar& bar(std::size_t i) const { return series_[i].bars[at_[i]]; }

 private:
  std::span<const Series> series_;
  std::vector<std::size_t> at_;
};

Result<void> check_moves(const History& history) {
  for (Eigen::Index i = 0; i < history.returns.cols(); ++i) {
    const auto column = history.returns.col(i);
    if ((column.array() == column(0)).all()) {
      return invalid("assets", history.assets[static_cast<std::size_t>(i)],
                     "symbols whose price moves over the period");
    }
  }
  return {};
}

Matrix demeaned(const Matrix& returns) {
  return returns.rowwise() - returns.colwise().mean();
}

/// The two assets that are most alike.
std::pair<Eigen::Index, Eigen::Index> closest(const Matrix& covariance) {
  std::pair<Eigen::Index, Eigen::Index> pair{0, 1};
  double most = -1;
  for (Eigen::Index i = 0; i < covariance.rows(); ++i) {
    for (Eigen::Index j = i + 1; j < covariance.cols(); ++j) {
      const double r = std::abs(covariance(i, j)) / std::sqrt(covariance(i, i) * covariance(j, j));
      if (r > most) {
        most = r;
        pair = {i, j};
      }
    }
  }
  return pair;
}

}  // namespace

std::vector<double> History::of_portfolio(const Vector& weights) const {
  const Vector together = returns * weights;
  return {together.begin(), together.end()};
}

Result<History> align(std::span<const Series> series, domain::Date from) {
  History history;
  for (const Series& one : series) {
    const std::string& name = one.symbol.text();
    if (std::ranges::contains(history.assets, name)) {
      return invalid("assets", name, "each symbol once");
    }
    history.assets.push_back(name);
    history.asset_types.push_back(one.asset_type);
    const double sessions = domain::describe(one.asset_type).days_per_year;
    history.sessions_a_year =
        history.assets.size() == 1 ? sessions : std::min(history.sessions_a_year, sessions);
  }
  std::vector<double> before, flat;
  for (Cursor cursor(series); cursor.find_common(); cursor.advance()) {
    std::vector<double> now;
    for (std::size_t i = 0; i < series.size(); ++i) {
      now.push_back(domain::value_close(cursor.bar(i)));
    }
    const domain::Date date = domain::date_of(cursor.bar(0).time);
    if (date >= from && !before.empty()) {
      for (std::size_t i = 0; i < now.size(); ++i) {
        if (now[i] <= 0 || before[i] <= 0) {
          return invalid("assets", history.assets[i],
                         "symbols whose prices are positive: others have no return");
        }
        flat.push_back(now[i] / before[i] - 1);
      }
      history.dates.push_back(date);
    }
    before = std::move(now);
  }
  if (history.dates.size() < History::kLeast) {
    return invalid("period", ara::format("{} sessions in common", history.dates.size()),
                   ara::format("a period in which all assets have at least {} sessions in common",
                               History::kLeast));
  }
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  history.returns =
      Eigen::Map<const RowMajor>(flat.data(), static_cast<Eigen::Index>(history.dates.size()),
                                 static_cast<Eigen::Index>(series.size()));
  if (auto moves = check_moves(history); !moves) return std::unexpected(std::move(moves.error()));
  return history;
}

Vector annual_means(const History& history) {
  return history.returns.colwise().mean().transpose() * history.sessions_a_year;
}

Result<Covariance> shrunk_covariance(const History& history) {
  const Matrix x = demeaned(history.returns);
  const auto n = x.cols();
  const auto count = static_cast<double>(x.rows());
  const Matrix sample = x.transpose() * x / count;
  const Vector deviation = sample.diagonal().cwiseSqrt();
  const Matrix correlation =
      deviation.cwiseInverse().asDiagonal() * sample * deviation.cwiseInverse().asDiagonal();
  const auto pairs = static_cast<double>(n * (n - 1));
  const double mean = n < 2 ? 0 : (correlation.sum() - correlation.trace()) / pairs;
  Matrix target = mean * deviation * deviation.transpose();
  target.diagonal() = sample.diagonal();

  // pi: how uncertain the sample's entries are; rho: how they move with the target's; gamma: how
  // far the target is off.
  const Matrix squares = x.cwiseAbs2();
  const Matrix pi = squares.transpose() * squares / count - sample.cwiseAbs2();
  // theta(i, j): the covariance of the estimates of s_ii and s_ij.
  const Matrix theta = (squares.cwiseProduct(x)).transpose() * x / count -
                       deviation.cwiseAbs2().asDiagonal() * sample;
  double rho = pi.trace();
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) {
      if (i != j) rho += mean * deviation(j) / deviation(i) * theta(i, j);
    }
  }
  const double gamma = (target - sample).squaredNorm();
  const double kappa = gamma > 1e-12 * sample.squaredNorm() ? (pi.sum() - rho) / gamma : 0;
  Covariance covariance{.matrix = {}, .shrinkage = std::clamp(kappa / count, 0.0, 1.0)};
  covariance.matrix = (covariance.shrinkage * target + (1 - covariance.shrinkage) * sample) *
                      history.sessions_a_year;

  const Vector scale = covariance.matrix.diagonal().cwiseSqrt().cwiseInverse();
  const Eigen::SelfAdjointEigenSolver<Matrix> spectrum(
      scale.asDiagonal() * covariance.matrix * scale.asDiagonal(), Eigen::EigenvaluesOnly);
  if (spectrum.eigenvalues().minCoeff() < 1e-9) {
    const auto [i, j] = closest(covariance.matrix);
    const auto name = [&](Eigen::Index k) { return history.assets[static_cast<std::size_t>(k)]; };
    return invalid("assets", name(i) + ", " + name(j),
                   "assets none of which is made of the others; these two are most alike");
  }
  return covariance;
}

Matrix correlations(const Matrix& returns) {
  const Matrix x = demeaned(returns);
  const Matrix product = x.transpose() * x;
  const Vector scale = product.diagonal().cwiseSqrt().cwiseInverse();
  Matrix found = scale.asDiagonal() * product * scale.asDiagonal();
  found.diagonal().setOnes();
  return found.cwiseMax(-1.0).cwiseMin(1.0);
}

}  // namespace ara::portfolio
