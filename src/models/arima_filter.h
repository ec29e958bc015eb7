#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace ara::models {

/// ARIMA(p,d,q)(P,D,Q)[m] (Box and Jenkins 1970):
///   phi(B) Phi(B^m) (w(t) - mean) = theta(B) Theta(B^m) e(t),  w = (1-B)^d (1-B^m)^D y.
struct ArimaOrder {
  int p = 0, d = 0, q = 0;
  int P = 0, D = 0, Q = 0;
  int m = 1;              ///< the season; 1: none
  bool constant = false;  ///< a mean of w: the level's mean if d + D = 0, a drift if it is 1

  std::size_t coefficients() const { return static_cast<std::size_t>(p + q + P + Q); }
  /// What is estimated: the coefficients, the constant and the variance.
  std::size_t parameters() const { return coefficients() + (constant ? 2 : 1); }
  /// How many values a value of w needs before it.
  std::size_t lost() const { return static_cast<std::size_t>(d + D * m); }
  bool operator==(const ArimaOrder&) const = default;

  static constexpr int kMost = 5;          ///< of p and of q
  static constexpr int kMostSeasonal = 2;  ///< of P and of Q
};

/// phi, theta, Phi and Theta, one after another.
struct ArimaCoefficients {
  std::array<double, 2 * (ArimaOrder::kMost + ArimaOrder::kMostSeasonal)> values{};

  std::span<const double> ar(const ArimaOrder& o) const { return part(0, o.p); }
  std::span<const double> ma(const ArimaOrder& o) const { return part(o.p, o.q); }
  std::span<const double> seasonal_ar(const ArimaOrder& o) const { return part(o.p + o.q, o.P); }
  std::span<const double> seasonal_ma(const ArimaOrder& o) const {
    return part(o.p + o.q + o.P, o.Q);
  }

 private:
  std::span<const double> part(int first, int count) const {
    return std::span(values).subspan(static_cast<std::size_t>(first),
                                     static_cast<std::size_t>(count));
  }
};

/// Whether every root of 1 + ma(1) z + ma(2) z^2 … is further from the origin than `radius` > 1.
bool invertible(std::span<const double> ma, double radius);

/// Stationary and invertible: every root of each of the four polynomials, in its own variable, is
/// further from the origin than `radius`, a number above 1.
bool admissible(const ArimaOrder& order, const ArimaCoefficients& coefficients, double radius);

/// The same coefficients where they are admissible; else those that give a polynomial's roots moved
/// outwards, all by one factor, until they are.
ArimaCoefficients drawn_in(const ArimaOrder& order, ArimaCoefficients coefficients, double radius);

/// The four polynomials multiplied out: w(t) = sum ar[k-1] w(t-k) + e(t) + sum ma[k-1] e(t-k), both
/// of the length of the longer (at least 1).
struct Arma {
  std::vector<double> ar;
  std::vector<double> ma;
};
Arma multiplied_out(const ArimaOrder& order, const ArimaCoefficients& coefficients);

/// The gains of the exact Kalman filter of an ARMA process that starts in its stationary state,
/// without its covariance matrix: the recursions of Morf, Sidhu and Kailath (1974) for a change of
/// covariance of rank one, as Melard (1984, AS 197) uses them for ARMA. The form of the state is
/// that of Pearlman (1980): a(t)[i] is what the values and errors before t add to the value at
/// t + i. O(max(p, q)) a step; the gains do not depend on the values.
class ArmaGains {
 public:
  /// Nothing where the process is too near to a unit root for its variance to be computed.
  static std::optional<ArmaGains> start(const Arma& arma);

  std::size_t size() const { return ar_.size(); }
  /// Variance of the next value's error, in units of that of e; falls towards 1.
  double variance() const { return variance_; }
  /// Moves a state (size() + 1 numbers, the last 0) over a value that was `error` above state[0].
  void move(std::span<double> state, double error) const {
    const double scaled = error / variance_;
    const double first = state[0];
    const std::size_t n = ar_.size();
    double* const __restrict__ a = state.data();
    const double* const __restrict__ ar = ar_.data();
    const double* const __restrict__ gain = gain_.data();
    for (std::size_t i = 0; i < n; ++i) a[i] = a[i + 1] + (ar[i] * first + gain[i] * scaled);
  }
  /// On to the next value; to be called after the states were moved.
  void advance() {
    if (steady_) return;
    const std::size_t n = ar_.size();
    double* const __restrict__ change = change_.data();
    double* const __restrict__ gain = gain_.data();
    const double* const __restrict__ ar = ar_.data();
    const double first = change[0];
    const double faded = first / variance_;
    const double grown = factor_ * first;
    for (std::size_t i = 0; i < n; ++i) {
      const double moved = ar[i] * first + change[i + 1];
      change[i] = moved - faded * gain[i];
      gain[i] += grown * moved;
    }
    const double next = variance_ + grown * first;
    factor_ *= variance_ / next;
    variance_ = next;
    if (++steps_ % kCheckEvery == 0) steady_ = has_settled();
  }
  bool steady() const { return steady_; }

 private:
  static constexpr int kCheckEvery = 16;
  bool has_settled() const;

  std::vector<double> ar_;
  std::vector<double> gain_;    ///< the Kalman gain times the variance
  std::vector<double> change_;  ///< Y, with P(t+1) - P(t) = factor Y Y'; one longer, the last 0
  double factor_ = 0;
  double variance_ = 1;
  int steps_ = 0;
  bool steady_ = false;
};

}  // namespace ara::models
