#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "models/model.h"

/// Walks the catalog: a suite derived from EachModel, with
///   INSTANTIATE_TEST_SUITE_P(Models, Suite, support::model_names(), support::model_name);
/// runs each of its tests for every row.
namespace ara::support {

class EachModel : public testing::TestWithParam<std::string> {
 protected:
  const models::ModelRow& row() const { return *models::find_model(GetParam()).value(); }
};

inline auto model_names() {
  std::vector<std::string> names;
  for (const auto& row : models::catalog()) names.emplace_back(row.name);
  return testing::ValuesIn(names);
}

inline std::string model_name(const testing::TestParamInfo<std::string>& param) {
  return param.param;
}

}  // namespace ara::support
