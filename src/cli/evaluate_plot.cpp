#include "cli/evaluate_plot.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "base/format.h"
#include "cli/svg.h"

namespace ara::cli {
namespace {

using evaluation::kPeerNames;
using evaluation::Summary;

constexpr std::size_t kBins = 20;
constexpr std::size_t kHistorical = static_cast<std::size_t>(evaluation::Peer::historical);
constexpr std::size_t kFhs = static_cast<std::size_t>(evaluation::Peer::garch_fhs);

double excess(double ratio) {
  return 100 * (ratio - 1);
}

/// Room around [low, high], 0 included.
std::pair<double, double> with_room(double low, double high) {
  low = std::min(low, 0.0);
  high = std::max(high, 0.0);
  const double room = std::max(0.05 * (high - low), 1e-6);
  return {low - room, high + room};
}

double total(const Summary& summary) {
  double sum = 0;
  for (auto count : summary.ranks) sum += static_cast<double>(count);
  return sum;
}

void draw_histogram(Svg& svg, Axes axes, const Summary& summary) {
  std::vector<double> bins(kBins, 0);
  for (std::size_t r = 0; r < summary.ranks.size(); ++r) {
    bins[r * kBins / summary.ranks.size()] +=
        static_cast<double>(summary.ranks[r]) * kBins / total(summary);
  }
  axes.y_high = std::max(1.5, 1.1 * std::ranges::max(bins));
  axes.draw(svg, "Calibration: where the outcomes fell",
            "density of the outcomes' forecast probability; a flat 1 is perfect");
  axes.draw_x(svg, "forecast probability of no more than the outcome");
  for (std::size_t i = 0; i < kBins; ++i) {
    const double from = axes.x(static_cast<double>(i) / kBins);
    svg.rectangle(from + 0.5, axes.y(bins[i]), axes.width / kBins - 1, axes.y(0) - axes.y(bins[i]),
                  ink::kBlue, 0.75);
  }
  svg.line(axes.left, axes.y(1), axes.left + axes.width, axes.y(1), ink::kText, 1, true);
}

void draw_reliability(Svg& svg, const Axes& axes, const Summary& summary) {
  axes.draw(svg, "Reliability", "share of the outcomes at or below the stated quantile");
  axes.draw_x(svg, "stated probability");
  svg.line(axes.x(0), axes.y(0), axes.x(1), axes.y(1), ink::kText, 1, true);
  std::vector<std::pair<double, double>> points;
  double below = 0;
  for (std::size_t r = 0; r + 1 < summary.ranks.size(); ++r) {
    below += static_cast<double>(summary.ranks[r]);
    const double level = static_cast<double>(r + 1) / static_cast<double>(summary.ranks.size());
    points.emplace_back(axes.x(level), axes.y(below / total(summary)));
  }
  svg.polyline(points, ink::kBlue, 2);
}

void draw_key(Svg& svg, const Axes& axes, std::string_view first, std::string_view second) {
  const double y = axes.top - 26;
  const double right = axes.left + axes.width;
  svg.circle(right - 170, y - 4, 4, ink::kOrange);
  svg.text(right - 162, y, first, ink::kQuiet, 11);
  svg.circle(right - 80, y - 4, 4, ink::kBlue);
  svg.text(right - 72, y, second, ink::kQuiet, 11);
}

void draw_symbols(Svg& svg, Axes axes, const Summary& summary) {
  auto rows = summary.by_symbol;
  std::ranges::sort(rows, {}, [](const auto& row) { return row.ratio[kFhs]; });
  double low = 0;
  double high = 0;
  for (const auto& row : rows) {
    low = std::min({low, excess(row.ratio[kFhs]), excess(row.ratio[kHistorical])});
    high = std::max({high, excess(row.ratio[kFhs]), excess(row.ratio[kHistorical])});
  }
  std::tie(axes.y_low, axes.y_high) = with_room(low, high);
  axes.x_high = static_cast<double>(rows.size());
  axes.draw(svg, "Skill by symbol", "CRPS against the peer, %; below 0 is better");
  draw_key(svg, axes, kPeerNames[kHistorical], kPeerNames[kFhs]);
  svg.line(axes.left, axes.y(0), axes.left + axes.width, axes.y(0), ink::kText);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double x = axes.x(static_cast<double>(i) + 0.5);
    svg.circle(x, axes.y(excess(rows[i].ratio[kHistorical])), 2.5, ink::kOrange, 0.8);
    svg.circle(x, axes.y(excess(rows[i].ratio[kFhs])), 2.5, ink::kBlue, 0.9);
  }
  svg.text(axes.left + axes.width, axes.top + axes.height + 17,
           ara::format("{} symbols, by {}", rows.size(), kPeerNames[kFhs]), ink::kQuiet, 11,
           Svg::Anchor::end);
}

void draw_years(Svg& svg, Axes axes, const Summary& summary) {
  double low = 0;
  double high = 0;
  for (const auto& row : summary.by_year) {
    for (std::size_t p : {kHistorical, kFhs}) {
      low = std::min(low, excess(row.interval[p].low));
      high = std::max(high, excess(row.interval[p].high));
    }
  }
  std::tie(axes.y_low, axes.y_high) = with_room(low, high);
  axes.x_high = static_cast<double>(summary.by_year.size());
  axes.draw(svg, "Skill by year", "CRPS against the peer, %, with 95 % intervals");
  draw_key(svg, axes, kPeerNames[kHistorical], kPeerNames[kFhs]);
  svg.line(axes.left, axes.y(0), axes.left + axes.width, axes.y(0), ink::kText);
  for (std::size_t i = 0; i < summary.by_year.size(); ++i) {
    const auto& row = summary.by_year[i];
    for (const auto& [p, colour, place] :
         {std::tuple{kHistorical, ink::kOrange, 0.38}, std::tuple{kFhs, ink::kBlue, 0.62}}) {
      const double x = axes.x(static_cast<double>(i) + place);
      svg.line(x, axes.y(excess(row.interval[p].low)), x, axes.y(excess(row.interval[p].high)),
               colour, 2);
      svg.circle(x, axes.y(excess(row.ratio[p])), 3.5, colour);
    }
    const std::string year = std::to_string(row.year);
    svg.text(axes.x(static_cast<double>(i) + 0.5), axes.top + axes.height + 17,
             summary.by_year.size() > 9 ? "'" + year.substr(2) : year, ink::kQuiet, 11,
             Svg::Anchor::middle);
  }
}

/// A dot for a value on a row of its own.
void draw_row(Svg& svg, const Axes& axes, std::size_t i, std::string_view name) {
  const double y = axes.y(static_cast<double>(i) + 0.5);
  svg.line(axes.left, y, axes.left + axes.width, y, ink::kGrid);
  svg.text(axes.left - 8, y + 4, name, ink::kText, 11, Svg::Anchor::end);
}

}  // namespace

