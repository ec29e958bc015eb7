#include "models/arima_filter.h"

#include <algorithm>
#include <cmath>

namespace ara::models {
namespace {

using Polynomial = std::vector<double>;  // of B, from B^0 on

/// 1 + sign (c(1) B^lag + c(2) B^2lag …).
Polynomial polynomial(std::span<const double> coefficients, int lag, double sign) {
  Polynomial result(coefficients.size() * static_cast<std::size_t>(lag) + 1, 0.0);
  result[0] = 1;
  for (std::size_t i = 0; i < coefficients.size(); ++i) {
    result[(i + 1) * static_cast<std::size_t>(lag)] = sign * coefficients[i];
  }
  return result;
}

Polynomial product(const Polynomial& a, const Polynomial& b) {
  Polynomial result(a.size() + b.size() - 1, 0.0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == 0) continue;
    for (std::size_t j = 0; j < b.size(); ++j) result[i + j] += a[i] * b[j];
  }
  return result;
}

/// Autocovariances 0 .. `last` of the AR process with unit errors, by Levinson's recursion: down to
/// the partial autocorrelations, then up again. Nothing where it is not stationary.
std::optional<std::vector<double>> ar_covariances(std::span<const double> ar, std::size_t last) {
  std::size_t degree = ar.size();
  while (degree > 0 && ar[degree - 1] == 0) --degree;
  // Row k (1 to degree) holds the k coefficients of the process of order k.
  const auto row = [](std::size_t k) { return k * (k - 1) / 2; };
  std::vector<double> rows(row(degree + 1), 0.0);
  std::ranges::copy(ar.first(degree), rows.begin() + static_cast<std::ptrdiff_t>(row(degree)));
  double product = 1;
  for (std::size_t k = degree; k > 0; --k) {
    const double* from = &rows[row(k)];
    const double partial = from[k - 1];
    const double left = 1 - partial * partial;
    if (!(left > 1e-13)) return std::nullopt;
    product *= left;
    for (std::size_t i = 0; i + 1 < k; ++i) {
      rows[row(k - 1) + i] = (from[i] + partial * from[k - 2 - i]) / left;
    }
  }
  std::vector<double> covariances(last + 1, 0.0);
  if (!(product > 1e-200)) return std::nullopt;
  covariances[0] = 1 / product;
  double error = covariances[0];
  for (std::size_t k = 1; k <= std::min(degree, last); ++k) {
    const double partial = rows[row(k) + k - 1];
    double sum = partial * error;
    for (std::size_t i = 1; i < k; ++i) sum += rows[row(k - 1) + i - 1] * covariances[k - i];
    covariances[k] = sum;
    error *= 1 - partial * partial;
  }
  for (std::size_t k = degree + 1; k <= last; ++k) {
    double sum = 0;
    for (std::size_t i = 1; i <= degree; ++i) sum += ar[i - 1] * covariances[k - i];
    covariances[k] = sum;
  }
  return covariances;
}

/// Autocovariances 0 .. size - 1 of the ARMA process: those of its AR part, filtered twice.
std::optional<std::vector<double>> arma_covariances(const Arma& arma) {
  const std::size_t size = arma.ar.size();
  Polynomial ma(arma.ma);
  ma.insert(ma.begin(), 1.0);
  while (ma.back() == 0) ma.pop_back();
  const auto plain = ar_covariances(arma.ar, size + ma.size() - 2);
  if (!plain) return std::nullopt;
  std::vector<double> result(size, 0.0);
  for (std::size_t lag = 0; lag < ma.size(); ++lag) {
    double weight = 0;
    for (std::size_t i = 0; i + lag < ma.size(); ++i) weight += ma[i] * ma[i + lag];
    if (weight == 0) continue;
    for (std::size_t j = 0; j < size; ++j) {
      result[j] += weight * (*plain)[j > lag ? j - lag : lag - j];
      if (lag > 0) result[j] += weight * (*plain)[j + lag];
    }
  }
  return result;
}

/// psi(0) .. psi(size - 1): what an error adds to the value that many steps later.
std::vector<double> arma_weights(const Arma& arma) {
  std::vector<double> psi(arma.ar.size(), 0.0);
  psi[0] = 1;
  for (std::size_t j = 1; j < psi.size(); ++j) {
    psi[j] = arma.ma[j - 1];
    for (std::size_t k = 1; k <= j; ++k) psi[j] += arma.ar[k - 1] * psi[j - k];
  }
  return psi;
}

/// Whether every root of 1 - c(1) z - c(2) z^2 …, or with `moving_average` of 1 + c(1) z …, is
/// further from the origin than `radius`.
bool roots_beyond(std::span<const double> coefficients, double radius, bool moving_average) {
  std::array<double, ArimaOrder::kMost> c{};
  double power = moving_average ? -1 : 1;
  for (std::size_t i = 0; i < coefficients.size(); ++i) {
    power *= radius;
    c[i] = coefficients[i] * power;
  }
  for (std::size_t k = coefficients.size(); k > 0; --k) {  // step down to partial autocorrelations
    const double partial = c[k - 1];
    if (!(std::abs(partial) < 1)) return false;
    const auto from = c;
    for (std::size_t i = 0; i + 1 < k; ++i) {
      c[i] = (from[i] + partial * from[k - 2 - i]) / (1 - partial * partial);
    }
  }
  return true;
}

struct Part {
  std::size_t first;
  int count;
  bool moving_average;
};

std::array<Part, 4> parts_of(const ArimaOrder& order) {
  const auto at = [](int place) { return static_cast<std::size_t>(place); };
  return {Part{0, order.p, false}, Part{at(order.p), order.q, true},
          Part{at(order.p + order.q), order.P, false},
          Part{at(order.p + order.q + order.P), order.Q, true}};
}

}  // namespace

