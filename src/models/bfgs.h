#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace ara::models {

template <std::size_t N>
using Vector = std::array<double, N>;
template <std::size_t N>
using Matrix = std::array<Vector<N>, N>;

template <std::size_t N>
double dot(const Vector<N>& a, const Vector<N>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < N; ++i) sum += a[i] * b[i];
  return sum;
}

template <std::size_t N>
Vector<N> times(const Matrix<N>& m, const Vector<N>& v) {
  Vector<N> out{};
  for (std::size_t i = 0; i < N; ++i) out[i] = dot(m[i], v);
  return out;
}

/// The inverse of a symmetric positive definite matrix by Gauss-Jordan elimination, its diagonal
/// first raised by the fraction `ridge`; rows without curvature count as 1.
template <std::size_t N>
Matrix<N> inverse_with_ridge(Matrix<N> m, double ridge) {
  Matrix<N> out{};
  for (std::size_t i = 0; i < N; ++i) {
    m[i][i] = m[i][i] > 1e-12 ? m[i][i] * (1 + ridge) : 1;
    out[i][i] = 1;
  }
  for (std::size_t column = 0; column < N; ++column) {
    const double scale = 1 / m[column][column];
    for (std::size_t j = 0; j < N; ++j) {
      m[column][j] *= scale;
      out[column][j] *= scale;
    }
    for (std::size_t i = 0; i < N; ++i) {
      if (i == column) continue;
      const double factor = m[i][column];
      for (std::size_t j = 0; j < N; ++j) {
        m[i][j] -= factor * m[column][j];
        out[i][j] -= factor * out[column][j];
      }
    }
  }
  return out;
}

template <std::size_t N>
struct Point {
  Vector<N> at{};
  double value = 0;
  Vector<N> gradient{};
};

/// The BFGS update of an inverse Hessian (Nocedal and Wright 2006, equation 6.17), left out where
/// the step shows no positive curvature.
template <std::size_t N>
void update_inverse(Matrix<N>& inverse, const Point<N>& from, const Point<N>& to) {
  Vector<N> s{}, y{};
  for (std::size_t i = 0; i < N; ++i) {
    s[i] = to.at[i] - from.at[i];
    y[i] = to.gradient[i] - from.gradient[i];
  }
  const double sy = dot(s, y);
  if (!(sy > 1e-10 * std::sqrt(dot(s, s) * dot(y, y)))) return;
  const Vector<N> hy = times(inverse, y);
  const double scale = (1 + dot(y, hy) / sy) / sy;
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t j = 0; j < N; ++j) {
      inverse[i][j] += scale * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / sy;
    }
  }
}

/// Minimises a smooth function by BFGS with backtracking (Nocedal and Wright 2006, algorithms 6.1
/// and 3.1), until a full step promises less than `tolerance` or `most` evaluations are spent.
/// `evaluate(at)` gives the Point there; no coordinate moves by more than 2 in one step.
template <std::size_t N, class Evaluate>
Point<N> minimise(Point<N> point, Matrix<N> inverse, double tolerance, int most,
                  Evaluate evaluate) {
  for (int evaluations = 0; evaluations < most;) {
    Vector<N> step = times(inverse, point.gradient);
    double promise = dot(step, point.gradient);
    if (!(promise > 0)) {  // not a direction of descent: forget the curvature
      inverse = inverse_with_ridge(Matrix<N>{}, 0);
      step = point.gradient;
      promise = dot(step, step);
    }
    if (!(promise > tolerance)) return point;
    double longest = 0;
    for (double s : step) longest = std::max(longest, std::abs(s));
    double length = std::min(1.0, 2 / longest);
    bool moved = false;
    for (; evaluations < most && !moved; length *= 0.35) {
      Vector<N> at = point.at;
      for (std::size_t i = 0; i < N; ++i) at[i] -= length * step[i];
      const Point<N> tried = evaluate(at);
      ++evaluations;
      if (tried.value <= point.value - 1e-4 * length * promise) {
        update_inverse(inverse, point, tried);
        point = tried;
        moved = true;
      } else if (length * promise < tolerance) {
        return point;  // rounding: nothing more to gain along this line
      }
    }
  }
  return point;
}

}  // namespace ara::models
