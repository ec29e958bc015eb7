#include "models/trees.h"

#include <algorithm>

namespace ara::models {
namespace {

/// One feature on the way from the root to a node.
struct Step {
  std::int32_t feature;  ///< -1: the root's
  double zero;           ///< part of the training rows that go this way when it is not known
  double one;            ///< 1 if the row goes this way, else 0
  double weight;         ///< of the subsets of a size of the features on the way
};

/// Algorithm 2 of the paper for one tree: a walk through all nodes with the features on the way.
class Walk {
 public:
  Walk(std::span<const TreeNode> tree, std::span<const float> row, std::span<double> sums)
      : tree_(tree), row_(row), sums_(sums) {}

  /// The expectation of the tree; adds what each feature adds to it.
  double run() {
    visit(0, {}, {.feature = -1, .zero = 1, .one = 1, .weight = 0});
    return expectation(0);
  }

 private:
  using Way = std::vector<Step>;

  static void extend(Way& way, Step step) {
    const auto length = static_cast<double>(way.size());
    step.weight = way.empty() ? 1 : 0;
    way.push_back(step);
    for (std::size_t i = way.size() - 1; i-- > 0;) {
      const double place = static_cast<double>(i);
      way[i + 1].weight += step.one * way[i].weight * (place + 1) / (length + 1);
      way[i].weight = step.zero * way[i].weight * (length - place) / (length + 1);
    }
  }

  /// The weights without step `gone`: the inverse of extend.
  static std::vector<double> without(const Way& way, std::size_t gone) {
    const std::size_t last = way.size() - 1;
    const auto length = static_cast<double>(way.size());
    const Step& step = way[gone];
    std::vector<double> weights(last);
    double next = way[last].weight;
    for (std::size_t i = last; i-- > 0;) {
      const double place = static_cast<double>(i);
      if (step.one != 0) {
        weights[i] = next * length / ((place + 1) * step.one);
        next = way[i].weight - weights[i] * step.zero * (length - 1 - place) / length;
      } else {
        weights[i] =
            step.zero > 0 ? way[i].weight * length / (step.zero * (length - 1 - place)) : 0;
      }
    }
    return weights;
  }

  static void unwind(Way& way, std::size_t gone) {
    const auto weights = without(way, gone);
    way.erase(way.begin() + static_cast<std::ptrdiff_t>(gone));
    for (std::size_t i = 0; i < way.size(); ++i) way[i].weight = weights[i];
  }

  void visit(std::size_t at, Way way, Step step) {
    extend(way, step);
    const TreeNode& node = tree_[at];
    if (node.is_leaf()) {
      for (std::size_t i = 1; i < way.size(); ++i) {
        double sum = 0;
        for (double weight : without(way, i)) sum += weight;
        sums_[static_cast<std::size_t>(way[i].feature)] +=
            sum * (way[i].one - way[i].zero) * double{node.value};
      }
      return;
    }
    const float x = row_[node.feature];
    const bool goes_left = x != x ? node.missing_left : x < node.value;
    double zero = 1, one = 1;
    for (std::size_t i = 1; i < way.size(); ++i) {
      if (way[i].feature != static_cast<std::int32_t>(node.feature)) continue;
      zero = way[i].zero;
      one = way[i].one;
      unwind(way, i);
      break;
    }
    for (const bool left : {true, false}) {
      const auto child = static_cast<std::size_t>(left ? node.left : node.right);
      visit(child, way,
            {.feature = static_cast<std::int32_t>(node.feature),
             .zero = zero * part(node, tree_[child]),
             .one = left == goes_left ? one : 0,
             .weight = 0});
    }
  }

  static double part(const TreeNode& node, const TreeNode& child) {
    return node.cover > 0 ? double{child.cover} / double{node.cover} : 0;
  }

  double expectation(std::size_t at) const {
    const TreeNode& node = tree_[at];
    if (node.is_leaf()) return node.value;
    double sum = 0;
    for (const std::int32_t child : {node.left, node.right}) {
      const auto place = static_cast<std::size_t>(child);
      sum += part(node, tree_[place]) * expectation(place);
    }
    return sum;
  }

  std::span<const TreeNode> tree_;
  std::span<const float> row_;
  std::span<double> sums_;
};

}  // namespace

std::vector<float> Trees::predict(std::span<const float> rows) const {
  std::vector<float> sums(rows.size() / features_ * outputs_, base_);
  complete_.add(rows, features_, output_, outputs_, sums);
  return sums;
}

std::vector<double> Trees::contributions(std::span<const float> row) const {
  const std::size_t width = features_ + 1;
  std::vector<double> all(outputs_ * width, 0);
  for (std::size_t k = 0; k < outputs_; ++k) all[k * width + features_] = base_;
  for (std::size_t t = 0; t < count(); ++t) {
    const auto sums = std::span(all).subspan(output_[t] * width, width);
    const auto tree = std::span(nodes_).subspan(first_[t], first_[t + 1] - first_[t]);
    sums[features_] += Walk(tree, row, sums).run();
  }
  return all;
}

}  // namespace ara::models
