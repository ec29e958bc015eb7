#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "models/complete_trees.h"

namespace ara::models {

/// An ensemble of boosted regression trees as XGBoost trains it (Chen and Guestrin 2016, XGBoost: A
/// scalable tree boosting system), evaluated here: each output is, in single precision and in this
/// order, the base score plus the leaf of each of its trees, so the bits are those of libxgboost.
/// Immutable and thread-safe.
class Trees {
 public:
  static constexpr std::size_t kMaxFeatures = 512;
  static constexpr std::size_t kMaxTrees = 20'000;
  static constexpr std::size_t kMaxOutputs = 100;
  static constexpr int kMaxDepth = 10;
  static constexpr std::size_t kMaxLeaves = 4'000'000;  ///< with every tree as full as the deepest

  /// From the text of a model saved by XGBoost 2 or 3 as JSON, of booster "gbtree" and an objective
  /// without a link (reg:quantileerror, reg:squarederror), numerical splits, one value a leaf.
  /// Code::corrupt saying what is wrong, for any other bytes.
  static Result<Trees> parse(std::string_view json);

  std::size_t features() const { return features_; }
  std::size_t outputs() const { return outputs_; }
  std::size_t count() const { return first_.size() - 1; }
  int depth() const { return complete_.depth(); }
  /// What whoever trained the model noted in it, by name.
  const std::map<std::string, std::string, std::less<>>& notes() const { return notes_; }

  /// The outputs of each row, row after row. `rows` holds features() values a row, NaN where
  /// missing; its size is a multiple of features().
  std::vector<float> predict(std::span<const float> rows) const;

  /// What each feature adds to each output for one row: outputs() times features() + 1 values, the
  /// last of each output being what it is on average; they sum to the output. Path-dependent
  /// TreeSHAP (Lundberg, Erion and Lee 2018, Consistent individualized feature attribution for tree
  /// ensembles, algorithm 2), as libxgboost's pred_contribs.
  std::vector<double> contributions(std::span<const float> row) const;

 private:
  friend class TreesReader;
  Trees() = default;

  std::size_t features_ = 0;
  std::size_t outputs_ = 0;
  float base_ = 0;
  std::vector<TreeNode> nodes_;
  std::vector<std::uint32_t> first_;   ///< of each tree in nodes_: its root; one more ends the last
  std::vector<std::uint32_t> output_;  ///< that each tree adds to
  CompleteTrees complete_;
  std::map<std::string, std::string, std::less<>> notes_;
};

}  // namespace ara::models
