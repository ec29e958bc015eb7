// The combination of all that may suit a price or any other series without a season, where there is
// time for it.
#include <array>

#include "models/combination.h"

namespace ara::models {
namespace {

constexpr std::array<std::string_view, 10> kMembers{"drift", "ses", "damped",  "ets", "theta",
                                                    "dotm",  "ar",  "gjr_fhs", "har", "gbm"};

}  // namespace

Fitted fit_full(const ModelRow& row, const Sample& sample, const Setting& setting) {
  return combine(row, sample, setting, kMembers);
}

}  // namespace ara::models
