// Users' models: graphs written here, run by the real runtime.
#include "onnx/user_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "features/features.h"
#include "support/garch_bars.h"
#include "support/onnx_graph.h"
#include "support/temporary_folder.h"

namespace ara::onnx {
namespace {

using support::OnnxLinear;
using testing::HasSubstr;

const std::vector<double> kLevels{0.05, 0.25, 0.5, 0.75, 0.95};
constexpr int kHorizon = 3;

constexpr std::string_view kWalk = R"(
name = "walk"
file = "walk.onnx"
horizon = 3
deviation_window = 50
[input]
kind = "changes"
window = 4
standardise = "deviation"
[output]
levels = [0.05, 0.25, 0.5, 0.75, 0.95]
scale = "deviation"
)";

/// A random walk in units of the deviation, plus `momentum` times the newest change.
OnnxLinear walk(float momentum = 0) {
  OnnxLinear linear{.shape = {1, 4}, .rows = 4, .weights = {}, .bias = {}};
  for (int h = 1; h <= kHorizon; ++h) {
    for (double level : kLevels) {
      linear.bias.push_back(static_cast<float>(std::sqrt(h) * domain::normal_quantile(level)));
    }
  }
  linear.weights.assign(4 * linear.bias.size(), 0);
  std::fill(linear.weights.end() - static_cast<std::ptrdiff_t>(linear.bias.size()),
            linear.weights.end(), momentum);
  return linear;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result(text);
  const auto at = result.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return result.replace(at, from.size(), to);
}

Error error_of(const std::string& manifest, const std::string& graph) {
  const auto loaded = load(manifest, graph, "m.toml");
  EXPECT_FALSE(loaded.has_value());
  return loaded ? Error{} : loaded.error();
}

double deviation(std::span<const domain::Bar> bars, std::size_t window) {
  double squares = 0;
  for (std::size_t i = bars.size() - window; i < bars.size(); ++i) {
    const double change = std::log(bars[i].close / bars[i - 1].close);
    squares += change * change / static_cast<double>(window);
  }
  return std::sqrt(squares);
}

TEST(UserModel, FilesAreReadSilently) {
  const support::TemporaryFolder folder;
  const auto write = [&](std::string_view name, std::string_view content) {
    std::ofstream(folder.file(name), std::ios::binary) << content;
  };
  // The first test: what the library prints, it prints when it is first used.
  EXPECT_EQ(load(folder.file("absent.toml")).error().code, Code::not_found);
  write("walk.toml", kWalk);
  const auto absent = load(folder.file("walk.toml"));
  EXPECT_EQ(absent.error().code, Code::not_found);
  EXPECT_EQ(absent.error().field, "file");
  EXPECT_THAT(absent.error().message, HasSubstr("walk.onnx"));
  write("walk.onnx", walk().file());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const auto loaded = load(folder.file("walk.toml"));
  const auto refused = load(kWalk, walk().file(99), "m.toml");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_FALSE(refused.has_value());
  EXPECT_EQ((*loaded)->content(), load(kWalk, walk().file(), "x").value()->content());
  EXPECT_NE((*loaded)->content(), load(kWalk, walk(0.1F).file(), "x").value()->content());
}

TEST(UserModel, ForecastsWhatTheGraphAnswers) {
  const auto user = load(kWalk, walk().file(), "m.toml").value();
  EXPECT_EQ(user->name, "walk");
  EXPECT_EQ(user->min_bars, 51u);
  const auto bars = support::garch_bars(300);
  const auto path = models::fit(*user, bars, {}).value()->forecast(kHorizon);
  const double unit = deviation(bars, 50);
  for (std::size_t h = 0; h < kHorizon; ++h) {
    const double sd = unit * std::sqrt(static_cast<double>(h + 1));
    for (double level : {0.01, 0.05, 0.1, 0.25, 0.4, 0.5, 0.75, 0.95, 0.99}) {
      EXPECT_NEAR(path.change[h].at(level), sd * domain::normal_quantile(level), 1e-6 * sd);
    }
    EXPECT_NEAR(path.sd[h], sd, 1e-6 * sd);
  }
}

TEST(UserModel, InputIsTheNewestLast) {
  const auto user = load(kWalk, walk(0.5F).file(), "m.toml").value();
  const auto bars = support::garch_bars(300);
  const auto model = models::fit(*user, bars, {}).value();
  const double change = std::log(bars[299].close / bars[298].close);
  EXPECT_NEAR(model->forecast(1).change[0].median(), 0.5 * change, 1e-7);
  const double before = std::log(bars[298].close / bars[297].close);
  EXPECT_NEAR(model->fitted()[299], std::log(bars[298].close) + 0.5 * before, 1e-7);
  EXPECT_EQ(model->next().values(), model->forecast(2).change[0].values());
}

TEST(UserModel, StateIsCarriedOnToTheBit) {
  const auto user = load(kWalk, walk(0.5F).file(), "m.toml").value();
  const auto bars = support::garch_bars(400);
  const std::span<const domain::Bar> all(bars);
  const auto carried = models::fit(*user, all.first(300), {}).value();
  const auto copy = carried->clone();
  for (const auto& bar : all.subspan(300)) ASSERT_TRUE(carried->update(bar).has_value());
  EXPECT_NE(copy->next().values(), carried->next().values());
  const auto anew = carried->restarted();
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_TRUE(anew->update(all[i]).has_value());
    const auto path = anew->forecast(2);
    for (double value : path.change[1].values()) ASSERT_TRUE(std::isfinite(value)) << i;
  }
  const auto a = carried->forecast(5), b = anew->forecast(5);
  const auto c = models::fit(*user, all, {}).value()->forecast(5);
  for (std::size_t h = 0; h < 5; ++h) {
    EXPECT_EQ(a.change[h].values(), b.change[h].values());
    EXPECT_EQ(a.change[h].values(), c.change[h].values());
    EXPECT_EQ(a.sd[h], b.sd[h]);
  }
  EXPECT_GT(a.sd[4], a.sd[2]);  // beyond its horizon
}

