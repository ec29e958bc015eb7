#include "evaluation/wide_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ara::evaluation {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(WideTable, ReadsQuotedRowsBelowAHeader) {
  const auto rows = parse_wide("\"V1\",\"V2\",\"V3\"\r\n\"H1\",\"605\",\"586\"\r\n", "train");
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().id, "H1");
  EXPECT_THAT(rows->front().values, ElementsAre(605, 586));
}

TEST(WideTable, ReadsRowsOfDifferentLengthsWithoutAHeader) {
  const auto rows = parse_wide("a,1,2,3\nb,-4.5,,\n\nc,1e3,NA", "train");
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  ASSERT_EQ(rows->size(), 3U);
  EXPECT_THAT((*rows)[0].values, ElementsAre(1, 2, 3));
  EXPECT_THAT((*rows)[1].values, ElementsAre(-4.5));
  EXPECT_THAT((*rows)[2].values, ElementsAre(1000));
}

TEST(WideTable, AHeaderMayNumberTheColumns) {
  const auto rows = parse_wide("unique_id,1,2\nx,7,8\n", "test");
  ASSERT_TRUE(rows.has_value());
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_THAT(rows->front().values, ElementsAre(7, 8));
}

TEST(WideTable, ErrorsNameTheSeriesAndTheValue) {
  const auto message = [](std::string_view text) {
    const auto rows = parse_wide(text, "train");
    EXPECT_FALSE(rows.has_value()) << text;
    if (rows) return std::string();
    EXPECT_EQ(rows.error().code, Code::invalid);
    EXPECT_EQ(rows.error().field, "train");
    return rows.error().message;
  };
  EXPECT_THAT(message("a,1,x,3\n"), HasSubstr("value 2 of series a"));
  EXPECT_THAT(message("a,1,,3\n"), HasSubstr("value 2 of series a"));
  EXPECT_THAT(message("a,1,inf\n"), HasSubstr("'inf'"));
  EXPECT_THAT(message("a,1\nb\n"), HasSubstr("'b'"));
  EXPECT_THAT(message("a,1\na,2\n"), HasSubstr("each id once"));
  EXPECT_THAT(message(""), HasSubstr("no series"));
  EXPECT_THAT(message("id,v1\n"), HasSubstr("no series"));
}

}  // namespace
}  // namespace ara::evaluation
