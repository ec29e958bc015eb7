#include "models/complete_trees.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/format.h"

namespace ara::models {
namespace {

constexpr std::size_t kRows = 32;     ///< that go through some trees before the next are touched
constexpr std::size_t kTogether = 8;  ///< trees that a row goes through at once
constexpr int kDeepest = 10;          ///< Trees::kMaxDepth
constexpr std::size_t kFull = 255;    ///< thresholds of a feature that one byte can rank

/// How many of the ascending `thresholds` are not above x, without a branch on the data.
std::size_t rank_of(std::span<const float> thresholds, float x) {
  if (thresholds.empty()) return 0;
  const float* from = thresholds.data();
  std::size_t left = thresholds.size();
  while (left > 1) {
    const std::size_t half = left / 2;
    from += static_cast<std::size_t>(from[half - 1] <= x) * half;
    left -= half;
  }
  return static_cast<std::size_t>(from - thresholds.data()) + (*from <= x ? 1 : 0);
}

/// From the root of each of sizeof...(kTree) trees, laid out one after another, kLevels down. Level
/// by level: a step waits for the one above it, so only steps of other trees can overlap with it.
template <int kLevels, class Node, class Rank, std::size_t... kTree>
inline std::array<std::size_t, sizeof...(kTree)> descend(const Node* trees, const Rank* ranks,
                                                         std::index_sequence<kTree...> /*all*/) {
  constexpr std::size_t kWidth = std::size_t{1} << kLevels;
  std::array<std::size_t, sizeof...(kTree)> place;
  place.fill(1);
  const auto step = [&](std::size_t tree) {
    const Node node = trees[tree * kWidth + place[tree]];
    place[tree] = 2 * place[tree] + static_cast<std::size_t>(ranks[node.column] > node.rank);
  };
  for (int level = 0; level < kLevels; ++level) (step(kTree), ...);
  return place;
}

/// The nodes under one another as a complete tree, place 1 being the root; a leaf above the last
/// level fills all that is below it.
template <class Node, class Place, class Leaf>
void fill(std::span<const TreeNode> tree, std::size_t node, std::size_t place, std::size_t width,
          const Place& inner, const Leaf& leaf) {
  const TreeNode& one = tree[node];
  if (place >= width) {
    leaf(place - width, one.value);
    return;
  }
  if (!one.is_leaf()) inner(place, one);
  const auto next = [&](std::int32_t child) {
    return one.is_leaf() ? node : static_cast<std::size_t>(child);
  };
  fill<Node>(tree, next(one.left), 2 * place, width, inner, leaf);
  fill<Node>(tree, next(one.right), 2 * place + 1, width, inner, leaf);
}

}  // namespace

template <class Rank>
CompleteTrees::Nodes<Rank> CompleteTrees::lay_out(std::span<const TreeNode> nodes,
                                                  std::span<const std::uint32_t> first) {
  const std::size_t width = std::size_t{1} << depth_;
  const std::size_t count = first.size() - 1;
  Nodes<Rank> all(count * width);
  leaves_.resize(count * width);
  for (std::size_t t = 0; t < count; ++t) {
    const auto tree = nodes.subspan(first[t], first[t + 1] - first[t]);
    fill<Node<Rank>>(
        tree, 0, 1, width,
        [&](std::size_t place, const TreeNode& node) {
          const auto begin = thresholds_.begin() + begin_[node.feature];
          const auto end = thresholds_.begin() + begin_[node.feature + 1];
          const auto rank = std::lower_bound(begin, end, node.value) - begin;
          all[t * width + place] = {
              .column = static_cast<Rank>(2 * node.feature + (node.missing_left ? 0 : 1)),
              .rank = static_cast<Rank>(rank)};
        },
        [&](std::size_t place, float value) { leaves_[t * width + place] = value; });
  }
  return all;
}

Result<CompleteTrees> CompleteTrees::make(std::span<const TreeNode> nodes,
                                          std::span<const std::uint32_t> first,
                                          std::size_t features, int depth) {
  std::vector<std::vector<float>> by_feature(features);
  for (const TreeNode& node : nodes) {
    if (!node.is_leaf()) by_feature[node.feature].push_back(node.value);
  }
  CompleteTrees made;
  made.depth_ = depth;
  made.begin_.push_back(0);
  std::size_t most = 0;
  for (auto& thresholds : by_feature) {
    std::ranges::sort(thresholds);
    thresholds.erase(std::ranges::unique(thresholds).begin(), thresholds.end());
    most = std::max(most, thresholds.size());
    made.thresholds_.insert(made.thresholds_.end(), thresholds.begin(), thresholds.end());
    made.begin_.push_back(static_cast<std::uint32_t>(made.thresholds_.size()));
  }
  if (most > std::numeric_limits<std::uint16_t>::max()) {
    return fail(Code::corrupt, ara::format("trees: {} thresholds of one feature, more than {}",
                                           most, std::numeric_limits<std::uint16_t>::max()));
  }
  if (most <= kFull && 2 * features <= kFull + 1) {
    made.nodes_ = made.lay_out<std::uint8_t>(nodes, first);
  } else {
    made.nodes_ = made.lay_out<std::uint16_t>(nodes, first);
  }
  return made;
}

template <class Rank>
void CompleteTrees::rank_row(std::span<const float> row, Rank* ranks) const {
  for (std::size_t f = 0; f < row.size(); ++f) {
    const bool missing = std::isnan(row[f]);
    const std::span<const float> thresholds(thresholds_.data() + begin_[f],
                                            begin_[f + 1] - begin_[f]);
    const auto rank = static_cast<Rank>(rank_of(thresholds, row[f]));  // of NaN: 0
    ranks[2 * f] = rank;
    ranks[2 * f + 1] = missing ? std::numeric_limits<Rank>::max() : rank;
  }
}

template <class Rank, int kDepth>
void CompleteTrees::add_all(const Nodes<Rank>& nodes, std::span<const float> rows,
                            std::size_t features, std::span<const std::uint32_t> output,
                            std::size_t outputs, std::span<float> sums) const {
  constexpr std::size_t kWidth = std::size_t{1} << kDepth;
  const std::size_t count = rows.size() / features;
  const std::size_t columns = 2 * features;
  std::vector<Rank> ranks(std::min(count, kRows) * columns);
  for (std::size_t from = 0; from < count; from += kRows) {
    const std::size_t block = std::min(kRows, count - from);
    for (std::size_t r = 0; r < block; ++r) {
      rank_row(rows.subspan((from + r) * features, features), ranks.data() + r * columns);
    }
    const auto take = [&]<std::size_t kTrees>(std::size_t first) {
      const Node<Rank>* trees = nodes.data() + first * kWidth;
      const float* leaves = leaves_.data() + first * kWidth;
      for (std::size_t r = 0; r < block; ++r) {
        const auto places =
            descend<kDepth>(trees, ranks.data() + r * columns, std::make_index_sequence<kTrees>());
        float* sum = sums.data() + (from + r) * outputs;
        for (std::size_t t = 0; t < kTrees; ++t) {
          sum[output[first + t]] += leaves[t * kWidth + places[t] - kWidth];
        }
      }
    };
    std::size_t t = 0;
    for (; t + kTogether <= output.size(); t += kTogether) take.template operator()<kTogether>(t);
    for (; t < output.size(); ++t) take.template operator()<1>(t);
  }
}

void CompleteTrees::add(std::span<const float> rows, std::size_t features,
                        std::span<const std::uint32_t> output, std::size_t outputs,
                        std::span<float> sums) const {
  std::visit(
      [&]<class Rank>(const std::vector<Node<Rank>, LineAllocator<Node<Rank>>>& nodes) {
        [&]<int... kDepth>(std::integer_sequence<int, kDepth...>) {
          ((kDepth == depth_ ? add_all<Rank, kDepth>(nodes, rows, features, output, outputs, sums)
                             : void()),
           ...);
        }(std::make_integer_sequence<int, kDeepest + 1>());
      },
      nodes_);
}

}  // namespace ara::models
