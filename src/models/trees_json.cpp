// Reads what XGBoost's SaveModel writes as JSON (its document "Introduction to Model IO").
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/format.h"
#include "base/text.h"
#include "models/trees.h"

namespace ara::models {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

/// Thrown and caught within this file: a model has many places at which it can be wrong.
struct Wrong {
  std::string what;
};

[[noreturn]] void wrong(std::string what) {
  throw Wrong{std::move(what)};
}

element at(element parent, std::string_view name) {
  element found;
  if (parent[name].get(found) != simdjson::SUCCESS) wrong(ara::format("no {}", name));
  return found;
}

std::string_view text_at(element parent, std::string_view name) {
  std::string_view text;
  if (at(parent, name).get(text) != simdjson::SUCCESS) wrong(ara::format("{} is no text", name));
  return text;
}

array array_at(element parent, std::string_view name) {
  array values;
  if (at(parent, name).get(values) != simdjson::SUCCESS) wrong(ara::format("{} is no list", name));
  return values;
}

float to_float(double value, std::string_view name) {
  if (!(std::abs(value) <= double{std::numeric_limits<float>::max()})) {
    wrong(ara::format("{} {} is beyond single precision", name, value));
  }
  return static_cast<float>(value);
}

/// XGBoost writes parameters as text, e.g. "44" or "5E-1"; version 3.1 puts base_score in brackets.
double number_at(element parent, std::string_view name, double least, double most) {
  std::string_view text = text_at(parent, name);
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const auto value = parse_double(text);
  if (!value || !(*value >= least && *value <= most)) {
    wrong(ara::format("{} is {}, not a number from {} to {}", name, printable(text), least, most));
  }
  return *value;
}

std::size_t count_at(element parent, std::string_view name, std::size_t most) {
  const double value = number_at(parent, name, 0, static_cast<double>(most));
  if (value != std::floor(value)) wrong(ara::format("{} is not whole", name));
  return static_cast<std::size_t>(value);
}

template <class T, class Take>
void each_of(element tree, std::string_view name, std::vector<TreeNode>& nodes, std::size_t from,
             const Take& take) {
  std::size_t i = from;
  for (const element one : array_at(tree, name)) {
    T value{};
    if (i == nodes.size()) wrong(ara::format("more {} than nodes", name));
    if (one.get(value) != simdjson::SUCCESS) wrong(ara::format("a value of {} is wrong", name));
    take(nodes[i++], value);
  }
  if (i != nodes.size()) wrong(ara::format("fewer {} than nodes", name));
}

}  // namespace

class TreesReader {
 public:
  Trees read(std::string_view json) {
    simdjson::dom::parser parser;
    element root;
    if (const auto error = parser.parse(json.data(), json.size()).get(root)) {
      wrong(ara::format("not JSON: {}", simdjson::error_message(error)));
    }
    const element learner = at(root, "learner");
    const std::string_view objective = text_at(at(learner, "objective"), "name");
    if (objective != "reg:quantileerror" && objective != "reg:squarederror") {
      wrong(ara::format("the objective is {}, not reg:quantileerror or reg:squarederror",
                        printable(objective)));
    }
    read_shape(at(learner, "learner_model_param"));
    const element booster = at(learner, "gradient_booster");
    if (text_at(booster, "name") != "gbtree") wrong("the booster is not gbtree");
    read_trees(at(booster, "model"));
    if (trees_.count() << depth_ > Trees::kMaxLeaves) wrong("too many leaves");
    read_notes(learner);
    auto complete = CompleteTrees::make(trees_.nodes_, trees_.first_, trees_.features_, depth_);
    if (!complete) wrong(complete.error().message);
    trees_.complete_ = std::move(*complete);
    return std::move(trees_);
  }

 private:
  void read_shape(element shape) {
    trees_.features_ = count_at(shape, "num_feature", Trees::kMaxFeatures);
    trees_.outputs_ = std::max({std::size_t{1}, count_at(shape, "num_target", Trees::kMaxOutputs),
                                count_at(shape, "num_class", Trees::kMaxOutputs)});
    if (trees_.features_ == 0) wrong("num_feature is 0");
    constexpr double kMost = std::numeric_limits<float>::max();
    trees_.base_ = static_cast<float>(number_at(shape, "base_score", -kMost, kMost));
  }

