#include "cli/model_view.h"

#include "base/format.h"
#include "cli/output.h"
#include "cli/table.h"

namespace ara::cli {
namespace {

using registry::Version;
using storage::ModelStatus;

constexpr std::size_t kDigits = 8;  ///< of an artefact's hash, enough to tell them apart

/// A refused version has no scores where it could not be fitted.
bool scored(const Version& version) {
  return version.scores.origins > 0;
}

std::string ratio(const Version& version, evaluation::Peer peer) {
  const double value = version.scores.crps_ratio[static_cast<std::size_t>(peer)];
  return scored(version) ? ara::format("{:.4f}", value) : "";
}

std::string percent(const Version& version, std::size_t level) {
  return scored(version) ? ara::format("{:.1f} %", 100 * version.scores.coverage[level]) : "";
}

std::string_view style_of(ModelStatus status) {
  switch (status) {
    case ModelStatus::champion:
      return "1;32";
    case ModelStatus::refused:
      return "31";
    case ModelStatus::retired:
      return "2";
    case ModelStatus::candidate:
      break;
  }
  return "";
}

/// Where a version is shown with its details, so that people can see the day at a glance.
std::string day_of(WallTime time) {
  return domain::to_iso(std::chrono::floor<std::chrono::days>(time));
}

yyjson_mut_val* scores_json(Json& json, const registry::Scores& scores) {
  yyjson_mut_val* out = json.object();
  json.put(out, "symbols", json.number(scores.symbols));
  json.put(out, "origins", json.number(scores.origins));
  json.put(out, "crps", json.real(scores.crps));
  yyjson_mut_val* ratios = json.object();
  yyjson_mut_val* tests = json.object();
  for (std::size_t p = 0; p < evaluation::kPeerNames.size(); ++p) {
    json.put(ratios, evaluation::kPeerNames[p], json.real(scores.crps_ratio[p]));
    json.put(tests, evaluation::kPeerNames[p], json.real(scores.dm_statistics[p]));
  }
  json.put(out, "crps_ratio", ratios);
  json.put(out, "diebold_mariano", tests);
  yyjson_mut_val* coverage = json.object();
  for (std::size_t i = 0; i < evaluation::kCoverages.size(); ++i) {
    json.put(coverage, std::to_string(evaluation::kCoverages[i]), json.real(scores.coverage[i]));
  }
  json.put(out, "coverage", coverage);
  return out;
}

}  // namespace

yyjson_mut_val* to_json(Json& json, const Version& version) {
  yyjson_mut_val* out = json.object();
  json.put(out, "id", json.text(version.id()));
  json.put(out, "hash", json.text(version.hash()));
  json.put(out, "model", json.text(version.model));
  json.put(out, "asset_type", json.text(domain::describe(version.asset_type).name));
  json.put(out, "band", json.text(version.band.name));
  json.put(out, "status", json.text(to_string(version.status)));
  json.put(out, "reason", version.reason.empty() ? json.null() : json.text(version.reason));
  json.put(out, "created", json.text(to_rfc3339(version.created)));
  json.put(out, "changed", json.text(to_rfc3339(version.changed)));
  json.put(out, "code", json.text(version.code));
  json.put(out, "first", json.text(domain::to_iso(version.first)));
  json.put(out, "last", json.text(domain::to_iso(version.last)));
  json.put(out, "symbols", json.number(version.symbols));
  json.put(out, "bars", json.number(version.bars));
  json.put(out, "content", json.text(ara::format("{:016x}", version.content)));
  json.put(out, "seed", json.number(version.seed));
  json.put(out, "command", json.text(version.command));
  json.put(out, "artefact", version.artefact.empty() ? json.null() : json.text(version.artefact));
  json.put(out, "scores", scored(version) ? scores_json(json, version.scores) : json.null());
  yyjson_mut_val* checks = json.array();
  for (const registry::Check& check : version.checks) {
    yyjson_mut_val* item = json.object();
    json.put(item, "name", json.text(check.name));
    json.put(item, "value", json.real(check.value));
    json.put(item, "limit", json.real(check.limit));
    json.put(item, "passed", json.boolean(check.passed));
    json.append(checks, item);
  }
  json.put(out, "checks", checks);
  return out;
}

std::string version_table(std::span<const Version> versions, bool colour) {
  using enum Table::Align;
  Table table({{"Model"},
               {"Artefact"},
               {"Type"},
               {"Sessions"},
               {"Status"},
               {"CRPS/hist.", right},
               {"CRPS/GARCH", right},
               {"In 80 %", right},
               {"In 95 %", right},
               {"Made"}});
  for (const Version& version : versions) {
    table.add({{version.id(), "1"},
               {version.artefact.substr(0, kDigits)},
               {std::string(domain::describe(version.asset_type).name)},
               {std::string(version.band.name)},
               {std::string(to_string(version.status)), style_of(version.status)},
               {ratio(version, evaluation::Peer::historical)},
               {ratio(version, evaluation::Peer::garch_fhs)},
               {percent(version, 1)},
               {percent(version, 3)},
               {day_of(version.created)}});
  }
  return table.render(colour);
}

std::string version_page(const Version& version, bool colour) {
  Table facts({{"Model"}, {version.id(), Table::Align::left}});
  const auto fact = [&](std::string name, std::string value, std::string_view style = "") {
    facts.add({{std::move(name)}, {std::move(value), style}});
  };
  fact("Status", std::string(to_string(version.status)), style_of(version.status));
  if (!version.reason.empty()) fact("Reason", version.reason);
  fact("Serves", ara::format("{}, {} sessions", domain::describe(version.asset_type).name,
                             version.band.name));
  fact("Hash", version.hash());
  if (!version.artefact.empty()) fact("Artefact", version.artefact);
  fact("Made", to_rfc3339(version.created));
  fact("Made by", version.command);
  fact("From", ara::format("{} bars of {} symbols, {} to {}, content {:016x}", version.bars,
                           version.symbols, domain::to_iso(version.first),
                           domain::to_iso(version.last), version.content));
  if (scored(version)) {
    fact("CRPS", ara::format("{:.6g}, mean over {} symbols and {} origins", version.scores.crps,
                             version.scores.symbols, version.scores.origins));
    for (std::size_t p = 0; p < evaluation::kPeerNames.size(); ++p) {
      fact("", ara::format("{:.4f} of that of {}, Diebold-Mariano {:+.1f}",
                           version.scores.crps_ratio[p], evaluation::kPeerNames[p],
                           version.scores.dm_statistics[p]));
    }
  }
  std::string out = facts.render(colour) + "\n";
  using enum Table::Align;
  Table checks({{"Check"}, {"Value", right}, {"Limit", right}, {""}});
  for (const registry::Check& check : version.checks) {
    checks.add({{check.name},
                {ara::format("{:.4g}", check.value)},
                {ara::format("{:.4g}", check.limit)},
                {check.passed ? "passed" : "failed", check.passed ? "32" : "31"}});
  }
  return out + checks.render(colour);
}

}  // namespace ara::cli
