#include "ingest/date_format.h"

#include <gtest/gtest.h>

#include <vector>

namespace ara::ingest {
namespace {

using Texts = std::vector<std::string_view>;

/// The cells' days after detection, or the error's message.
std::vector<std::string> days_of(const Texts& cells, std::optional<DateOrder> asked = {},
                                 std::optional<domain::Date> today = {}) {
  const auto format = detect_date_format(cells, asked, today);
  if (!format) return {format.error().message};
  std::vector<std::string> days;
  for (std::string_view cell : cells) {
    const auto stamp = read_date(cell, *format);
    days.push_back(stamp ? domain::to_iso(stamp->day) : "none");
  }
  return days;
}

using Days = std::vector<std::string>;
constexpr domain::Date kToday{std::chrono::year{2022} / 1 / 1};

TEST(DateFormat, ReadsEachWayToWriteADay) {
  for (std::string_view cell : {"2021-03-31",
                                "2021/3/31",
                                "2021.03.31",
                                "2021-03-31 16:00:00",
                                "2021-03-31T16:00:00.000Z",
                                "2021-03-31 00:00:00-04:00",
                                "20210331",
                                "20210331 00:00",
                                "31-Mar-21",
                                "31-mar-2021",
                                "31 March 2021",
                                "Mar 31, 2021",
                                "March 31 2021",
                                "2021-Mar-31",
                                "31.03.2021",
                                "31-03-21",
                                "31/3/2021 23:59",
                                "03/31/2021",
                                "3/31/21",
                                "1617148800",
                                "1617148800000",
                                "1617148800000000",
                                "1617148800000000000",
                                "1617148800.0"}) {
    EXPECT_EQ(days_of({cell}, {}, kToday), Days{"2021-03-31"}) << cell;
  }
}

TEST(DateFormat, RefusesDaysThatDoNotExist) {
  for (std::string_view cell :
       {"2021-02-29", "2021-13-01", "2021-00-10", "1500-01-01", "2021-1-", "2021-01-01x",
        "2021-01-01 25:00", "2021-01-01 05 PM", "2021-01/01"}) {
    EXPECT_FALSE(read_date(cell, {})) << cell;
  }
  EXPECT_FALSE(read_date("31-Foo-21", {DateFormat::Form::named, DateOrder::ymd, 1}));
  EXPECT_FALSE(read_date("99999999999999", {DateFormat::Form::epoch, DateOrder::ymd, 1}));
}

TEST(DateFormat, KeepsTheTimeOfDay) {
  EXPECT_EQ(read_date("2021-03-31 16:01:02", {})->second_of_day, 16 * 3600 + 62);
  EXPECT_EQ(read_date("2021-03-31", {})->second_of_day, 0);
}

TEST(DateFormat, EpochsBefore1970FallOnTheirOwnDay) {
  const DateFormat seconds{DateFormat::Form::epoch, DateOrder::ymd, 1};
  EXPECT_EQ(domain::to_iso(read_date("-1", seconds)->day), "1969-12-31");
  EXPECT_EQ(read_date("-1", seconds)->second_of_day, 86399);
  EXPECT_EQ(domain::to_iso(read_date("0", seconds)->day), "1970-01-01");
}

TEST(DateFormat, ADayAboveTwelveDecides) {
  EXPECT_EQ(days_of({"01/02/2020", "01/13/2020"}), (Days{"2020-01-02", "2020-01-13"}));
  EXPECT_EQ(days_of({"01/02/2020", "13/02/2020"}), (Days{"2020-02-01", "2020-02-13"}));
}

TEST(DateFormat, TheDirectionOfTheRowsDecides) {
  // As months they would run 1, 2, …, 6 and start again.
  EXPECT_EQ(days_of({"05/01/21", "06/01/21", "05/02/21", "06/02/21"}).back(), "2021-02-06");
  // Two-digit years first would jump to and fro.
  EXPECT_EQ(days_of({"29-04-13", "30-04-13", "01-05-13", "02-05-13"}).front(), "2013-04-29");
  EXPECT_EQ(days_of({"21-03-30", "21-03-31", "21-04-01"}).front(), "2021-03-30");
}

TEST(DateFormat, BusinessDaysDecide) {
  // The first week of February 2021 month first; the second of each month day first.
  EXPECT_EQ(days_of({"02/01/2021", "02/02/2021", "02/03/2021", "02/04/2021"}).front(),
            "2021-02-01");
}

TEST(DateFormat, ADayYetToComeDecides) {
  EXPECT_EQ(days_of({"29-04-13", "29-04-13"}, {}, kToday).front(), "2013-04-29");
}

TEST(DateFormat, AsksWhenNothingDecides) {
  const auto format = detect_date_format(Texts{"01/02/2020", "01/03/2020", "01/04/2020"}, {}, {});
  ASSERT_FALSE(format);
  EXPECT_EQ(format.error().code, Code::invalid);
  EXPECT_EQ(format.error().field, "date");
  EXPECT_EQ(format.error().message,
            "date: '01/02/2020' can mean 2020-02-01 or 2020-01-02, and the other rows do not "
            "decide; say which with --date-order dmy or mdy");
}

TEST(DateFormat, TheAnswerSettlesIt) {
  const Texts cells{"01/02/2020", "01/03/2020", "01/04/2020"};
  EXPECT_EQ(days_of(cells, DateOrder::mdy).back(), "2020-01-04");
  EXPECT_EQ(days_of(cells, DateOrder::dmy).back(), "2020-04-01");
}

TEST(DateFormat, TwinsNeedNoAnswer) {
  EXPECT_EQ(days_of({"05/05/2020"}), Days{"2020-05-05"});
}

TEST(DateFormat, OrdersHaveNames) {
  EXPECT_EQ(parse_date_order("DMY"), DateOrder::dmy);
  EXPECT_EQ(parse_date_order("dym").error().field, "date_order");
}

}  // namespace
}  // namespace ara::ingest