  void read_trees(element model) {
    for (const element one : array_at(model, "tree_info")) {
      std::uint64_t output = 0;
      if (one.get(output) != simdjson::SUCCESS || output >= trees_.outputs_) {
        wrong("tree_info names an output that there is not");
      }
      trees_.output_.push_back(static_cast<std::uint32_t>(output));
    }
    trees_.first_.push_back(0);
    for (const element tree : array_at(model, "trees")) {
      if (trees_.first_.size() > Trees::kMaxTrees) wrong("too many trees");
      read_tree(tree);
      trees_.first_.push_back(static_cast<std::uint32_t>(trees_.nodes_.size()));
    }
    if (trees_.count() == 0) wrong("no trees");
    if (trees_.output_.size() != trees_.count()) wrong("tree_info is not as long as trees");
  }

  void read_tree(element tree) {
    auto& nodes = trees_.nodes_;
    const std::size_t from = nodes.size();
    const std::size_t count = array_at(tree, "left_children").size();
    if (count == 0) wrong("a tree without nodes");
    if (count > (std::size_t{2} << Trees::kMaxDepth)) wrong("a tree with too many nodes");
    nodes.resize(from + count);
    const auto child_of = [&](std::int64_t child) {
      if (child >= static_cast<std::int64_t>(count)) wrong("a child that there is not");
      return child < 0 ? -1 : static_cast<std::int32_t>(child);
    };
    each_of<std::int64_t>(tree, "left_children", nodes, from,
                          [&](TreeNode& n, std::int64_t i) { n.left = child_of(i); });
    each_of<std::int64_t>(tree, "right_children", nodes, from,
                          [&](TreeNode& n, std::int64_t i) { n.right = child_of(i); });
    each_of<std::uint64_t>(tree, "split_indices", nodes, from, [&](TreeNode& n, std::uint64_t i) {
      if (i >= trees_.features_) wrong("a split on a feature that there is not");
      n.feature = static_cast<std::uint32_t>(i);
    });
    each_of<double>(tree, "split_conditions", nodes, from,
                    [](TreeNode& n, double x) { n.value = to_float(x, "a split condition"); });
    each_of<double>(tree, "sum_hessian", nodes, from, [](TreeNode& n, double x) {
      if (x < 0) wrong("a negative sum_hessian");
      n.cover = to_float(x, "a sum_hessian");
    });
    each_of<std::uint64_t>(tree, "default_left", nodes, from,
                           [](TreeNode& n, std::uint64_t i) { n.missing_left = i != 0; });
    each_of<std::uint64_t>(tree, "split_type", nodes, from, [](TreeNode&, std::uint64_t i) {
      if (i != 0) wrong("a split by category");
    });
    const auto mine = std::span(nodes).subspan(from);
    for (const TreeNode& node : mine) {
      if ((node.left < 0) != (node.right < 0)) wrong("a node with one child");
    }
    follow(mine, 0, 0);
  }

  /// A path that comes back to a node it passed grows without end, so depth bounds that too.
  void follow(std::span<const TreeNode> tree, std::size_t node, int depth) {
    if (depth > Trees::kMaxDepth) {
      wrong(ara::format("a tree deeper than {}", Trees::kMaxDepth));
    }
    depth_ = std::max(depth_, depth);
    if (tree[node].is_leaf()) return;
    follow(tree, static_cast<std::size_t>(tree[node].left), depth + 1);
    follow(tree, static_cast<std::size_t>(tree[node].right), depth + 1);
  }

  void read_notes(element learner) {
    simdjson::dom::object notes;
    if (at(learner, "attributes").get(notes) != simdjson::SUCCESS) wrong("attributes are no map");
    for (const auto [name, value] : notes) {
      std::string_view text;
      if (value.get(text) == simdjson::SUCCESS) trees_.notes_.emplace(name, text);
    }
  }

  Trees trees_;
  int depth_ = 0;
};

Result<Trees> Trees::parse(std::string_view json) {
  try {
    return TreesReader().read(json);
  } catch (const Wrong& found) {
    return fail(Code::corrupt, "trees: " + found.what);
  }
}

}  // namespace ara::models
