#pragma once

#include <cstddef>

namespace ara::models {

/// Solves L L' x = b in place: `x` holds n values of b, `l(i, k)` gives the element of the lower
/// triangular matrix L for k <= i < n.
template <class Lower, class Values>
void solve_factored(const Lower& l, Values& x, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) x[i] -= l(i, k) * x[k];
    x[i] /= l(i, i);
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) x[i] -= l(k, i) * x[k];
    x[i] /= l(i, i);
  }
}

}  // namespace ara::models
