#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace ara::models {

/// Minimises a smooth function of any number of variables by BFGS with backtracking (Nocedal and
/// Wright 2006, algorithms 6.1 and 3.1, the first inverse scaled as in equation 6.20). For a fixed
/// small number of variables see bfgs.h.
///
/// `function.value(at)` is the value there, not finite outside the domain; `function.gradient(out)`
/// writes the gradient where `value` was last asked for.
class QuasiNewton {
 public:
  /// Starts at `at`; ends where a full step promises less than `tolerance` or after `most` values.
  /// No variable moves by more than `reach` in one step.
  template <class Function>
  void minimise(Function& function, std::vector<double> at, double tolerance, int most,
                double reach) {
    start(std::move(at));
    value_ = function.value(at_);
    function.gradient(gradient_);
    bool unscaled = true;
    for (int used = 1; used < most;) {
      const double promise = aim();
      if (!(promise > tolerance)) return;
      double longest = 0;
      for (double s : step_) longest = std::max(longest, std::abs(s));
      double length = std::min(1.0, reach / longest);
      bool moved = false;
      for (; used < most && !moved; length *= 0.3) {
        for (std::size_t i = 0; i < at_.size(); ++i) tried_[i] = at_[i] - length * step_[i];
        const double value = function.value(tried_);
        ++used;
        if (value <= value_ - 1e-4 * length * promise) {
          function.gradient(next_gradient_);
          value_ = value;
          learn(unscaled);
          unscaled = false;
          moved = true;
        } else if (length * promise < tolerance) {
          return;  // rounding: nothing more to gain along this line
        }
      }
    }
  }

  const std::vector<double>& at() const { return at_; }
  double value() const { return value_; }

 private:
  void start(std::vector<double> at) {
    at_ = std::move(at);
    const std::size_t n = at_.size();
    for (auto* vector : {&gradient_, &next_gradient_, &step_, &tried_, &hy_}) vector->assign(n, 0);
    forget();
  }

  /// The identity as inverse Hessian.
  void forget() {
    const std::size_t n = at_.size();
    inverse_.assign(n * n, 0);
    for (std::size_t i = 0; i < n; ++i) inverse_[i * n + i] = 1;
  }

  void times_inverse(std::span<const double> vector, std::span<double> out) const {
    const std::size_t n = at_.size();
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < n; ++j) sum += inverse_[i * n + j] * vector[j];
      out[i] = sum;
    }
  }

  static double dot(std::span<const double> a, std::span<const double> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  }

  /// Sets the step to the quasi-Newton one, or to the gradient where that does not descend; gives
  /// the fall of the function that its slope promises.
  double aim() {
    times_inverse(gradient_, step_);
    double promise = dot(step_, gradient_);
    if (promise > 0) return promise;
    forget();
    step_ = gradient_;
    return dot(step_, step_);
  }

  /// Moves to the point tried and updates the inverse Hessian (equation 6.17), unless the step
  /// shows no positive curvature.
  void learn(bool first) {
    const std::size_t n = at_.size();
    for (std::size_t i = 0; i < n; ++i) {
      step_[i] = tried_[i] - at_[i];
      gradient_[i] = next_gradient_[i] - gradient_[i];
    }
    const double sy = dot(step_, gradient_);
    const double yy = dot(gradient_, gradient_);
    if (sy > 1e-10 * std::sqrt(dot(step_, step_) * yy)) {
      if (first) {
        for (std::size_t i = 0; i < n; ++i) inverse_[i * n + i] = sy / yy;
      }
      times_inverse(gradient_, hy_);
      const double scale = (1 + dot(gradient_, hy_) / sy) / sy;
      for (std::size_t i = 0; i < n; ++i) {
        const double a = (scale * step_[i] - hy_[i] / sy);
        const double b = step_[i] / sy;
        for (std::size_t j = 0; j < n; ++j) inverse_[i * n + j] += a * step_[j] - b * hy_[j];
      }
    }
    at_.swap(tried_);
    gradient_.swap(next_gradient_);
  }

  std::vector<double> at_, gradient_, next_gradient_, step_, tried_, hy_, inverse_;
  double value_ = 0;
};

}  // namespace ara::models
