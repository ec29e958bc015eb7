#include "cli/chart.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>

#include "base/format.h"

namespace ara::cli {
namespace {

constexpr int kRows = 16;
constexpr int kLeastPast = 20;  // sessions, where the width allows it

// Styles (256 colours) that read on light and dark grounds alike.
constexpr std::array<int, 3> kBandColour{24, 31, 74};  // 95, 80, 50 %
constexpr std::array<const char*, 3> kBandShade{"░", "▒", "▓"};
constexpr int kMedianColour = 231;
constexpr int kMedian = 3;  // its index among the quantiles

/// 0 outside the fan, 1 within 95 %, 2 within 80 %, 3 within 50 %.
int band_of(double value, std::span<const double> quantiles) {
  const auto within = [&](std::size_t low) {
    return value >= quantiles[low] && value <= quantiles[quantiles.size() - 1 - low];
  };
  return within(2) ? 3 : within(1) ? 2 : within(0) ? 1 : 0;
}

/// Where sessions lie along the plot and values up it.
struct Frame {
  int columns = 0;
  double step = 1;       ///< columns per session
  std::size_t past = 0;  ///< closes shown
  double low = 0;
  double high = 1;

  /// Rows from the top, 0 to kRows.
  double row(double value) const { return (high - value) / (high - low) * kRows; }
  double value(double row) const { return high - (high - low) * row / kRows; }
  /// Column of a session, counted from the last close.
  double column(double session) const { return (session + static_cast<double>(past) - 0.5) * step; }
  double session(double column) const { return column / step + 0.5 - static_cast<double>(past); }
};

Frame make_frame(const FanChart& chart, int columns) {
  Frame frame;
  frame.columns = columns;
  const auto ahead = static_cast<int>(chart.fan.size());
  // Whole columns per session where they leave room for some past; else as dense as needed.
  const int whole = columns / (ahead + kLeastPast);
  const int past = whole >= 1 ? columns / whole - ahead : std::max(10, columns - ahead);
  frame.past = std::min(chart.past.size(), static_cast<std::size_t>(past));
  frame.step = static_cast<double>(columns) / (static_cast<double>(frame.past) + ahead);
  const auto recent = std::span(chart.past).last(frame.past);
  frame.low = *std::ranges::min_element(recent);
  frame.high = *std::ranges::max_element(recent);
  for (const auto& day : chart.fan) {
    frame.low = std::min(frame.low, day.front());
    frame.high = std::max(frame.high, day.back());
  }
  double margin = 0.04 * (frame.high - frame.low);
  if (margin <= 0) margin = std::max(0.01 * std::abs(frame.high), 1e-6);  // all values equal
  frame.low -= margin;
  frame.high += margin;
  return frame;
}

/// Dots of two columns and four rows in a character (Unicode block U+2800).
class Dots {
 public:
  explicit Dots(int columns)
      : columns_(columns), masks_(static_cast<std::size_t>(columns * kRows)) {}

  /// A line through values that `at` gives for a column, from one column to another.
  template <class At>
  void line(double from, double to, const At& at) {
    std::optional<int> before;
    for (int x = static_cast<int>(std::ceil(2 * from - 0.5)); x + 0.5 <= 2 * to; ++x) {
      const int y = std::clamp(static_cast<int>(4 * at((x + 0.5) / 2)), 0, 4 * kRows - 1);
      // Steep pieces are filled, so that the line stays one line; half with each column.
      const int start =
          before ? (*before < y ? std::min(*before + 1, y) : std::max(*before - 1, y)) : y;
      for (int dot = std::min(start, y); dot <= std::max(start, y); ++dot) set(x, dot);
      before = y;
    }
  }

  std::uint8_t mask(int column, int row) const {
    return masks_[static_cast<std::size_t>(row * columns_ + column)];
  }

 private:
  void set(int x, int y) {
    static constexpr std::uint8_t kBits[4][2] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (x < 0 || x >= 2 * columns_) return;
    masks_[static_cast<std::size_t>(y / 4 * columns_ + x / 2)] |= kBits[y % 4][x % 2];
  }

