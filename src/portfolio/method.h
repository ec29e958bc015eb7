#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "portfolio/constraints.h"
#include "portfolio/history.h"

namespace ara::portfolio {

/// How much risk an investor bears: the constant of the utility that is maximised.
struct Tolerance {
  std::string_view name;  ///< on the wire
  double risk_aversion;   ///< lambda of mean - lambda / 2 variance, annual
  double kelly_fraction;  ///< of the growth-optimal bet
};
std::span<const Tolerance> tolerances();
/// By name; the error lists the names, on field "risk_tolerance".
Result<const Tolerance*> find_tolerance(std::string_view name);

/// A view on an asset: its expected return of a year, simple.
struct View {
  std::size_t asset = 0;
  double expected_return = 0;
};

/// What a method chooses weights from. All matrices are in the order of history.assets.
struct Task {
  const History& history;
  const Matrix& covariance;  ///< annual
  const Vector& means;       ///< annual, of the sample
  const Region& region;
  const Tolerance& tolerance;
  std::span<const View> views;  ///< at most one for each asset
  const Vector& reference;      ///< weights of the market portfolio, or equal ones
};

struct Choice {
  Vector weights;
  Vector means;  ///< annual expected returns that the method goes by
};

/// A row of the table of methods.
struct MethodRow {
  std::string_view name;    ///< on the wire
  std::string_view title;   ///< for people
  std::string_view source;  ///< paper
  Result<Choice> (*choose)(const Task& task);
};

/// All of them, the default first.
std::span<const MethodRow> methods();
/// By name; the error lists the names, on field "optimization_method".
Result<const MethodRow*> find_method(std::string_view name);

/// The sample's means, replaced by the views where there are any.
Vector viewed_means(const Task& task);

}  // namespace ara::portfolio
