// The indicators behind the features against Tulip's test vectors: Achelis' book, its companion
// spreadsheet, and others, printed to three or four digits.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <utility>

#include "features/indicators.h"
#include "support/fold.h"
#include "support/shared_data.h"

namespace ara::features {
namespace {

using support::closes;
using support::Column;
using support::fold;

struct Printed {
  double value;
  double digit;  ///< the worth of its last printed digit, which some books round and some cut off
};

struct Vector {
  std::string name;  ///< of the file and line
  std::vector<std::string> head;
  std::vector<std::vector<Printed>> arrays;  ///< inputs, then outputs

  std::size_t option(std::size_t i) const {
    return static_cast<std::size_t>(parse_double(head.at(i + 1)).value());
  }
  Column input(std::size_t i) const {
    Column column;
    for (const Printed& printed : arrays.at(i)) column.push_back(printed.value);
    return column;
  }
};

std::vector<Printed> array_of(const std::string& line) {
  std::vector<Printed> values;
  std::string cell;
  for (char c : line.substr(1)) {
    if (c == ',' || c == '}') {
      const auto point = cell.find('.');
      const auto digits = point == std::string::npos ? 0 : cell.size() - point - 1;
      values.push_back(
          {std::strtod(cell.c_str(), nullptr), std::pow(10.0, -static_cast<double>(digits))});
      cell.clear();
    } else if (c != ' ' && c != '\r') {
      cell += c;
    }
  }
  return values;
}

std::vector<Vector> tulip_vectors() {
  std::vector<Vector> all;
  for (const char* name : {"atoz", "extra", "untest"}) {
    std::ifstream file(support::shared_data("indicators/tulip/" + std::string(name) + ".txt"));
    std::size_t number = 0;
    for (std::string line; std::getline(file, line);) {
      ++number;
      if (line.empty() || line[0] == '#' || line[0] == '\r') continue;
      if (line[0] == '{') {
        all.back().arrays.push_back(array_of(line));
        continue;
      }
      auto& made = all.emplace_back();
      made.name = std::string(name) + ":" + std::to_string(number) + " " + line;
      for (std::size_t at = 0; at < line.size();) {
        const auto end = std::min(line.find_first_of(" \r", at), line.size());
        if (end > at) made.head.push_back(line.substr(at, end - at));
        at = end + 1;
      }
    }
  }
  return all;
}

/// The last of ours against all that is printed.
void expect_printed(const Column& ours, const Vector& vector, std::size_t output,
                    std::size_t skip = 0) {
  const auto& printed = vector.arrays.at(output);
  ASSERT_LE(printed.size(), ours.size()) << vector.name;
  for (std::size_t i = skip; i < printed.size(); ++i) {
    const double got = ours[ours.size() - printed.size() + i];
    EXPECT_NEAR(got, printed[i].value, printed[i].digit * 1.0001) << vector.name << " " << i;
  }
}

/// Calls `use` with the period as a constant.
template <class F>
void with_period(std::size_t period, F use) {
  [&]<std::size_t... kN>(std::index_sequence<kN...>) {
    const bool found =
        ((period == kN + 1 && (use(std::integral_constant<std::size_t, kN + 1>{}), true)) || ...);
    EXPECT_TRUE(found) << period;
  }(std::make_index_sequence<14>{});
}

/// An exponential average seeded by the first value, as Tulip does it.
Column seeded_by_first(Ema ema, std::size_t n, const Column& x) {
  for (std::size_t i = 0; i + 1 < n; ++i) (void)ema.update(x[0]);
  return fold(closes(ema), x);
}

/// Over windows of closes: f(window).
template <class F>
void check_window(const Vector& vector, F f) {
  with_period(vector.option(0), [&](auto n) {
    Window<n> window;
    const auto ours = fold(
        [&](double x) {
          window.push(x);
          return f(window);
        },
        vector.input(0));
    expect_printed(ours, vector, 1);
  });
}

void check_bands(const Vector& vector) {
  with_period(vector.option(0), [&](auto n) {
    const double width = static_cast<double>(vector.option(1));
    for (double side : {-1.0, 0.0, 1.0}) {
      Window<n> window;
      const auto ours = fold(
          [&](double x) {
            window.push(x);
            return window.mean() + side * width * window.deviation();
          },
          vector.input(0));
      expect_printed(ours, vector, static_cast<std::size_t>(2 + side));
    }
  });
}

void check_rsi(const Vector& vector) {
  expect_printed(fold(closes(Rsi(vector.option(0))), vector.input(0)), vector, 1);
}

void check_stoch_rsi(const Vector& vector) {
  with_period(vector.option(0), [&](auto n) {
    Window<n> window;
    const auto ours = fold(
        [&](double rsi) {
          window.push(rsi);
          return ratio(rsi - window.min(), window.max() - window.min());
        },
        fold(closes(Rsi(n)), vector.input(0)));
    expect_printed(ours, vector, 1);
  });
}

/// Tulip counts the first bar's high - low as a true range.
Column true_ranges(const Vector& vector) {
  TrueRange range;
  auto ranges = fold([&](auto... p) { return range.update(p...); }, vector.input(0),
                     vector.input(1), vector.input(2));
  ranges[0] = vector.input(0)[0] - vector.input(1)[0];
  return ranges;
}

void check_atr(const Vector& vector) {
  expect_printed(fold(closes(Ema::wilder(vector.option(0))), true_ranges(vector)), vector, 3);
}

void check_cci(const Vector& vector) {
  with_period(vector.option(0), [&](auto n) {
    Cci<n> cci;
    const auto ours = fold([&](auto... p) { return cci.update(p...); }, vector.input(0),
                           vector.input(1), vector.input(2));
    expect_printed(ours, vector, 3);
  });
}

void check_extremes(const Vector& vector, bool williams) {
  with_period(vector.option(0), [&](auto n) {
    Extremes<n> extremes;
    Sma<3> k3, d3;
    Column first, second;
    for (std::size_t i = 0; i < vector.input(0).size(); ++i) {
      const auto value =
          extremes.update(vector.input(0)[i], vector.input(1)[i], vector.input(2)[i]);
      first.push_back(williams ? value.williams_r : k3.update(value.stoch_k));
      second.push_back(d3.update(first.back()));
    }
    if (williams) return expect_printed(first, vector, 3);
    ASSERT_EQ(std::pair(vector.option(1), vector.option(2)), std::pair(3ul, 3ul)) << vector.name;
    expect_printed(first, vector, 3);
    expect_printed(second, vector, 4);
  });
}

/// Tulip's begin one bar earlier, with the sum of n - 1 moves.
void check_directions(const Vector& vector) {
  Adx adx(vector.option(0));
  Column plus, minus;
  for (std::size_t i = 0; i < vector.input(0).size(); ++i) {
    const auto value = adx.update(vector.input(0)[i], vector.input(1)[i], vector.input(2)[i]);
    plus.push_back(value.plus_di);
    minus.push_back(value.minus_di);
  }
  expect_printed(plus, vector, 3, 1);
  expect_printed(minus, vector, 4, 1);
}

void check_obv(const Vector& vector) {
  Obv obv;
  expect_printed(
      fold([&](auto... p) { return obv.update(p...); }, vector.input(0), vector.input(1)), vector,
      2);
}

void check_macd(const Vector& vector) {
  if (vector.option(0) == 12) return;  // Tulip's 12 and 26 use the old factors 0.15 and 0.075
  const std::size_t slow = vector.option(1), signal = vector.option(2);
  const auto close = vector.input(0);
  const auto line = fold([](double a, double b) { return a - b; },
                         seeded_by_first(Ema(vector.option(0)), vector.option(0), close),
                         seeded_by_first(Ema(slow), slow, close));
  const Column from(line.begin() + static_cast<std::ptrdiff_t>(slow) - 1, line.end());
  const auto smoothed = seeded_by_first(Ema(signal), signal, from);
  expect_printed(line, vector, 1);
  expect_printed(smoothed, vector, 2);
  expect_printed(fold([](double a, double b) { return a - b; }, from, smoothed), vector, 3);
}

using Check = std::function<void(const Vector&)>;

std::map<std::string, Check> checks() {
  return {
      {"sma", [](const Vector& v) { check_window(v, [](const auto& w) { return w.mean(); }); }},
      {"max", [](const Vector& v) { check_window(v, [](const auto& w) { return w.max(); }); }},
      {"min", [](const Vector& v) { check_window(v, [](const auto& w) { return w.min(); }); }},
      {"stddev",
       [](const Vector& v) { check_window(v, [](const auto& w) { return w.deviation(); }); }},
      {"md",
       [](const Vector& v) {
         check_window(v, [](const auto& w) { return w.mean_deviation(w.mean()); });
       }},
      {"ema",
       [](const Vector& v) {
         expect_printed(seeded_by_first(Ema(v.option(0)), v.option(0), v.input(0)), v, 1);
       }},
      {"bbands", check_bands},
      {"rsi", check_rsi},
      {"stochrsi", check_stoch_rsi},
      {"tr", [](const Vector& v) { expect_printed(true_ranges(v), v, 3); }},
      {"atr", check_atr},
      {"cci", check_cci},
      {"stoch", [](const Vector& v) { check_extremes(v, false); }},
      {"willr", [](const Vector& v) { check_extremes(v, true); }},
      {"di", check_directions},
      {"obv", check_obv},
      {"macd", check_macd},
  };
}

TEST(TulipVectors, AreMetToThePrintedDigits) {
  ARA_NEEDS_SHARED_DATA();
  const auto known = checks();
  std::map<std::string, std::size_t> seen;
  for (const Vector& vector : tulip_vectors()) {
    const auto check = known.find(vector.head.at(0));
    if (check == known.end()) continue;
    check->second(vector);
    ++seen[check->first];
  }
  for (const auto& [name, check] : known) EXPECT_GE(seen[name], 1u) << name;
}

}  // namespace
}  // namespace ara::features