  int columns_;
  std::vector<std::uint8_t> masks_;
};

std::string braille(std::uint8_t mask) {  // UTF-8 of U+2800 + mask
  return {'\xE2', static_cast<char>(0xA0 | (mask >> 6)), static_cast<char>(0x80 | (mask & 0x3F))};
}

class Painter {
 public:
  Painter(const FanChart& chart, const Frame& frame, bool colour)
      : chart_(chart),
        frame_(frame),
        colour_(colour),
        closes_(frame.columns),
        median_(frame.columns) {
    const auto recent = std::span(chart.past).last(frame.past);
    closes_.line(frame.column(1 - static_cast<double>(frame.past)), frame.column(0), [&](double x) {
      const double place = frame.session(x) + static_cast<double>(frame.past) - 1;
      const auto left = std::min(static_cast<std::size_t>(std::max(place, 0.0)), recent.size() - 1);
      const double right = recent[std::min(left + 1, recent.size() - 1)];
      return frame.row(std::lerp(recent[left], right, place - static_cast<double>(left)));
    });
    median_.line(frame.column(0), frame.columns,
                 [&](double x) { return frame.row(quantiles(frame.session(x))[kMedian]); });
    for (int column = 0; column < frame.columns; ++column) {
      const double session = frame.session(column + 0.5);
      if (session > 0) fan_.emplace_back(quantiles(session));
    }
    first_ = frame.columns - static_cast<int>(fan_.size());
  }

  std::string row(int row) const {
    std::string out;
    for (int column = 0; column < frame_.columns; ++column) out += cell(column, row);
    while (out.ends_with(' ')) out.pop_back();
    return out;
  }

 private:
  using Levels = std::array<double, DayView::kLevels.size()>;

  /// At a session ahead, linear from the last close (all levels equal) to the first day and so on.
  Levels quantiles(double session) const {
    Levels start;
    start.fill(chart_.past.back());
    const double place = std::clamp(session, 0.0, static_cast<double>(chart_.fan.size()));
    const auto left = std::min(static_cast<std::size_t>(place), chart_.fan.size() - 1);
    const Levels& from = left == 0 ? start : chart_.fan[left - 1];
    Levels out;
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = std::lerp(from[i], chart_.fan[left][i], place - static_cast<double>(left));
    }
    return out;
  }

  std::string cell(int column, int row) const {
    const std::uint8_t close = closes_.mask(column, row);
    const std::uint8_t median = median_.mask(column, row);
    if (column < first_ || (close != 0 && median == 0)) return close ? braille(close) : " ";
    const Levels& levels = fan_[static_cast<std::size_t>(column - first_)];
    const int centre = band_of(frame_.value(row + 0.5), levels);
    if (!colour_) {
      if (median | close) return braille(median | close);
      return centre == 0 ? " " : kBandShade[static_cast<std::size_t>(centre - 1)];
    }
    if (median) {
      const std::string ground = centre == 0 ? "" : ";48;5;" + colour_of(centre);
      return paint(braille(median | close), ara::format("38;5;{}{}", kMedianColour, ground), true);
    }
    return edge(row, levels);
  }

  static std::string colour_of(int band) {
    return std::to_string(kBandColour[static_cast<std::size_t>(band - 1)]);
  }

  /// A cell crossed by edges of bands, drawn to an eighth of its height. A cell has two colours:
  /// where it holds more bands, those two and that edge which are wrong in the fewest eighths.
  std::string edge(int row, const Levels& levels) const {
    static constexpr std::array<const char*, 9> kEighths{" ", "▁", "▂", "▃", "▄",
                                                         "▅", "▆", "▇", "█"};
    std::array<int, 8> bands;
    for (int i = 0; i < 8; ++i) {
      bands[static_cast<std::size_t>(i)] = band_of(frame_.value(row + (i + 0.5) / 8), levels);
    }
    const auto [top, bottom, filled] = two_colours(bands);
    if (top == bottom) return top == 0 ? " " : paint(" ", "48;5;" + colour_of(top), true);
    if (bottom == 0) {  // the ground cannot be a foreground: swap the two
      return paint(kEighths[filled], "7;38;5;" + colour_of(top), true);
    }
    const std::string ground = top == 0 ? "" : ";48;5;" + colour_of(top);
    return paint(kEighths[filled], "38;5;" + colour_of(bottom) + ground, true);
  }

  struct TwoColours {
    int top = 0;
    int bottom = 0;
    std::size_t filled = 0;  ///< eighths of the bottom's
  };
  static TwoColours two_colours(std::span<const int, 8> bands) {
    TwoColours best;
    std::ptrdiff_t most_right = -1;
    for (std::size_t split = 0; split < 8; ++split) {
      for (int top = 0; top <= 3; ++top) {
        for (int bottom = 0; bottom <= 3; ++bottom) {
          const auto right = std::ranges::count(bands.first(split), top) +
                             std::ranges::count(bands.subspan(split), bottom);
          if (right <= most_right) continue;
          most_right = right;
          best = {split == 0 ? bottom : top, bottom, 8 - split};
        }
      }
    }
    return best;
  }

