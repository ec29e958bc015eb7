
#include "base/format.h"
#include "cli/evaluate_bars.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/table.h"

namespace ara::cli {
namespace {

using evaluation::kCoverages;
using evaluation::kPeerNames;
using evaluation::Summary;

constexpr std::size_t kGarch = static_cast<std::size_t>(evaluation::Peer::garch_fhs);

template <class Value>
yyjson_mut_val* by_peer(Json& json, const Value& value) {
  yyjson_mut_val* const object = json.object();
  for (std::size_t p = 0; p < kPeerNames.size(); ++p) json.put(object, kPeerNames[p], value(p));
  return object;
}

yyjson_mut_val* ratios(Json& json, const evaluation::PerPeer<double>& values) {
  return by_peer(json, [&](std::size_t p) { return json.real(values[p]); });
}

yyjson_mut_val* intervals(Json& json, const evaluation::PerPeer<evaluation::Interval>& values) {
  return by_peer(json, [&](std::size_t p) {
    yyjson_mut_val* const pair = json.array();
    json.append(pair, json.real(values[p].low));
    json.append(pair, json.real(values[p].high));
    return pair;
  });
}

yyjson_mut_val* tests(Json& json, const evaluation::PerPeer<evaluation::DieboldMariano>& values) {
  return by_peer(json, [&](std::size_t p) {
    yyjson_mut_val* const test = json.object();
    json.put(test, "statistic", json.real(values[p].statistic));
    json.put(test, "p_value", json.real(values[p].p_value));
    return test;
  });
}

yyjson_mut_val* coverages(Json& json, const evaluation::PerCoverage& values) {
  yyjson_mut_val* const object = json.object();
  for (std::size_t i = 0; i < kCoverages.size(); ++i) {
    json.put(object, std::to_string(kCoverages[i]), json.real(values[i]));
  }
  return object;
}

yyjson_mut_val* garch_ratio(Json& json, double value) {
  yyjson_mut_val* const object = json.object();
  json.put(object, "garch", json.real(value));
  return object;
}

double part(std::size_t some, std::size_t all) {
  return all > 0 ? static_cast<double>(some) / static_cast<double>(all) : 0;
}

yyjson_mut_val* direction(Json& json, const evaluation::Direction& calls) {
  yyjson_mut_val* const object = json.object();
  json.put(object, "accuracy", json.real(part(calls.right, calls.count)));
  json.put(object, "always_up", json.real(part(calls.up, calls.count)));
  json.put(object, "n", json.number(calls.count));
  return object;
}

yyjson_mut_val* by_horizon(Json& json, const Summary& summary) {
  yyjson_mut_val* const rows = json.array();
  for (const auto& row : summary.by_horizon) {
    yyjson_mut_val* const object = json.object();
    json.put(object, "horizon", json.number(static_cast<std::uint64_t>(row.horizon)));
    json.put(object, "crps_ratio", ratios(json, row.ratio));
    json.append(rows, object);
  }
  return rows;
}

yyjson_mut_val* by_year(Json& json, const Summary& summary) {
  yyjson_mut_val* const rows = json.array();
  for (const auto& row : summary.by_year) {
    yyjson_mut_val* const object = json.object();
    json.put(object, "year", json.number(static_cast<std::uint64_t>(row.year)));
    json.put(object, "origins", json.number(row.origins));
    json.put(object, "crps_ratio", ratios(json, row.ratio));
    json.put(object, "crps_ratio_interval", intervals(json, row.interval));
    json.put(object, "coverage", coverages(json, row.coverage));
    json.append(rows, object);
  }
  return rows;
}

yyjson_mut_val* by_symbol(Json& json, const Summary& summary) {
  yyjson_mut_val* const rows = json.array();
  for (const auto& row : summary.by_symbol) {
    yyjson_mut_val* const object = json.object();
    json.put(object, "symbol", json.text(row.name));
    json.put(object, "origins", json.number(row.origins));
    json.put(object, "crps", json.real(row.crps));
    json.put(object, "crps_ratio", ratios(json, row.ratio));
    json.put(object, "diebold_mariano", tests(json, row.test));
    json.put(object, "coverage", coverages(json, row.coverage));
    json.put(object, "qlike_ratio", garch_ratio(json, row.qlike_ratio));
    json.put(object, "direction", direction(json, row.direction));
    json.append(rows, object);
  }
  return rows;
}

void put_summary(Json& json, yyjson_mut_val* object, const Summary& summary) {
  json.put(object, "origins", json.number(summary.origins));
  json.put(object, "crps", json.real(summary.crps));
  json.put(object, "crps_ratio", ratios(json, summary.ratio));
  json.put(object, "crps_ratio_interval", intervals(json, summary.interval));
  json.put(object, "share_better", ratios(json, summary.share_better));
  json.put(object, "diebold_mariano", tests(json, summary.test));
  json.put(object, "coverage", coverages(json, summary.coverage));
  json.put(object, "peer_coverage",
           by_peer(json, [&](std::size_t p) { return coverages(json, summary.peer_coverage[p]); }));
  json.put(object, "share_symbols_covered_within_3_points", coverages(json, summary.share_covered));
  json.put(object, "qlike_ratio", garch_ratio(json, summary.qlike_ratio));
  json.put(object, "direction", direction(json, summary.direction));
  json.put(object, "by_horizon", by_horizon(json, summary));
  json.put(object, "by_year", by_year(json, summary));
  json.put(object, "by_symbol", by_symbol(json, summary));
}

std::string percent(double value) {
  return ara::format("{:.1f}", 100 * value);
}

/// The change that a ratio is, e.g. 0.985 as "-1.50".
std::string change(double ratio) {
  return ara::format("{:+.2f}", 100 * (ratio - 1));
}

std::string peers_text(const Summary& summary, bool colour) {
  using enum Table::Align;
  Table table({{"CRPS against"},
               {"%, below 0 is better", right},
               {"95 % interval", right},
               {"DM", right},
               {"p", right},
               {"Better on", right},
               {"Peer's 80 % covers", right},
               {"95 %", right}});
  for (std::size_t p = 0; p < kPeerNames.size(); ++p) {
    const auto& covered = summary.peer_coverage[p];
    table.add({{std::string(kPeerNames[p])},
               {change(summary.ratio[p]), "1"},
               {change(summary.interval[p].low) + " to " + change(summary.interval[p].high)},
               {ara::format("{:+.2f}", summary.test[p].statistic)},
               {ara::format("{:.4f}", summary.test[p].p_value)},
               {percent(summary.share_better[p]) + " %"},
               {percent(covered[1])},
               {percent(covered[3])}});
  }
  return table.render(colour);
}

std::string coverage_text(const Summary& summary, bool colour) {
  using enum Table::Align;
  Table table({{"Interval"}, {"Covers", right}, {"Symbols within 3 points", right}});
  for (std::size_t i = 0; i < kCoverages.size(); ++i) {
    table.add({{ara::format("{} %", kCoverages[i])},
               {percent(summary.coverage[i]) + " %", "1"},
               {percent(summary.share_covered[i]) + " %"}});
  }
  return table.render(colour);
}

std::string years_text(const Summary& summary, bool colour) {
  using enum Table::Align;
  Table table({{"Year"},
               {"Origins", right},
               {"vs drift", right},
               {"vs historical", right},
               {"95 % interval", right},
               {"vs garch_fhs", right},
               {"95 % interval", right},
               {"80 %", right},
               {"95 %", right}});
  for (const auto& row : summary.by_year) {
    const auto between = [&](std::size_t p) {
      return change(row.interval[p].low) + " to " + change(row.interval[p].high);
    };
    table.add({{std::to_string(row.year)},
               {std::to_string(row.origins)},
               {change(row.ratio[0])},
               {change(row.ratio[1])},
               {between(1)},
               {change(row.ratio[kGarch]), "1"},
               {between(kGarch)},
               {percent(row.coverage[1])},
               {percent(row.coverage[3])}});
  }
  return table.render(colour);
}

std::string summary_text(const Summary& summary, bool colour) {
  return peers_text(summary, colour) + "\n" + coverage_text(summary, colour) + "\n" +
         years_text(summary, colour) +
         ara::format(
             "\nQLIKE of volatility against garch_fhs: {} %. Direction: {} % right, {} % by always "
             "up, of {}.\n",
             change(summary.qlike_ratio),
             percent(part(summary.direction.right, summary.direction.count)),
             percent(part(summary.direction.up, summary.direction.count)), summary.direction.count);
}

}  // namespace

std::string to_text(const BarsReport& report, bool colour) {
  std::string text;
  for (const BarsReport::Model& model : report.models) {
    text += ara::format("{}\n", paint(model.name, "1", colour));
    text += model.error ? model.error->message + "\n" : summary_text(model.summary, colour);
    text += "\n";
  }
  text += ara::format("{} symbol{}, {} origins, 1 to {} sessions ahead; {:.1f} s, {:.1f} CPU s\n",
                      report.symbols, report.symbols == 1 ? "" : "s",
                      report.models.front().summary.origins, report.horizon, report.seconds,
                      report.cpu_seconds);
  if (report.skipped.empty()) return text;
  text += "Too few bars:";
  for (const std::string& name : report.skipped) text += " " + name;
  return text + "\n";
}

std::string to_json(const BarsReport& report) {
  Json json;
  yyjson_mut_val* const root = json.object();
  json.put(root, "model", json.text(report.models.front().name));
  json.put(root, "horizon", json.number(static_cast<std::uint64_t>(report.horizon)));
  json.put(root, "symbols", json.number(report.symbols));
  put_summary(json, root, report.models.front().summary);
  yyjson_mut_val* const skipped = json.array();
  for (const std::string& name : report.skipped) json.append(skipped, json.text(name));
  json.put(root, "skipped", skipped);
  json.put(root, "seconds", json.real(report.seconds));
  json.put(root, "cpu_seconds", json.real(report.cpu_seconds));
  yyjson_mut_val* const models = json.object();
  for (const BarsReport::Model& model : report.models) {
    yyjson_mut_val* const object = json.object();
    if (model.error) {
      json.put(object, "refused", json.text(model.error->message));
    } else {
      put_summary(json, object, model.summary);
    }
    json.put(models, model.name, object);
  }
  json.put(root, "models", models);
  return json.write(root);
}

}  // namespace ara::cli
