#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "base/format.h"
#include "domain/quantile_function.h"
#include "models/gbm.h"
#include "models/tree_state.h"

namespace ara::support {

/// Trees for "gbm" written by hand, in XGBoost's JSON: each output is the quantile of a normal
/// distribution of standardised changes, wider after a day more volatile than its month.
inline std::string simple_trees_json() {
  const auto& names = models::TreeState::names();
  const auto day = std::ranges::find(names, "variance_day") - names.begin();
  std::string trees, outputs;
  for (std::size_t k = 0; k < models::kTreeLevels.size(); ++k) {
    const double z = domain::normal_quantile(models::kTreeLevels[k]);
    const char* comma = k > 0 ? "," : "";
    trees += ara::format(
        R"({}{{"left_children": [1, -1, -1], "right_children": [2, -1, -1],
           "split_indices": [{}, 0, 0], "split_conditions": [0.5, {}, {}],
           "sum_hessian": [300, 200, 100], "default_left": [1, 0, 0],
           "split_type": [0, 0, 0]}})",
        comma, day, 0.9 * z, 1.2 * z);
    outputs += ara::format("{}{}", comma, k);
  }
  return ara::format(
      R"({{"learner": {{"attributes": {{"{}": "{}"}},
         "gradient_booster": {{"name": "gbtree",
                             "model": {{"trees": [{}], "tree_info": [{}]}}}},
         "learner_model_param": {{"base_score": "0E0", "num_class": "0", "num_feature": "{}",
                                "num_target": "{}"}},
         "objective": {{"name": "reg:quantileerror"}}}}}})",
      models::kGbmNote, models::kGbmVersion, trees, outputs, models::TreeState::kInputs,
      models::kTreeLevels.size());
}

inline std::shared_ptr<const models::Trees> simple_trees() {
  static const auto trees =
      std::make_shared<const models::Trees>(models::Trees::parse(simple_trees_json()).value());
  return trees;
}

}  // namespace ara::support