bool invertible(std::span<const double> ma, double radius) {
  return roots_beyond(ma, radius, true);
}

bool admissible(const ArimaOrder& order, const ArimaCoefficients& coefficients, double radius) {
  return std::ranges::all_of(parts_of(order), [&](const Part& part) {
    const auto c =
        std::span(coefficients.values).subspan(part.first, static_cast<std::size_t>(part.count));
    return roots_beyond(c, radius, part.moving_average);
  });
}

ArimaCoefficients drawn_in(const ArimaOrder& order, ArimaCoefficients coefficients, double radius) {
  for (const Part& part : parts_of(order)) {
    const auto c =
        std::span(coefficients.values).subspan(part.first, static_cast<std::size_t>(part.count));
    if (roots_beyond(c, radius, part.moving_average)) continue;
    const std::vector<double> from(c.begin(), c.end());
    const auto scale = [&](double factor) {
      double power = 1;
      for (std::size_t i = 0; i < c.size(); ++i) c[i] = from[i] * (power *= factor);
    };
    double low = 0, high = 1;
    for (int halvings = 0; halvings < 12; ++halvings) {
      const double middle = (low + high) / 2;
      scale(middle);
      (roots_beyond(c, radius, part.moving_average) ? low : high) = middle;
    }
    scale(low);
  }
  return coefficients;
}

Arma multiplied_out(const ArimaOrder& order, const ArimaCoefficients& coefficients) {
  const Polynomial ar = product(polynomial(coefficients.ar(order), 1, -1),
                                polynomial(coefficients.seasonal_ar(order), order.m, -1));
  const Polynomial ma = product(polynomial(coefficients.ma(order), 1, 1),
                                polynomial(coefficients.seasonal_ma(order), order.m, 1));
  const std::size_t size = std::max({ar.size(), ma.size(), std::size_t{2}}) - 1;
  Arma arma{std::vector<double>(size, 0.0), std::vector<double>(size, 0.0)};
  for (std::size_t i = 1; i < ar.size(); ++i) arma.ar[i - 1] = -ar[i];
  for (std::size_t i = 1; i < ma.size(); ++i) arma.ma[i - 1] = ma[i];
  return arma;
}

std::optional<ArmaGains> ArmaGains::start(const Arma& arma) {
  const auto covariances = arma_covariances(arma);
  if (!covariances || !std::isfinite((*covariances)[0])) return std::nullopt;
  const auto psi = arma_weights(arma);
  const std::size_t n = arma.ar.size();
  ArmaGains gains;
  gains.ar_ = arma.ar;
  gains.gain_.assign(n, 0.0);
  gains.variance_ = (*covariances)[0];
  // Covariance of the state at t + 1 with the value at t.
  for (std::size_t k = 0; k < n; ++k) {
    if (arma.ar[k] == 0 && arma.ma[k] == 0) continue;
    for (std::size_t i = 0; i <= k; ++i) {
      gains.gain_[i] += arma.ar[k] * (*covariances)[k - i] + arma.ma[k] * psi[k - i];
    }
  }
  gains.change_ = gains.gain_;
  gains.change_.push_back(0);
  gains.factor_ = -1 / gains.variance_;
  gains.steady_ = gains.has_settled();
  return gains;
}

bool ArmaGains::has_settled() const {
  double sum = 0;
  for (double c : change_) sum += c * c;
  return !(std::abs(factor_) * sum > 1e-8);
}

}  // namespace ara::models
