#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace ara::cli {

/// Colours of the plots: told apart by the colour-blind too (Okabe and Ito 2008).
namespace ink {
inline constexpr std::string_view kText = "#24292f";
inline constexpr std::string_view kQuiet = "#6e7781";
inline constexpr std::string_view kGrid = "#e5e8eb";
inline constexpr std::string_view kBlue = "#0072b2";
inline constexpr std::string_view kOrange = "#e69f00";
inline constexpr std::string_view kGreen = "#009e73";
}  // namespace ink

/// An SVG drawing under construction, in pixels from the top left corner.
class Svg {
 public:
  Svg(double width, double height);

  void rectangle(double x, double y, double width, double height, std::string_view fill,
                 double opacity = 1);
  void line(double x1, double y1, double x2, double y2, std::string_view stroke, double width = 1,
            bool dashed = false);
  void polyline(std::span<const std::pair<double, double>> points, std::string_view stroke,
                double width);
  void circle(double x, double y, double radius, std::string_view fill, double opacity = 1);
  enum class Anchor { start, middle, end };
  void text(double x, double y, std::string_view words, std::string_view fill, double size,
            Anchor anchor = Anchor::start, bool bold = false);

  std::string take() &&;

 private:
  std::string out_;
};

/// A part of the drawing with axes: data coordinates become pixels.
struct Axes {
  double left = 0, top = 0, width = 0, height = 0;      ///< pixels
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;  ///< data

  double x(double value) const { return left + width * (value - x_low) / (x_high - x_low); }
  double y(double value) const { return top + height * (y_high - value) / (y_high - y_low); }

  /// The title above, grid lines with their values at about five round steps of y.
  void draw(Svg& svg, std::string_view title, std::string_view unit) const;
  /// The same along x.
  void draw_x(Svg& svg, std::string_view unit) const;
};

/// A round step (1, 2 or 5 times a power of ten) that divides `span` into about five.
double round_step(double span);

}  // namespace ara::cli
