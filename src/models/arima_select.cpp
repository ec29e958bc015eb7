#include "models/arima_select.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>

#include "models/unit_root.h"

namespace ara::models {
namespace {

constexpr double kClear = 1.001 * kRootsBeyond;
constexpr double kClearlyStationary = 1.02;  ///< shocks halve within 35 steps
constexpr std::size_t kTried = 94;           ///< models at most
constexpr std::size_t kExactWork = 6000;  ///< values times state up to which each is fitted exactly

/// What a step of the search adds to p, q, P and Q, or whether it turns the constant.
struct Move {
  int p, q, P, Q;
  bool constant;
};

/// In the order of R's forecast: the seasonal ones first.
constexpr std::array kMoves{
    Move{0, 0, -1, 0, false},  Move{0, 0, 0, -1, false},  Move{0, 0, 1, 0, false},
    Move{0, 0, 0, 1, false},   Move{0, 0, -1, -1, false}, Move{0, 0, -1, 1, false},
    Move{0, 0, 1, -1, false},  Move{0, 0, 1, 1, false},   Move{-1, 0, 0, 0, false},
    Move{0, -1, 0, 0, false},  Move{1, 0, 0, 0, false},   Move{0, 1, 0, 0, false},
    Move{-1, -1, 0, 0, false}, Move{-1, 1, 0, 0, false},  Move{1, -1, 0, 0, false},
    Move{1, 1, 0, 0, false},   Move{0, 0, 0, 0, true}};

/// The coefficients of one order as those of another, what is new being 0.
ArimaCoefficients as_of(const ArimaOrder& order, const ArimaFit& fit) {
  ArimaCoefficients result;
  auto out = result.values.begin();
  const auto take = [&](std::span<const double> from, int count) {
    const auto n = std::min(from.size(), static_cast<std::size_t>(count));
    std::copy_n(from.begin(), n, out);
    out += count;
  };
  take(fit.coefficients.ar(fit.order), order.p);
  take(fit.coefficients.ma(fit.order), order.q);
  take(fit.coefficients.seasonal_ar(fit.order), order.P);
  take(fit.coefficients.seasonal_ma(fit.order), order.Q);
  return result;
}

/// Whether the roots keep clear of the unit circle. A moving average that does not undoes a
/// difference, or a root of the autoregression: a simpler model says the same. An autoregression
/// that does not is a random walk by another name, which the tests have ruled out where they ask
/// for no difference: it would carry a burst at the end on for years.
bool is_clear(const ArimaFit& fit) {
  const ArimaOrder& order = fit.order;
  const ArimaOrder autoregression{.p = order.p};
  return invertible(fit.coefficients.ma(order), kClear) &&
         (order.lost() > 0 || admissible(autoregression, fit.coefficients, kClearlyStationary));
}

class Search {
 public:
  Search(const ArimaEstimator& estimator, const ArimaOrder& differences, std::size_t values)
      : estimator_(estimator), base_(differences) {
    const auto most = [&](int limit, std::size_t each) {
      return std::min(limit, static_cast<int>(values / 3 / each));
    };
    const auto season = static_cast<std::size_t>(base_.m);
    most_ = {.p = most(ArimaOrder::kMost, 1), .q = most(ArimaOrder::kMost, 1)};
    if (season > 1) {
      most_.P = most_.Q = most(ArimaOrder::kMostSeasonal, season);
      most_.p = std::min(most_.p, base_.m - 1);
      most_.q = std::min(most_.q, base_.m - 1);
    }
    may_have_constant_ = base_.d + base_.D <= 1;
  }

  /// Every model tried, best first.
  std::vector<ArimaFit> run() {
    const bool tiny = estimator_.size() < 10;
    const int two = tiny ? 1 : 2;
    const int one = tiny ? 0 : 1;
    consider(made(two, two, one, one, may_have_constant_));
    consider(made(0, 0, 0, 0, may_have_constant_));
    consider(made(1, 0, 1, 0, may_have_constant_));
    consider(made(0, 1, 0, 1, may_have_constant_));
    if (may_lack_constant()) consider(made(0, 0, 0, 0, false));
    for (bool moved = true; moved && best_.has_value();) {
      moved = false;
      for (const Move& move : kMoves) {
        if (tried_.size() >= kTried) break;
        if ((moved = step(move))) break;
      }
    }
    std::ranges::stable_sort(found_, {}, &ArimaFit::aicc);
    return std::move(found_);
  }

