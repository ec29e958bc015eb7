#include "domain/calendar.h"

#include <gtest/gtest.h>

namespace ara::domain {
namespace {

Date day(std::string_view text) {
  return parse_iso_date(text).value();
}

std::vector<std::string> next(Market market, std::string_view after, int count) {
  std::vector<std::string> days;
  for (Date date : next_sessions(market, day(after), count)) days.push_back(to_iso(date));
  return days;
}

TEST(Date, TakesIsoDaysThatExist) {
  for (const char* text : {"2024-02-29", "1970-01-01", "1899-12-31", "2000-02-29"}) {
    EXPECT_EQ(to_iso(day(text)), text);
  }
  for (const char* text :
       {"2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-01-32", "2024-1-01",
        "24-01-01", "2024/01/01", "2024-01-01 ", "", "-024-01-01"}) {
    EXPECT_FALSE(parse_iso_date(text).has_value()) << text;
  }
}

TEST(Date, OfATimeIsTheDayItLiesIn) {
  EXPECT_EQ(date_of(day("2024-03-08") + std::chrono::hours{23}), day("2024-03-08"));
  EXPECT_EQ(date_of(day("1969-12-31") + std::chrono::hours{1}), day("1969-12-31"));
}

TEST(Calendar, NewYorkKeepsItsHolidays) {
  // Published by the exchange: holidays of 2021 to 2024, and days out of the ordinary.
  for (const char* closed :
       {"2021-01-01", "2021-01-18", "2021-02-15", "2021-04-02", "2021-05-31", "2021-07-05",
        "2021-09-06", "2021-11-25", "2021-12-24", "2022-06-20", "2022-12-26", "2023-01-02",
        "2023-06-19", "2024-03-29", "2001-09-11", "2012-10-29", "2018-12-05", "2024-06-01"}) {
    EXPECT_FALSE(is_session(Market::us_equities, day(closed))) << closed;
  }
  for (const char* open : {"2021-06-18", "2021-10-11", "2021-11-11", "2021-11-26", "2021-12-31",
                           "2022-01-03", "2024-02-29", "2021-06-21"}) {
    EXPECT_TRUE(is_session(Market::us_equities, day(open))) << open;
  }
}

TEST(Calendar, NextSessionsLeaveOutWeekendsAndHolidays) {
  EXPECT_EQ(next(Market::us_equities, "2021-12-22", 4),
            (std::vector<std::string>{"2021-12-23", "2021-12-27", "2021-12-28", "2021-12-29"}));
  EXPECT_EQ(next(Market::always_open, "2021-12-30", 3),
            (std::vector<std::string>{"2021-12-31", "2022-01-01", "2022-01-02"}));
  EXPECT_EQ(next(Market::target, "2022-04-14", 2),
            (std::vector<std::string>{"2022-04-19", "2022-04-20"}));
  EXPECT_TRUE(next(Market::us_equities, "2021-12-22", 0).empty());
}

TEST(Calendar, SessionsBetweenAreThoseStrictlyInside) {
  EXPECT_EQ(sessions_between(Market::us_equities, day("2021-12-23"), day("2021-12-28")), 1);
  EXPECT_EQ(sessions_between(Market::us_equities, day("2021-12-27"), day("2021-12-28")), 0);
  EXPECT_EQ(sessions_between(Market::us_equities, day("2021-12-28"), day("2021-12-28")), 0);
  EXPECT_EQ(sessions_between(Market::always_open, day("2021-12-01"), day("2021-12-31")), 29);
}

TEST(Calendar, BeyondTheKnownYearsWeekendsStillHold) {
  EXPECT_FALSE(is_session(Market::us_equities, day("2250-01-05")));  // a Saturday
  EXPECT_TRUE(is_session(Market::us_equities, day("2250-01-07")));
  EXPECT_FALSE(is_session(Market::target, day("1850-01-06")));  // a Sunday
  EXPECT_EQ(next(Market::us_equities, "2199-12-30", 3).size(), 3u);
}

}  // namespace
}  // namespace ara::domain
