#pragma once

#include <cstddef>
#include <vector>

/// Whole columns through indicators that take one bar at a time.
namespace ara::support {

using Column = std::vector<double>;

/// What `update` gives, called with the i-th element of each input in turn.
template <class F, class... Inputs>
Column fold(F update, const Column& first, const Inputs&... inputs) {
  Column out;
  for (std::size_t i = 0; i < first.size(); ++i) out.push_back(update(first[i], inputs[i]...));
  return out;
}

template <class Indicator>
auto closes(Indicator indicator) {
  return [indicator](double close) mutable { return indicator.update(close); };
}

}  // namespace ara::support
