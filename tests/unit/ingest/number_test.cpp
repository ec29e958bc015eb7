#include "ingest/number.h"

#include <gtest/gtest.h>

namespace ara::ingest {
namespace {

using State = Number::State;

TEST(Number, ReadsPlainDecimals) {
  for (const auto& [text, value] :
       std::initializer_list<std::pair<const char*, double>>{{"1469.25", 1469.25},
                                                             {"-36.98", -36.98},
                                                             {"0", 0},
                                                             {".5", .5},
                                                             {"6.32696E+11", 6.32696e11}}) {
    const Number number = read_number(text, {});
    EXPECT_EQ(number.state, State::value) << text;
    EXPECT_EQ(number.value, value) << text;
  }
}

TEST(Number, ReadsTheDressOfWebPages) {
  EXPECT_EQ(read_number("$170.33", {}).value, 170.33);
  EXPECT_EQ(read_number("1,234,567.5", {}).value, 1234567.5);
  EXPECT_EQ(read_number("-1,234", {}).value, -1234);
  EXPECT_EQ(read_number("12.5M", {}).value, 12.5e6);
  EXPECT_EQ(read_number("3B", {}).value, 3e9);
  EXPECT_EQ(read_number("+7K", {}).value, 7e3);
}

TEST(Number, KnowsTheWordsForNothing) {
  for (const char* text : {"", "-", ".", "null", "NaN", "N/A", "None", "#N/A", "  "}) {
    EXPECT_EQ(read_number(text, {}).state, State::empty) << text;
  }
}

TEST(Number, RefusesWhatIsNone) {
  for (const char* text :
       {"14.748.800.659.179.600", "1,2,3", "12,34.5", "12a", "inf", "1e999", "0x10", "1 2",
        "1,234,5", ",123", "--1", "M", "1.2.3", "$", "12.3.M", "nullx"}) {
    EXPECT_EQ(read_number(text, {}).state, State::bad) << text;
  }
}

TEST(Number, DecimalCommaTurnsPointAndCommaRound) {
  const NumberStyle comma{.decimal_comma = true};
  EXPECT_EQ(read_number("1.234,56", comma).value, 1234.56);
  EXPECT_EQ(read_number("12,5", comma).value, 12.5);
  EXPECT_EQ(read_number("1.234", comma).value, 1234);
  EXPECT_EQ(read_number("12", comma).value, 12);
  EXPECT_EQ(read_number("12.5", comma).state, State::bad);
}

TEST(Number, OnlySomeCellsShowADecimalComma) {
  for (const char* text : {"12,5", "1.234,56", "-0,25"}) EXPECT_TRUE(shows_decimal_comma(text));
  for (const char* text : {"1,234", "1,234.5", "12", "1.5", "a,5", "1,2,3", "Dec 31, 2021"}) {
    EXPECT_FALSE(shows_decimal_comma(text)) << text;
  }
}

}  // namespace
}  // namespace ara::ingest
