#include "domain/period.h"

#include <gtest/gtest.h>

namespace ara::domain {
namespace {

std::string before(std::string_view period, std::string_view end) {
  return to_iso(Period::parse(period).value().before(parse_iso_date(end).value()));
}

TEST(Period, CountsBackFromADay) {
  EXPECT_EQ(before("1y", "2025-11-24"), "2024-11-24");
  EXPECT_EQ(before("6m", "2025-08-31"), "2025-02-28");
  EXPECT_EQ(before("6MO", "2025-08-30"), "2025-02-28");
  EXPECT_EQ(before("2y", "2024-02-29"), "2022-02-28");
  EXPECT_EQ(before("90d", "2025-03-31"), "2024-12-31");
  EXPECT_EQ(before("6w", "2025-03-31"), "2025-02-17");
  EXPECT_EQ(before("50y", "2025-03-31"), "1975-03-31");
}

TEST(Period, CoversItsDays) {
  for (const auto* text : {"1y", "7m", "90d", "6w", "50y"}) {
    const Date end = *parse_iso_date("2025-08-31");
    const auto period = Period::parse(text).value();
    EXPECT_GE(period.most_days(), (end - period.before(end)).count()) << text;
  }
}

TEST(Period, AnythingElseIsRefused) {
  for (const auto* text : {"", "y", "1", "0d", "-1y", "1.5y", "51y", "18251d", "99999999999999y",
                           "1y ", "1 y", "max", "6q"}) {
    const auto period = Period::parse(text, "data_period");
    ASSERT_FALSE(period) << text;
    EXPECT_EQ(period.error().field, "data_period");
  }
}

}  // namespace
}  // namespace ara::domain
