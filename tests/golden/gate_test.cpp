// The gate on real series: what it lets pass, and broken models that it must refuse.
#include "registry/gate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "registry/walk.h"
#include "support/broken_models.h"
#include "support/shared_data.h"

namespace ara::registry {
namespace {

using domain::QuantileFunction;
using support::broken_row;

struct Unbroken {
  static constexpr std::string_view kInner = "garch_fhs";
  static QuantileFunction apply(const QuantileFunction& forecast, int) { return forecast; }
};
/// A normal distribution with the volatility of a typical share.
struct Constant : Unbroken {
  static QuantileFunction apply(const QuantileFunction&, int h) {
    return QuantileFunction::normal(0, 0.018 * std::sqrt(h));
  }
};
struct Tenfold : Unbroken {
  static QuantileFunction apply(const QuantileFunction& forecast, int) {
    return support::scaled(forecast, 10);
  }
};
/// Up by two per cent, always.
struct OneSided : Unbroken {
  static QuantileFunction apply(const QuantileFunction& forecast, int) {
    return support::shifted(forecast, 0.02);
  }
};
struct Flipped {
  static constexpr std::string_view kInner = "seasonal_naive";
  static QuantileFunction apply(const QuantileFunction& forecast, int) {
    return support::scaled(forecast, -1);
  }
};
struct TenfoldHourly : Flipped {
  static QuantileFunction apply(const QuantileFunction& forecast, int) {
    return support::scaled(forecast, 10);
  }
};
struct ConstantHourly : Flipped {
  static QuantileFunction apply(const QuantileFunction&, int) {
    return QuantileFunction::normal(0, 100);
  }
};

/// Symbols to judge on, walked over by one model after the other.
class Grounds {
 public:
  explicit Grounds(evaluation::RollOptions options, evaluation::SettingAt setting_at = {})
      : options_(options), setting_at_(std::move(setting_at)) {}

  void add(std::string name, std::vector<domain::Bar> bars) {
    auto made = Ground::make({.name = std::move(name), .bars = std::move(bars)}, options_);
    if (made) grounds_.push_back(std::move(*made));
  }
  std::size_t size() const { return grounds_.size(); }

  std::vector<Check> checks(const models::ModelRow& row) const {
    std::vector<Evidence> evidence;
    for (const auto& ground : grounds_) {
      auto walked = ground->walk(row, setting_at_);
      EXPECT_TRUE(walked) << walked.error().message;
      evidence.push_back(std::move(*walked));
    }
    return judge(evidence, options_.horizon);
  }
  /// "passed", or the reason of a refusal.
  std::string verdict(const models::ModelRow& row) const {
    const auto all = checks(row);
    const Check* failed = first_failed(all);
    return failed == nullptr ? "passed" : failed->says;
  }

 private:
  evaluation::RollOptions options_;
  evaluation::SettingAt setting_at_;
  std::vector<std::unique_ptr<Ground>> grounds_;
};

void expect_begins(const std::string& verdict, std::string_view with) {
  EXPECT_TRUE(verdict.starts_with(with)) << verdict;
}

TEST(GateOnEquities, PassesGarchAndRefusesWhatIsBroken) {
  ARA_NEEDS_SHARED_DATA();
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(support::shared_data("equities"))) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  Grounds grounds({.horizon = 5, .last = 250, .history = kHistory});
  for (std::size_t i = 0; i < files.size(); i += 11) {
    auto bars = support::read_bars(files[i]);
    bars.erase(bars.begin(), bars.end() - 2000);
    grounds.add(files[i].stem(), std::move(bars));
  }
  ASSERT_GE(grounds.size(), 10u);
  EXPECT_EQ(grounds.verdict(broken_row<Unbroken>("unbroken")), "passed");
  expect_begins(grounds.verdict(broken_row<Constant>("constant")), "it is constant");
  expect_begins(grounds.verdict(broken_row<Tenfold>("tenfold")), "it explodes");
  expect_begins(grounds.verdict(broken_row<OneSided>("one-sided")), "it is one-sided");
}

TEST(GateOnHourly, RefusesAFlippedSignWhereItCanBeTold) {
  ARA_NEEDS_SHARED_DATA();
  Grounds grounds({.horizon = 24, .last = 160, .history = kHistory},
                  [](models::Setting setting, domain::Time) {
                    setting.season = 24;
                    return setting;
                  });
  int number = 0;
  for (const auto& [id, values] : support::read_wide(support::shared_data("m4/Hourly-train.csv"))) {
    if (number++ % 20 == 0) grounds.add(id, support::bars_of(values));
  }
  ASSERT_GE(grounds.size(), 15u);
  const auto good = grounds.checks(**models::find_model("seasonal_naive"));
  const auto direction = std::ranges::find(good, "direction", &Check::name);
  ASSERT_NE(direction, good.end());
  EXPECT_TRUE(direction->passed && direction->value > 0) << direction->says;
  expect_begins(grounds.verdict(broken_row<Flipped>("flipped")),
                "its directions are the wrong way round");
  expect_begins(grounds.verdict(broken_row<TenfoldHourly>("tenfold")), "it ");
  expect_begins(grounds.verdict(broken_row<ConstantHourly>("constant")), "it is constant");
}

}  // namespace
}  // namespace ara::registry