  const FanChart& chart_;
  const Frame& frame_;
  const bool colour_;
  Dots closes_;
  Dots median_;
  std::vector<Levels> fan_;  // from column first_ on
  int first_ = 0;
};

/// Round values to label, and the decimals that tell them apart.
struct Ticks {
  double step = 1;
  int decimals = 0;
};

Ticks make_ticks(double low, double high) {
  const double raw = (high - low) / 5;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  const double step = power * (raw <= power * 1   ? 1
                               : raw <= power * 2 ? 2
                               : raw <= power * 5 ? 5
                                                  : 10);
  return {step, std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)))};
}

/// The label of each row, empty for most.
std::array<std::string, kRows> make_labels(const Frame& frame) {
  std::array<std::string, kRows> labels;
  const Ticks ticks = make_ticks(frame.low, frame.high);
  const auto first = static_cast<long long>(std::ceil(frame.low / ticks.step));
  const auto last = static_cast<long long>(std::floor(frame.high / ticks.step));
  for (long long i = first; i <= last; ++i) {
    const double value = static_cast<double>(i) * ticks.step;
    const auto row = std::clamp(static_cast<int>(frame.row(value)), 0, kRows - 1);
    labels[static_cast<std::size_t>(row)] = ara::format("{:.{}f}", value, ticks.decimals);
  }
  return labels;
}

/// The first day, the last close's and the last day ahead, each under its place.
std::string date_line(const FanChart& chart, const Frame& frame, int indent) {
  const std::string& last = chart.past_dates.back();
  const std::string& end = chart.dates.back();
  const int width = indent + frame.columns;
  std::string line(static_cast<std::size_t>(width), ' ');
  const auto put = [&](int at, const std::string& text) {
    line.replace(static_cast<std::size_t>(at), text.size(), text);
  };
  const auto size = [](const std::string& text) { return static_cast<int>(text.size()); };
  const int end_at = width - size(end);
  const int middle = indent + static_cast<int>(frame.column(0));
  const int last_at = std::min(middle - size(last) / 2, end_at - 2 - size(last));
  put(end_at, end);
  put(last_at, last);
  const std::string& first = chart.past_dates[chart.past_dates.size() - frame.past];
  if (indent + size(first) + 2 <= last_at) put(indent, first);
  return line;
}

std::string legend(const Look& look, int indent) {
  static constexpr std::array<const char*, 3> kNames{"95 %", "80 %", "50 %"};
  const std::string median = ara::format("38;5;{};48;5;{}", kMedianColour, kBandColour[2]);
  std::vector<std::string> entries{"⠒⠒ close", paint("⠒⠒", median, look.colour) + " median"};
  std::vector<std::size_t> widths{8, 9};
  for (std::size_t i = 3; i-- > 0;) {
    const std::string shade = std::string(kBandShade[i]) + kBandShade[i];
    const std::string ground = ara::format("48;5;{}", kBandColour[i]);
    entries.push_back((look.colour ? paint("  ", ground, true) : shade) + " " + kNames[i]);
    widths.push_back(7);
  }
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool breaks = i > 0 && column + 3 + widths[i] > static_cast<std::size_t>(look.width);
    if (breaks) out += "\n";
    const std::size_t gap = i == 0 || breaks ? static_cast<std::size_t>(indent) : 3;
    out += std::string(gap, ' ') + entries[i];
    column = (breaks ? 0 : column) + gap + widths[i];
  }
  return out + "\n";
}

}  // namespace

int decimals_for(double span) {
  if (!(span > 0)) return 2;
  return std::clamp(2 - static_cast<int>(std::floor(std::log10(span))), 2, 6);
}

std::string render(const FanChart& chart, const Look& look) {
  const int width = std::clamp(look.width, 40, 110);
  // The labels take room from the plot, and what the plot shows sets the labels.
  std::size_t label_width = 0;
  Frame frame;
  std::array<std::string, kRows> labels;
  int indent = 0;
  do {
    indent = static_cast<int>(label_width) + 3;
    frame = make_frame(chart, width - indent);
    labels = make_labels(frame);
    label_width = std::max(label_width, std::ranges::max(labels, {}, &std::string::size).size());
  } while (static_cast<int>(label_width) + 3 > indent);
  const Painter painter(chart, frame, look.colour);
  std::string out;
  for (int row = 0; row < kRows; ++row) {
    const std::string& label = labels[static_cast<std::size_t>(row)];
    out += ara::format("{:>{}} {}", label, label_width, label.empty() ? "│" : "┤");
    const std::string line = painter.row(row);
    out += line.empty() ? "\n" : " " + line + "\n";
  }
  std::string axis;
  for (int column = 0; column < frame.columns; ++column) {
    axis += column == static_cast<int>(frame.column(0)) ? "┬" : "─";
  }
  out += ara::format("{:>{}} └─{}\n", "", label_width, axis);
  out += date_line(chart, frame, indent) + "\n";
  return out + legend({look.colour, width}, indent);
}

}  // namespace ara::cli
