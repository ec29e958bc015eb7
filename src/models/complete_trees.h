#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "base/result.h"

namespace ara::models {

/// A node of a tree, as it was trained.
struct TreeNode {
  std::int32_t left = -1;     ///< index within the tree; negative: this is a leaf
  std::int32_t right = -1;    ///< taken unless the feature is below `value`
  std::uint32_t feature = 0;  ///< that is compared
  float value = 0;            ///< of the leaf, or what the feature is compared to
  float cover = 0;            ///< weight of the rows that came here in training
  bool missing_left = false;  ///< where a missing feature goes

  bool is_leaf() const { return left < 0; }
};

/// Starts at a cache line, so that the top of a tree lies in one.
template <class T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kLine{64};
  LineAllocator() = default;
  template <class U>
  explicit LineAllocator(const LineAllocator<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kLine)); }
  void deallocate(T* p, std::size_t) { ::operator delete(p, kLine); }
  friend bool operator==(const LineAllocator&, const LineAllocator&) { return true; }
};

/// Trees made for speed. A row is first turned into ranks: for each feature the number of distinct
/// thresholds of the whole ensemble that are not above it, twice, for nodes that send a missing
/// value left (it ranks lowest) and right (it ranks highest). Every tree is padded to the depth of
/// the deepest and laid out in breadth-first order, children of i at 2 i and 2 i + 1, so going down
/// is `i = 2 i + (rank > threshold's rank)`: no branch to mispredict, no test for missing values,
/// and where no feature has more than 255 thresholds, two bytes a node.
class CompleteTrees {
 public:
  CompleteTrees() = default;

  /// Trees t = 0, 1, … have their nodes at nodes[first[t]] to nodes[first[t + 1]]; indices within
  /// them are sound and no path is longer than `depth`. Code::corrupt if a feature has more than
  /// 65,535 thresholds.
  static Result<CompleteTrees> make(std::span<const TreeNode> nodes,
                                    std::span<const std::uint32_t> first, std::size_t features,
                                    int depth);

  int depth() const { return depth_; }

  /// sums[row * outputs + output[t]] += leaf that tree t leads the row to, tree after tree.
  void add(std::span<const float> rows, std::size_t features, std::span<const std::uint32_t> output,
           std::size_t outputs, std::span<float> sums) const;

 private:
  template <class Rank>
  struct Node {
    Rank column = 0;  ///< of the ranks: 2 feature, or 2 feature + 1
    Rank rank = 0;
  };
  template <class Rank>
  using Nodes = std::vector<Node<Rank>, LineAllocator<Node<Rank>>>;

  template <class Rank>
  Nodes<Rank> lay_out(std::span<const TreeNode> nodes, std::span<const std::uint32_t> first);
  template <class Rank>
  void rank_row(std::span<const float> row, Rank* ranks) const;
  template <class Rank, int kDepth>
  void add_all(const Nodes<Rank>& nodes, std::span<const float> rows, std::size_t features,
               std::span<const std::uint32_t> output, std::size_t outputs,
               std::span<float> sums) const;

  int depth_ = 0;
  std::vector<float> thresholds_;     ///< ascending within each feature
  std::vector<std::uint32_t> begin_;  ///< of each feature in thresholds_; one more ends the last
  std::variant<Nodes<std::uint8_t>, Nodes<std::uint16_t>> nodes_;
  std::vector<float, LineAllocator<float>> leaves_;  ///< 2^depth a tree
};

}  // namespace ara::models
