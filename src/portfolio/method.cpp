#include "portfolio/method.h"

#include <algorithm>
#include <array>
#include <string>

#include "portfolio/choices.h"

namespace ara::portfolio {
namespace {

// 2.5 is the world's average by He and Litterman 1999; each step halves the bet.
constexpr std::array kTolerances{Tolerance{"moderate", 5, 0.5}, Tolerance{"conservative", 10, 0.25},
                                 Tolerance{"aggressive", 2.5, 1}};

constexpr std::array kMethods{
    MethodRow{"mpt", "Mean-variance", "Markowitz 1952, Portfolio selection", choose_mpt},
    MethodRow{"black_litterman", "Black-Litterman",
              "He and Litterman 1999, The intuition behind Black-Litterman model portfolios",
              choose_black_litterman},
    MethodRow{"risk_parity", "Equal risk contributions",
              "Spinu 2013, An algorithm for computing risk parity weights", choose_risk_parity},
    MethodRow{"kelly", "Growth-optimal, fractional",
              "Kelly 1956, A new interpretation of information rate; Thorp 2006", choose_kelly},
};

template <class Rows>
auto by_name(const Rows& rows, std::string_view field, std::string_view name)
    -> Result<const typename Rows::value_type*> {
  std::string allowed = "one of";
  for (const auto& row : rows) {
    if (row.name == name) return &row;
    allowed += (&row == rows.data() ? " " : ", ") + std::string(row.name);
  }
  return invalid(field, name, allowed);
}

}  // namespace

std::span<const Tolerance> tolerances() {
  return kTolerances;
}

Result<const Tolerance*> find_tolerance(std::string_view name) {
  return by_name(kTolerances, "risk_tolerance", name);
}

std::span<const MethodRow> methods() {
  return kMethods;
}

Result<const MethodRow*> find_method(std::string_view name) {
  return by_name(kMethods, "optimization_method", name);
}

Vector viewed_means(const Task& task) {
  Vector means = task.means;
  for (const View& view : task.views) {
    means(static_cast<Eigen::Index>(view.asset)) = view.expected_return;
  }
  return means;
}

}  // namespace ara::portfolio
