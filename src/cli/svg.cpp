#include "cli/svg.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/format.h"

namespace ara::cli {
namespace {

std::string escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// As many decimals as the step needs.
std::string label(double value, double step) {
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  const std::string text = ara::format("{:.{}f}", value, decimals);
  return text.find_first_not_of("-0.") == std::string::npos ? "0" : text;
}

template <class F>
void each_tick(double low, double high, F f) {
  const double step = round_step(high - low);
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k) {
    f(k * step, label(k * step, step));
  }
}

}  // namespace

Svg::Svg(double width, double height) {
  out_ = ara::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
      "{1}\" font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif\">\n",
      width, height);
  rectangle(0, 0, width, height, "#ffffff");
}

void Svg::rectangle(double x, double y, double width, double height, std::string_view fill,
                    double opacity) {
  out_ += ara::format(
      "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"{}\" "
      "fill-opacity=\"{}\"/>\n",
      x, y, width, height, fill, opacity);
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view stroke, double width,
               bool dashed) {
  out_ += ara::format(
      "<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\" stroke=\"{}\" "
      "stroke-width=\"{}\"{}/>\n",
      x1, y1, x2, y2, stroke, width, dashed ? " stroke-dasharray=\"4 3\"" : "");
}

void Svg::polyline(std::span<const std::pair<double, double>> points, std::string_view stroke,
                   double width) {
  out_ += "<polyline fill=\"none\" points=\"";
  for (const auto& [x, y] : points) {
    out_ += ara::format("{:.2f},{:.2f} ", x, y);
  }
  out_ += ara::format("\" stroke=\"{}\" stroke-width=\"{}\"/>\n", stroke, width);
}

void Svg::circle(double x, double y, double radius, std::string_view fill, double opacity) {
  out_ += ara::format(
      "<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"{}\" fill=\"{}\" fill-opacity=\"{}\"/>\n", x, y,
      radius, fill, opacity);
}

void Svg::text(double x, double y, std::string_view words, std::string_view fill, double size,
               Anchor anchor, bool bold) {
  constexpr std::string_view kAnchors[] = {"start", "middle", "end"};
  out_ += ara::format(
      "<text x=\"{:.2f}\" y=\"{:.2f}\" fill=\"{}\" font-size=\"{}\" "
      "text-anchor=\"{}\"{}>{}</text>\n",
      x, y, fill, size, kAnchors[static_cast<int>(anchor)], bold ? " font-weight=\"600\"" : "",
      escape(words));
}

std::string Svg::take() && {
  return std::move(out_) + "</svg>\n";
}

void Axes::draw(Svg& svg, std::string_view title, std::string_view unit) const {
  svg.text(left, top - 26, title, ink::kText, 14, Svg::Anchor::start, true);
  svg.text(left, top - 10, unit, ink::kQuiet, 11);
  each_tick(y_low, y_high, [&](double value, const std::string& words) {
    svg.line(left, y(value), left + width, y(value), ink::kGrid);
    svg.text(left - 6, y(value) + 4, words, ink::kQuiet, 11, Svg::Anchor::end);
  });
}

void Axes::draw_x(Svg& svg, std::string_view unit) const {
  each_tick(x_low, x_high, [&](double value, const std::string& words) {
    svg.line(x(value), top + height, x(value), top + height + 4, ink::kQuiet);
    svg.text(x(value), top + height + 17, words, ink::kQuiet, 11, Svg::Anchor::middle);
  });
  svg.text(left + width, top + height + 33, unit, ink::kQuiet, 11, Svg::Anchor::end);
}

double round_step(double span) {
  const double rough = span / 5;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double times = rough / power;
  return power * (times < 1.5 ? 1 : times < 3 ? 2 : times < 7 ? 5 : 10);
}

}  // namespace ara::cli