std::string plot(const BarsReport& report) {
  const BarsReport::Model& model = report.models.front();
  Svg svg(1000, 800);
  svg.text(50, 34,
           ara::format("{}: {} symbols, {} origins, 1 to {} sessions ahead", model.name,
                       report.symbols, model.summary.origins, report.horizon),
           ink::kText, 17, Svg::Anchor::start, true);
  const auto place = [](int column, int row) {
    return Axes{.left = 60.0 + 490 * column, .top = 100.0 + 370 * row, .width = 410, .height = 250};
  };
  draw_histogram(svg, place(0, 0), model.summary);
  draw_reliability(svg, place(1, 0), model.summary);
  draw_symbols(svg, place(0, 1), model.summary);
  draw_years(svg, place(1, 1), model.summary);
  return std::move(svg).take();
}

std::string plot(const SeriesReport& report) {
  std::vector<const SeriesReport::Outcome*> rows;
  for (const auto& one : report.models) {
    if (!one.error) rows.push_back(&one);
  }
  for (const auto& one : report.benchmarks) rows.push_back(&one);
  const auto count = static_cast<double>(rows.size());
  const double height = 22 * count;
  Svg svg(1000, height + 170);
  svg.text(50, 34, ara::format("{} series, season {}", report.series, report.season), ink::kText,
           17, Svg::Anchor::start, true);
  double highest = 1;
  for (const auto* row : rows) highest = std::max(highest, row->owa);
  Axes owa{.left = 160, .top = 100, .width = 340, .height = height};
  owa.x_high = std::min(1.1 * highest, 2.0);
  owa.y_high = count;
  Axes covered{.left = 640, .top = 100, .width = 310, .height = height};
  covered.x_low = 0.5;
  covered.y_high = count;
  svg.text(owa.left, 90, "OWA; less is better, naive2 is 1", ink::kText, 14, Svg::Anchor::start,
           true);
  svg.text(covered.left, 90, "Covered by the 80 and 95 % intervals", ink::kText, 14,
           Svg::Anchor::start, true);
  owa.draw_x(svg, "OWA");
  covered.draw_x(svg, "share of the outcomes");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t at = rows.size() - 1 - i;  // the first on top
    const double y = owa.y(static_cast<double>(at) + 0.5);
    draw_row(svg, owa, at, rows[i]->name);
    svg.rectangle(owa.left, y - 5, owa.x(std::min(rows[i]->owa, owa.x_high)) - owa.left, 10,
                  i == 0 ? ink::kBlue : ink::kQuiet, 0.8);
    svg.text(owa.left + owa.width + 8, y + 4, ara::format("{:.3f}", rows[i]->owa), ink::kText, 11);
    if (i >= rows.size() - report.benchmarks.size()) continue;
    draw_row(svg, covered, at, "");
    svg.circle(covered.x(std::max(0.5, rows[i]->scores.coverage_80)), y, 4, ink::kOrange);
    svg.circle(covered.x(std::max(0.5, rows[i]->scores.coverage_95)), y, 4, ink::kBlue);
  }
  for (const double level : {0.8, 0.95}) {
    svg.line(covered.x(level), covered.top, covered.x(level), covered.top + height, ink::kText, 1,
             true);
  }
  svg.line(owa.x(1), owa.top, owa.x(1), owa.top + height, ink::kText, 1, true);
  return std::move(svg).take();
}

}  // namespace ara::cli
