#include "cli/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/format.h"

namespace ara::cli {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines{""};
  for (char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  EXPECT_EQ(lines.back(), "") << "the last line ends with a newline";
  lines.pop_back();
  return lines;
}

/// The characters (code points) of a line, escape sequences left out.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == '\x1b') {
      i = line.find('m', i) + 1;
      continue;
    }
    std::size_t end = i + 1;
    while (end < line.size() && (line[end] & 0xC0) == 0x80) ++end;
    cells.push_back(line.substr(i, end - i));
    i = end;
  }
  return cells;
}

bool is_braille(const std::string& cell) {
  return cell.size() == 3 && cell >= "⠀" && cell <= "⣿";
}

FanChart flat(std::size_t past, std::size_t ahead, double half_width) {
  FanChart chart;
  for (std::size_t i = 0; i < past; ++i) {
    chart.past_dates.push_back(ara::format("2021-01-{:02}", i % 28 + 1));
    chart.past.push_back(100);
  }
  for (std::size_t i = 0; i < ahead; ++i) {
    chart.dates.push_back(ara::format("2021-02-{:02}", i + 1));
    std::array<double, 7> day;
    for (int k = 0; k < 7; ++k) day[static_cast<std::size_t>(k)] = 100 + half_width * (k - 3) / 3.0;
    chart.fan.push_back(day);
  }
  return chart;
}

TEST(Chart, PlainChartOfKnownValues) {
  // Rising closes 1 to 20 and a fan about 20: where each mark has to be follows from the scale.
  FanChart chart;
  for (int i = 1; i <= 20; ++i) {
    chart.past_dates.push_back(ara::format("2021-01-{:02}", i));
    chart.past.push_back(i);
  }
  chart.dates = {"2021-01-21", "2021-01-22"};
  chart.fan = {{10, 14, 18, 20, 22, 26, 30}, {0, 8, 16, 20, 24, 32, 40}};
  const std::string text = render(chart, {.colour = false, .width = 40});
  // Checked by hand: a row is 2.7 high, from 41.6 down to -1.6; a shade stands where the middle
  // of its cell lies within the interval.
  EXPECT_EQ("\n" + text, R"(
40 ┤
   │                                   ░
   │                                  ░░
   │                                  ░░
30 ┤                                  ░▒
   │                                 ░▒▒
   │                                 ▒▒▒
   │                                ▒▓▓▓
20 ┤                           ⢀⣀⠤⠒⠉⠉⠉⠉⠉
   │                       ⢀⡠⠔⠊⠁     ▒▒▒
   │                   ⣀⠤⠔⠊⠁         ░▒▒
10 ┤               ⣀⠤⠒⠉               ░▒
   │          ⢀⡠⠔⠒⠉                   ░░
   │      ⣀⡠⠔⠊⠁                       ░░
   │  ⣀⠤⠒⠉                             ░
 0 ┤
   └────────────────────────────────┬───
     2021-01-01   2021-01-20  2021-01-22
     ⠒⠒ close   ⠒⠒ median   ▓▓ 50 %
     ▒▒ 80 %   ░░ 95 %
)");
}

TEST(Chart, NoLineIsWiderThanTheTerminal) {
  for (int width : {1, 40, 57, 80, 100, 110, 500}) {
    for (std::size_t ahead : {1, 5, 30}) {
      for (std::size_t past : {1, 3, 200}) {
        for (bool colour : {false, true}) {
          const auto lines = lines_of(render(flat(past, ahead, 5), {colour, width}));
          for (const std::string& line : lines) {
            EXPECT_LE(cells_of(line).size(), std::clamp<std::size_t>(width, 40, 110))
                << width << " " << ahead << " " << past << ": " << line;
          }
        }
      }
    }
  }
}

TEST(Chart, PlainHasNoEscapeCodesAndColourHas) {
  EXPECT_THAT(render(flat(30, 5, 5), {false, 80}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(render(flat(30, 5, 5), {true, 80}), HasSubstr("\x1b[48;5;"));
}

TEST(Chart, ColourAndPlainShowTheSameLines) {
  const auto plain = lines_of(render(flat(30, 5, 5), {false, 80}));
  const auto colour = lines_of(render(flat(30, 5, 5), {true, 80}));
  ASSERT_EQ(plain.size(), colour.size());
  for (std::size_t row = 0; row < plain.size(); ++row) {
    const auto a = cells_of(plain[row]), b = cells_of(colour[row]);
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      if (is_braille(a[i])) {
        EXPECT_EQ(a[i], b[i]) << row << ", " << i;
      }
    }
  }
}

TEST(Chart, EveryColumnOfThePastHasItsClose) {
  const auto lines = lines_of(render(flat(200, 5, 20), {false, 80}));
  std::size_t marked = 0;
  for (const std::string& line : lines) {
    if (!line.contains("│") && !line.contains("┤")) continue;
    for (const std::string& cell : cells_of(line)) marked += is_braille(cell);
  }
  // A flat line: one cell a column, from the first close's place to the end of the fan.
  const std::size_t plot = 80 - std::string("100").size() - 3;
  EXPECT_GE(marked, plot - 2);
  EXPECT_LE(marked, plot);
}

TEST(Chart, BandsLieInOrderAroundTheMedian) {
  const auto lines = lines_of(render(flat(60, 20, 10), {false, 100}));
  std::string column;  // the last column of the plot, from the top
  for (const std::string& line : lines) {
    if (!line.contains("│") && !line.contains("┤")) continue;
    const auto cells = cells_of(line);
    if (cells.size() == 100) column += cells.back();
  }
  EXPECT_THAT(column, ::testing::MatchesRegex("(░)+(▒)+(▓)+.+(▓)+(▒)+(░)+")) << column;
}

TEST(Chart, DatesStandUnderTheirPlaces) {
  FanChart chart = flat(200, 30, 5);
  chart.past_dates.back() = "2021-01-31";
  const auto lines = lines_of(render(chart, {false, 100}));
  const std::string& dates = lines[lines.size() - 2];
  EXPECT_TRUE(dates.ends_with("2021-02-30")) << dates;
  EXPECT_THAT(dates, HasSubstr("2021-01-31"));
  const auto axis = cells_of(lines[lines.size() - 3]);
  const auto tick = std::ranges::find(axis, "┬") - axis.begin();
  const auto label = static_cast<std::ptrdiff_t>(dates.find("2021-01-31"));
  EXPECT_LE(label, tick);
  EXPECT_GE(label + 10, tick);
}

TEST(Chart, ValuesThatDoNotDifferStillHaveAScale) {
  const std::string text = render(flat(30, 5, 0), {false, 60});
  EXPECT_THAT(text, HasSubstr("┤"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  FanChart zero = flat(3, 1, 0);
  for (double& close : zero.past) close = 0;
  zero.fan[0].fill(0);
  EXPECT_THAT(render(zero, {false, 60}), HasSubstr("┤"));
}

TEST(Chart, NegativePricesAreLabelled) {
  FanChart chart = flat(30, 3, 1);
  for (double& close : chart.past) close -= 120;
  for (auto& day : chart.fan) {
    for (double& level : day) level -= 120;
  }
  EXPECT_THAT(render(chart, {false, 60}), HasSubstr("-20"));
}

TEST(Decimals, FollowTheSpan) {
  EXPECT_EQ(decimals_for(11), 2);
  EXPECT_EQ(decimals_for(5000), 2);
  EXPECT_EQ(decimals_for(0.02), 4);
  EXPECT_EQ(decimals_for(1e-9), 6);
  EXPECT_EQ(decimals_for(0), 2);
}

}  // namespace
}  // namespace ara::cli