 private:
  ArimaOrder made(int p, int q, int P, int Q, bool constant) const {
    ArimaOrder order = base_;
    order.p = std::min(p, most_.p);
    order.q = std::min(q, most_.q);
    order.P = std::min(P, most_.P);
    order.Q = std::min(Q, most_.Q);
    order.constant = constant;
    return order;
  }

  /// A level that is not differenced has a mean.
  bool may_lack_constant() const { return base_.d + base_.D > 0; }

  bool step(const Move& move) {
    ArimaOrder order = best_->order;
    order.p += move.p;
    order.q += move.q;
    order.P += move.P;
    order.Q += move.Q;
    if (move.constant) order.constant = !order.constant;
    const bool inside = std::min({order.p, order.q, order.P, order.Q}) >= 0 && order.p <= most_.p &&
                        order.q <= most_.q && order.P <= most_.P && order.Q <= most_.Q &&
                        (order.constant ? may_have_constant_ : may_lack_constant());
    return inside && consider(order);
  }

  /// Fits a model that was not tried yet; whether it is the best so far.
  bool consider(const ArimaOrder& order) {
    if (std::ranges::contains(tried_, order)) return false;
    tried_.push_back(order);
    auto fit = estimator_.conditional(order, best_ ? as_of(order, *best_) : ArimaCoefficients{});
    if (!fit) return false;
    const auto state = static_cast<std::size_t>(
        std::max({order.p + order.P * order.m, order.q + order.Q * order.m, 1}));
    if (estimator_.size() * state <= kExactWork) {
      if (auto exact = estimator_.exact(*fit)) fit = exact;
    }
    if (!is_clear(*fit)) return false;
    found_.push_back(*fit);
    if (best_ && !(fit->aicc < best_->aicc)) return false;
    best_ = fit;
    return true;
  }

  const ArimaEstimator& estimator_;
  ArimaOrder base_;
  ArimaOrder most_;
  bool may_have_constant_ = false;
  std::vector<ArimaOrder> tried_;
  std::vector<ArimaFit> found_;
  std::optional<ArimaFit> best_;
};

double mean_of(std::span<const double> values) {
  double above = 0;  // the first, which is the mean, to the bit, where nothing varies
  for (double v : values) above += (v - values.front()) / static_cast<double>(values.size());
  return values.front() + above;
}

/// Where no model can be fitted: the differences as independent errors about their mean.
ArimaFit plain(const ArimaOrder& differences, std::span<const double> w, double largest) {
  ArimaFit fit{.order = differences};
  fit.order.constant = differences.d + differences.D <= 1;
  fit.mean = fit.order.constant ? mean_of(w) : 0;
  if (is_constant(w, largest)) return fit;
  double low = 0;
  for (double v : w) low = std::max(low, std::abs(v - fit.mean));
  double squares = 0;
  for (double v : w) squares += (v - fit.mean) / low * ((v - fit.mean) / low);
  fit.variance = squares * low * low / static_cast<double>(w.size());
  return fit;
}

}  // namespace

ArimaFit select_arima(std::span<const double> values, int season) {
  const bool seasonal = season > 1 && values.size() > 2 * static_cast<std::size_t>(season);
  ArimaOrder order{.m = seasonal ? season : 1};
  if (seasonal) order.D = seasonal_differences_needed(values, season);
  order.d = differences_needed(differenced(values, 0, order.D, order.m));
  double largest = 0;
  for (double v : values) largest = std::max(largest, std::abs(v));
  const auto w = differenced(values, order.d, order.D, order.m);
  if (is_constant(w, largest)) return plain(order, w, largest);
  const ArimaEstimator estimator(w);
  for (const ArimaFit& fit : Search(estimator, order, values.size()).run()) {
    const auto exact = estimator.exact(fit);
    if (exact && is_clear(*exact)) return *exact;
  }
  return plain(order, w, largest);
}

}  // namespace ara::models
