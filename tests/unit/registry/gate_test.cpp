// The gate on simulated series, of which the truth is known.
#include "registry/gate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/format.h"
#include "registry/walk.h"
#include "support/broken_models.h"
#include "support/garch_bars.h"

namespace ara::registry {
namespace {

using domain::QuantileFunction;
using support::broken_row;

/// The distribution of returns that GarchTruth has in the long run, whatever the bars: as good as a
/// forecast that looks at nothing can be.
struct Constant {
  static constexpr std::string_view kInner = "garch_fhs";
  static QuantileFunction apply(const QuantileFunction&, int h) {
    const support::GarchTruth truth;
    const double variance = truth.omega / (1 - truth.alpha - truth.beta);
    return QuantileFunction::normal(h * truth.mu, std::sqrt(h * variance));
  }
};

template <int Percent>
struct Scaled {
  static constexpr std::string_view kInner = "garch_fhs";
  static QuantileFunction apply(const QuantileFunction& forecast, int) {
    return support::scaled(forecast, Percent / 100.0);
  }
};

/// Always up: by a good standard deviation of a session.
struct OneSided {
  static constexpr std::string_view kInner = "garch_fhs";
  static QuantileFunction apply(const QuantileFunction& forecast, int) {
    return support::shifted(forecast, 0.02);
  }
};

/// Doubles with every session ahead.
struct Exploding {
  static constexpr std::string_view kInner = "garch_fhs";
  static QuantileFunction apply(const QuantileFunction& forecast, int h) {
    return support::scaled(forecast, std::pow(2, h));
  }
};

struct NotANumber {
  static constexpr std::string_view kInner = "garch_fhs";
  static QuantileFunction apply(const QuantileFunction& forecast, int h) {
    return h == 3 ? support::scaled(forecast, std::nan("")) : forecast;
  }
};

struct Flipped {
  static constexpr std::string_view kInner = "ses";
  static QuantileFunction apply(const QuantileFunction& forecast, int) {
    return support::scaled(forecast, -1);
  }
};

/// Closes that return to 100 at once, so that the next direction can be told three times in four.
std::vector<domain::Bar> returning_bars(std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> closes;
  while (closes.size() < count) {
    closes.push_back(100 * std::exp(0.01 * domain::normal_quantile(1e-12 + rng.uniform() * 0.99)));
  }
  return support::bars_of(closes);
}

class Gate : public testing::Test {
 protected:
  static constexpr int kSymbols = 6;

  template <class MakeBars>
  std::vector<Check> checks(const models::ModelRow& row, MakeBars make_bars) {
    std::vector<Evidence> evidence;
    for (std::uint64_t seed = 1; seed <= kSymbols; ++seed) {
      const auto ground =
          Ground::make({.name = ara::format("S{}", seed), .bars = make_bars(900, seed)}, options_);
      EXPECT_TRUE(ground) << ground.error().message;
      auto walked = (*ground)->walk(row);
      EXPECT_TRUE(walked) << walked.error().message;
      evidence.push_back(std::move(*walked));
    }
    return judge(evidence, options_.horizon);
  }
  std::string verdict(const models::ModelRow& row) {
    const auto all = checks(row, support::garch_bars);
    const Check* failed = first_failed(all);
    return failed == nullptr ? "passed" : failed->name + ": " + failed->says;
  }
  static void expect_begins(const std::string& verdict, std::string_view with) {
    EXPECT_TRUE(verdict.starts_with(with)) << verdict;
  }

  evaluation::RollOptions options_{.horizon = 5, .last = 250, .history = 1260};
};

TEST_F(Gate, PassesAGoodModel) {
  EXPECT_EQ(verdict(**models::find_model("garch_fhs")), "passed");
  EXPECT_EQ(verdict(broken_row<Scaled<100>>("unbroken")), "passed");
}

TEST_F(Gate, RefusesAConstant) {
  expect_begins(verdict(broken_row<Constant>("constant")), "moves: it is constant: 0.0 %");
}

TEST_F(Gate, RefusesATenfoldWidth) {
  expect_begins(verdict(broken_row<Scaled<1000>>("tenfold")), "width: it explodes");
}

TEST_F(Gate, RefusesATenthOfTheWidth) {
  expect_begins(verdict(broken_row<Scaled<10>>("tenth")), "coverage_50: it is miscalibrated");
}

TEST_F(Gate, RefusesWhatIsOffByHalf) {
  expect_begins(verdict(broken_row<Scaled<150>>("wide")), "coverage_50: it is miscalibrated");
  expect_begins(verdict(broken_row<Scaled<67>>("narrow")), "coverage_50: it is miscalibrated");
}

TEST_F(Gate, RefusesWhatIsOneSided) {
  expect_begins(verdict(broken_row<OneSided>("one-sided")), "one_sided: it is one-sided");
}

TEST_F(Gate, RefusesWhatExplodes) {
  const std::string why = verdict(broken_row<Exploding>("exploding"));
  EXPECT_NE(why.find("it explodes"), std::string::npos) << why;
}

TEST_F(Gate, RefusesWhatIsNoNumber) {
  expect_begins(verdict(broken_row<NotANumber>("nan")), "finite: 1500 of its forecasts");
}

TEST_F(Gate, RefusesASignFlippedModelWhereTheSignCanBeTold) {
  const auto good = checks(**models::find_model("ses"), returning_bars);
  const Check* failed = first_failed(good);
  EXPECT_EQ(failed, nullptr) << failed->says;
  const auto bad = checks(broken_row<Flipped>("flipped"), returning_bars);
  ASSERT_NE(first_failed(bad), nullptr);
  EXPECT_EQ(first_failed(bad)->name, "direction") << first_failed(bad)->says;
  EXPECT_FALSE(bad.back().passed) << "its CRPS is no better than the drift's";
}

TEST_F(Gate, RefusesWhatItCannotJudge) {
  options_.last = 60;
  expect_begins(verdict(**models::find_model("garch_fhs")), "dates: it was judged on 60 dates");
}

}  // namespace
}  // namespace ara::registry