TEST(UserModel, FeaturesAreFedBarAfterBar) {
  const std::string manifest = R"(
name = "by_features"
file = "f.onnx"
horizon = 1
[input]
kind = "features"
window = 2
features = ["log_returns", "rsi", "volume_ratio"]
standardise = "fixed"
mean = [0.0, 50.0, 1.0]
sd = [0.01, 20.0, 0.5]
missing = 7.0
[output]
levels = [0.1, 0.5, 0.9]
)";
  const auto bars = support::garch_bars(300);  // closes alone: there is no volume
  const auto values = features::features_of(bars);
  const auto index = [](std::string_view name) {
    const auto& table = features::table();
    return static_cast<std::size_t>(std::ranges::find(table, name, &features::Feature::name) -
                                    table.begin());
  };
  const double rsi = (values[298][index("rsi")] - 50) / 20;
  const double returns = values[299][index("log_returns")] / 0.01;
  const std::vector<double> wanted{rsi, returns, 7.0};
  const std::vector<std::size_t> where{1, 3, 5};  // of the six inputs
  for (std::size_t i = 0; i < where.size(); ++i) {
    OnnxLinear linear{.shape = {-1, 2, 3}, .rows = 3, .weights = {}, .bias = {}};
    // x is flattened first: the graph sees the bars one after another.
    linear.rows = 6;
    linear.weights.assign(18, 0);
    for (std::size_t q = 0; q < 3; ++q) linear.weights[3 * where[i] + q] = 1;
    linear.bias = {-10, 0, 10};
    const auto graph = support::Proto()
                           .message(1, support::onnx_node("Flatten", {"x"}, "flat"))
                           .message(1, support::onnx_node("MatMul", {"flat", "w"}, "product"))
                           .message(1, support::onnx_node("Add", {"product", "b"}, "y"))
                           .bytes(2, "picks")
                           .message(5, support::onnx_constant("w", {6, 3}, linear.weights))
                           .message(5, support::onnx_constant("b", {3}, linear.bias))
                           .message(11, support::onnx_value("x", linear.shape))
                           .message(12, support::onnx_value("y", {-1, 3}));
    const auto user = load(manifest, support::onnx_model(graph), "m.toml").value();
    const auto model = models::fit(*user, bars, {}).value();
    EXPECT_NEAR(model->next().median(), wanted[i], 1e-4) << i;
    EXPECT_GE(user->min_bars, 22u);
  }
}

TEST(UserModel, CrossingQuantilesAreSorted) {
  auto linear = walk();
  std::ranges::reverse(linear.bias);
  const auto user = load(kWalk, linear.file(), "m.toml").value();
  const auto path = models::fit(*user, support::garch_bars(300), {}).value()->forecast(kHorizon);
  for (const auto& change : path.change) EXPECT_TRUE(std::ranges::is_sorted(change.values()));
  EXPECT_LT(path.change[0].at(0.05), path.change[0].at(0.95));
}

TEST(UserModel, WhatDoesNotMoveIsForecastNotToMove) {
  const auto user = load(kWalk, walk(0.5F).file(), "m.toml").value();
  const auto bars = support::bars_of(std::vector<double>(100, 42.0));
  const auto path = models::fit(*user, bars, {}).value()->forecast(3);
  for (double value : path.change[2].values()) EXPECT_EQ(value, 0);
}

TEST(UserModel, AnswersThatAreNoNumbersAreRefusedByTheFit) {
  auto linear = walk();
  linear.bias[7] = std::numeric_limits<float>::quiet_NaN();
  const auto user = load(kWalk, linear.file(), "m.toml").value();
  const auto fitted = models::fit(*user, support::garch_bars(300), {});
  ASSERT_FALSE(fitted.has_value());
  EXPECT_EQ(fitted.error().code, Code::invalid);
  EXPECT_EQ(fitted.error().field, "output");
  EXPECT_THAT(fitted.error().message, HasSubstr("nan"));
}

