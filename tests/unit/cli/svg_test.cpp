#include "cli/svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ara::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(RoundStep, DividesASpanIntoAboutFive) {
  EXPECT_DOUBLE_EQ(round_step(1), 0.2);
  EXPECT_DOUBLE_EQ(round_step(5), 1);
  EXPECT_DOUBLE_EQ(round_step(7), 1);
  EXPECT_DOUBLE_EQ(round_step(23), 5);
  EXPECT_DOUBLE_EQ(round_step(0.04), 0.01);
  for (double span = 0.001; span < 1e6; span *= 1.37) {
    EXPECT_GT(span / round_step(span), 2.4) << span;
    EXPECT_LT(span / round_step(span), 8) << span;
  }
}

TEST(Axes, PutDataOnPixels) {
  const Axes axes{.left = 100, .top = 50, .width = 200, .height = 100, .x_high = 10, .y_low = -1};
  EXPECT_DOUBLE_EQ(axes.x(0), 100);
  EXPECT_DOUBLE_EQ(axes.x(5), 200);
  EXPECT_DOUBLE_EQ(axes.y(1), 50);  // up is less
  EXPECT_DOUBLE_EQ(axes.y(-1), 150);
}

TEST(Axes, TicksAreRoundNumbers) {
  Svg svg(400, 200);
  Axes{.left = 50, .top = 50, .width = 300, .height = 100, .y_low = -0.31, .y_high = 0.52}.draw(
      svg, "Title", "unit");
  const std::string text = std::move(svg).take();
  for (const char* label : {">-0.2<", ">0<", ">0.2<", ">0.4<", ">Title<", ">unit<"}) {
    EXPECT_THAT(text, HasSubstr(label));
  }
  EXPECT_THAT(text, Not(HasSubstr("-0.4")));
}

TEST(Svg, EscapesWords) {
  Svg svg(100, 100);
  svg.text(1, 1, "a < b & c", ink::kText, 12);
  const std::string text = std::move(svg).take();
  EXPECT_THAT(text, HasSubstr("a &lt; b &amp; c"));
  EXPECT_TRUE(text.starts_with("<svg "));
  EXPECT_TRUE(text.ends_with("</svg>\n"));
}

}  // namespace
}  // namespace ara::cli
