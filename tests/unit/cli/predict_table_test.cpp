#include "cli/predict_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "domain/forecast.h"
#include "serve/encode.h"

namespace ara::cli {
namespace {

using ::testing::HasSubstr;

/// A forecast of two days whose quantiles are known: the change is normal.
domain::Forecast make(domain::Scale scale) {
  domain::Forecast forecast{
      .key = {.symbol = domain::Symbol::parse("AAPL").value(), .model_version = "m-1"}};
  forecast.asset_type = domain::AssetType::stock;
  forecast.scale = scale;
  forecast.current_price = 100;
  forecast.as_of = domain::parse_iso_date("2021-12-31").value();
  forecast.observations = 1260;
  forecast.components = {{"drift", 0.25}, {"garch_fhs", 0.75}};
  const double spread = scale == domain::Scale::log ? 0.01 : 1;
  for (const char* date : {"2022-01-03", "2022-01-04"}) {
    forecast.days.push_back({domain::parse_iso_date(date).value(),
                             domain::QuantileFunction::normal(0, spread), spread});
  }
  return forecast;
}

TEST(ReadForecast, TakesOverWhatTheServiceEncodes) {
  const domain::Forecast forecast = make(domain::Scale::log);
  const auto view = read_forecast(serve::encode(forecast));
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->symbol, "AAPL");
  EXPECT_EQ(view->asset_type, "stock");
  EXPECT_EQ(view->as_of, "2021-12-31");
  EXPECT_EQ(view->model_version, "m-1");
  EXPECT_EQ(view->observations, 1260);
  EXPECT_TRUE(view->logarithmic);
  ASSERT_EQ(view->weights.size(), 2U);
  EXPECT_EQ(view->weights[1].first, "garch_fhs");
  EXPECT_DOUBLE_EQ(view->weights[1].second, 0.75);
  ASSERT_EQ(view->days.size(), 2U);
  const DayView& day = view->days[0];
  EXPECT_EQ(day.date, "2022-01-03");
  EXPECT_NEAR(day.predicted_price, 100, 1e-6);
  EXPECT_NEAR(day.lower, 100 * std::exp(-0.01 * 1.6448536), 1e-4);
  EXPECT_NEAR(day.upper, 100 * std::exp(0.01 * 1.6448536), 1e-4);
  EXPECT_NEAR(day.quantiles[0], 100 * std::exp(-0.01 * 1.9599640), 1e-4);
  EXPECT_NEAR(day.quantiles[6], 100 * std::exp(0.01 * 1.9599640), 1e-4);
  EXPECT_NEAR(day.probability_of_rise, 0.5, 1e-6);
  EXPECT_NEAR(day.volatility, 0.01 * std::sqrt(252), 1e-3);
}

TEST(ReadForecast, NamesWhatIsMissing) {
  EXPECT_EQ(read_forecast("{").error().code, Code::internal);
  EXPECT_THAT(read_forecast("[]").error().message, HasSubstr("object"));
  EXPECT_THAT(read_forecast("{\"symbol\":\"A\"}").error().message, HasSubstr("'asset_type'"));
  std::string body = serve::encode(make(domain::Scale::log));
  body.replace(body.find("\"97.5\""), 6, "\"98.5\"");
  EXPECT_THAT(read_forecast(body).error().message, HasSubstr("'97.5'"));
}

TEST(PredictTable, ShowsADayALine) {
  const auto view = read_forecast(serve::encode(make(domain::Scale::log)));
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(headline(*view, false), "AAPL · stock · last close 100.00 on Fri 2021-12-31\n");
  EXPECT_EQ(
      table(*view, false),
      "Date             Price   Return   90 % interval   50 % interval    Rise  Volatility\n"
      "Mon 2022-01-03  100.00  +0.00 %  98.37 – 101.66  99.33 – 100.68  50.0 %      15.9 %\n"
      "Tue 2022-01-04  100.00  +0.00 %  98.37 – 101.66  99.33 – 100.68  50.0 %      15.9 %\n");
  EXPECT_THAT(footnote(*view, {false, 80}), HasSubstr("drift 25 %, garch_fhs 75 %"));
}

TEST(PredictTable, VolatilityOfALevelIsInItsOwnUnit) {
  const auto view = read_forecast(serve::encode(make(domain::Scale::level)));
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_FALSE(view->logarithmic);
  EXPECT_THAT(table(*view, false), HasSubstr("       15.87\n"));
}

TEST(PredictTable, AReturnOnAPriceThatIsNotPositiveIsADash) {
  domain::Forecast forecast = make(domain::Scale::level);
  forecast.current_price = -5;
  const auto view = read_forecast(serve::encode(forecast));
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_FALSE(view->days[0].predicted_return);
  EXPECT_THAT(table(*view, false), HasSubstr("  –  "));
}

}  // namespace
}  // namespace ara::cli
