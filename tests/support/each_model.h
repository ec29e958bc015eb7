#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "models/model.h"
#include "support/simple_trees.h"

/// Walks the catalog: a suite derived from EachModel, with
///   INSTANTIATE_TEST_SUITE_P(Models, Suite, support::model_names(), support::model_name);
/// runs each of its tests for every row.
namespace ara::support {

/// models::fit, with trees for the rows that need them.
inline Result<std::unique_ptr<models::Model>> fit_with_trees(const models::ModelRow& row,
                                                             std::span<const domain::Bar> bars,
                                                             models::Setting setting) {
  if (row.needs_trees) setting.trees = simple_trees();
  return models::fit(row, bars, setting);
}

class EachModel : public testing::TestWithParam<std::string> {
 protected:
  const models::ModelRow& row() const { return *models::find_model(GetParam()).value(); }

  static Result<std::unique_ptr<models::Model>> fit(const models::ModelRow& row,
                                                    std::span<const domain::Bar> bars,
                                                    const models::Setting& setting) {
    return fit_with_trees(row, bars, setting);
  }
};

inline auto model_names() {
  std::vector<std::string> names;
  for (const auto& row : models::catalog()) names.emplace_back(row.name);
  return testing::ValuesIn(names);
}

inline std::string model_name(const testing::TestParamInfo<std::string>& param) {
  return param.param;
}

inline void expect_same(const models::Path& a, const models::Path& b) {
  ASSERT_EQ(a.change.size(), b.change.size());
  for (std::size_t h = 0; h < a.change.size(); ++h) {
    EXPECT_EQ(a.change[h].values(), b.change[h].values()) << "h=" << h + 1;
    EXPECT_EQ(a.sd[h], b.sd[h]) << "h=" << h + 1;
  }
}

}  // namespace ara::support
