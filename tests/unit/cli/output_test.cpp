#include "cli/output.h"

#include <gtest/gtest.h>

#include "cli/table.h"

namespace ara::cli {
namespace {

TEST(Table, AlignsByWidthOnScreenAndLeavesNoSpacesAtLineEnds) {
  using enum Table::Align;
  Table table({{"Name"}, {"Größe", right}, {"Note"}});
  table.add({{"a"}, {"1"}, {"x"}});
  table.add({{"longer"}, {"1 234 567"}, {""}});
  EXPECT_EQ(table.render(false),
            "Name        Größe  Note\n"
            "a               1  x\n"
            "longer  1 234 567\n");
}

TEST(Table, ColourAddsOnlyEscapes) {
  Table table({{"A"}, {"B"}});
  table.add({{"x", "1"}, {"y"}});
  EXPECT_EQ(table.render(true), "\x1b[2mA\x1b[0m  \x1b[2mB\x1b[0m\n\x1b[1mx\x1b[0m  y\n");
}

TEST(Wrap, BreaksAtSpaces) {
  EXPECT_EQ(wrap("one two three four", 9), "one two\nthree\nfour");
  EXPECT_EQ(wrap("unbreakable word", 4), "unbreakable\nword");
  EXPECT_EQ(wrap("fits", 10), "fits");
  EXPECT_EQ(wrap("", 10), "");
}

TEST(DisplayWidth, CountsCodePoints) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("▓–é"), 3U);
}

TEST(Paint, IsTheTextItselfWithoutColour) {
  EXPECT_EQ(paint("x", "1", false), "x");
  EXPECT_EQ(paint("x", "", true), "x");
  EXPECT_EQ(paint("x", "1", true), "\x1b[1mx\x1b[0m");
}

}  // namespace
}  // namespace ara::cli