TEST(UserModel, TooFewBarsAreRefused) {
  const auto user = load(kWalk, walk().file(), "m.toml").value();
  EXPECT_EQ(models::fit(*user, support::garch_bars(50), {}).error().field, "bars");
  EXPECT_TRUE(models::fit(*user, support::garch_bars(51), {}).has_value());
}

TEST(UserModel, GraphsThatDoNotFitTheManifestAreRefused) {
  const std::string manifest(kWalk);
  const Error newer = error_of(manifest, walk().file(99));
  EXPECT_EQ(newer.field, "file");
  EXPECT_THAT(newer.message, HasSubstr("opset"));
  EXPECT_EQ(error_of(manifest, "no graph at all").field, "file");
  EXPECT_EQ(error_of(manifest, "").field, "file");

  const Error shape = error_of(replaced(manifest, "window = 4", "window = 5"), walk().file());
  EXPECT_EQ(shape.field, "input");
  EXPECT_THAT(shape.message, HasSubstr("[1, 4]"));
  EXPECT_THAT(shape.message, HasSubstr("5 numbers"));

  const Error output = error_of(replaced(manifest, "horizon = 3", "horizon = 4"), walk().file());
  EXPECT_EQ(output.field, "output");
  EXPECT_THAT(output.message, HasSubstr("'15 numbers'"));
  EXPECT_THAT(output.message, HasSubstr("20 numbers"));

  const Error name =
      error_of(replaced(manifest, "[output]", "[output]\nname = \"z\""), walk().file());
  EXPECT_EQ(name.field, "output.name");
  EXPECT_THAT(name.message, HasSubstr("y"));

  const auto whole = support::Proto()
                         .message(1, support::onnx_node("Identity", {"x"}, "y"))
                         .bytes(2, "integers")
                         .message(11, support::onnx_value("x", {1, 4}, 7))
                         .message(12, support::onnx_value("y", {1, 4}, 7));
  EXPECT_EQ(error_of(manifest, support::onnx_model(whole)).allowed, "a tensor of 32-bit floats");
}

TEST(UserModel, ManifestsAreChecked) {
  const struct {
    std::string_view from, to, field;
  } kCases[] = {
      {"name = \"walk\"", "name = \"Walk!\"", "name"},
      {"name = \"walk\"", "name = \"theta\"", "name"},
      {"name = \"walk\"", "", "name"},
      {"walk.onnx", "../walk.onnx", "file"},
      {"horizon = 3", "horizon = 31", "horizon"},
      {"horizon = 3", "horizon = 0", "horizon"},
      {"horizon = 3", "horizon = \"3\"", "horizon"},
      {"horizon = 3", "horison = 3", "horizon"},
      {"horizon = 3", "horizon = 3\ncolour = 1", "colour"},
      {"kind = \"changes\"", "kind = \"prices\"", "input.kind"},
      {"kind = \"changes\"", "kind = \"changes\"\nfeatures = [\"rsi\"]", "input.features"},
      {"kind = \"changes\"", "kind = \"features\"\nfeatures = [\"rsj\"]", "input.features"},
      {"kind = \"changes\"", "kind = \"features\"", "input.standardise"},
      {"window = 4", "window = 9000", "input.window"},
      {"window = 4", "window = 4\nsd = [1.0]", "input.sd"},
      {"standardise = \"deviation\"", "standardise = \"fixed\"\nmean = [0]\nsd = [0]", "input.sd"},
      {"standardise = \"deviation\"", "standardise = \"fixed\"\nmean = [1, 2]\nsd = [1]",
       "input.mean"},
      {"[0.05, 0.25, 0.5, 0.75, 0.95]", "[0.5, 0.25, 0.75]", "output.levels"},
      {"[0.05, 0.25, 0.5, 0.75, 0.95]", "[0.1, 0.9]", "output.levels"},
      {"[0.05, 0.25, 0.5, 0.75, 0.95]", "[0.0, 0.5, 1.0]", "output.levels"},
      {"scale = \"deviation\"", "scale = \"percent\"", "output.scale"},
      {"[output]", "[outputs]", "output"}};
  for (const auto& one : kCases) {
    const Error error = error_of(replaced(kWalk, one.from, one.to), walk().file());
    EXPECT_EQ(error.code, Code::invalid) << one.to;
    EXPECT_EQ(error.field, one.field) << one.to << ": " << error.message;
    EXPECT_THAT(error.message, HasSubstr("m.toml")) << one.to;
  }
  EXPECT_THAT(error_of("name = ", walk().file()).message, HasSubstr("m.toml:1"));
}

}  // namespace
}  // namespace ara::onnx
