#include "cli/doctor_report.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "base/format.h"
#include "cli/json.h"
#include "cli/table.h"
#include "doctor/measured.h"
#include "doctor/sizing.h"

namespace ara::cli {
namespace {

using doctor::Section;

std::string heading(Section section) {
  switch (section) {
    case Section::latency:
      return "Latency";
    case Section::memory:
      return "Memory";
    case Section::database:
      return "Database";
    case Section::scale:
      return "Whether to scale";
  }
  return {};
}

std::string indented(std::string_view text, std::string_view by) {
  std::string out;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) out += std::string(by) + line + "\n";
  return out;
}

std::string finding_text(const doctor::Finding& finding, const Look& look) {
  const bool error = finding.severity == doctor::Severity::error;
  const auto width = static_cast<std::size_t>(std::max(40, look.width - 4));
  std::string out = ara::format("  {} {}  {}\n", error ? "✗" : "!",
                                paint(finding.name, error ? "1;31" : "1;33", look.colour),
                                printable(finding.subject, 200));
  out += indented(wrap(printable(finding.evidence, 1000), width), "    ");
  return out + indented(wrap("→ " + printable(finding.action, 1000), width), "    ");
}

std::string figure_table(const std::vector<doctor::Figure>& figures, Section section,
                         const Look& look) {
  using enum Table::Align;
  Table table({{"Where"}, {"What"}, {"", right}, {""}});
  int rows = 0;
  for (const doctor::Figure& figure : figures) {
    if (figure.section != section) continue;
    table.add({{figure.subject}, {figure.what}, {shown(figure), "1"}, {figure.detail}});
    ++rows;
  }
  return rows == 0 ? std::string() : indented(table.render(look.colour), "  ");
}

std::string trigger_value(const doctor::Trigger& trigger, double value) {
  if (!std::isfinite(value)) return "not known";
  return doctor::shown({.what = trigger.name, .value = value, .unit = trigger.unit});
}

std::string trigger_table(const doctor::Facts& facts, const Look& look) {
  using enum Table::Align;
  Table table({{"Trigger"}, {"Now", right}, {"Threshold", right}, {""}});
  for (const doctor::Trigger& trigger : doctor::triggers_of(facts)) {
    table.add({{trigger.name},
               {trigger.value ? trigger_value(trigger, *trigger.value) : "not known", "1"},
               {trigger_value(trigger, trigger.threshold)},
               {trigger.met() ? "met" : "", "1;31"}});
  }
  const doctor::Verdict verdict = doctor::verdict_of(facts);
  return indented(table.render(look.colour), "  ") +
         ara::format("  → {}: {}\n", verdict.direction, verdict.why);
}

std::string size_table(const doctor::RightSize& size, const Look& look) {
  using enum Table::Align;
  if (!size.why_not.empty()) return "  " + size.why_not + "\n";
  Table table({{"Setting"}, {"Right", right}, {"Now", right}, {"Since"}});
  for (const auto* list : {&size.settings, &size.resources}) {
    for (const doctor::Setting& setting : *list) {
      table.add({{setting.name}, {setting.value, "1"}, {setting.now}, {setting.why}});
    }
  }
  return indented(table.render(look.colour), "  ");
}

yyjson_mut_val* json_of(Json& json, const doctor::Finding& finding) {
  yyjson_mut_val* out = json.object();
  json.put(out, "name", json.text(finding.name));
  json.put(out, "section", json.text(to_string(finding.section)));
  json.put(out, "severity", json.text(to_string(finding.severity)));
  json.put(out, "subject", json.text(finding.subject));
  json.put(out, "evidence", json.text(finding.evidence));
  json.put(out, "action", json.text(finding.action));
  return out;
}

yyjson_mut_val* json_of(Json& json, const doctor::Figure& figure) {
  yyjson_mut_val* out = json.object();
  json.put(out, "section", json.text(to_string(figure.section)));
  json.put(out, "subject", json.text(figure.subject));
  json.put(out, "what", json.text(figure.what));
  json.put(out, "value", json.real(figure.value));
  json.put(out, "unit", json.text(figure.unit));
  json.put(out, "detail", json.text(figure.detail));
  return out;
}

yyjson_mut_val* json_of(Json& json, const doctor::Trigger& trigger) {
  yyjson_mut_val* out = json.object();
  json.put(out, "name", json.text(trigger.name));
  json.put(out, "value", trigger.value ? json.real(*trigger.value) : json.null());
  json.put(out, "threshold", json.real(trigger.threshold));
  json.put(out, "unit", json.text(trigger.unit));
  json.put(out, "met", json.boolean(trigger.met()));
  return out;
}

yyjson_mut_val* json_of(Json& json, const std::vector<doctor::Setting>& settings) {
  yyjson_mut_val* out = json.object();
  for (const doctor::Setting& setting : settings) {
    yyjson_mut_val* one = json.object();
    json.put(one, "value", json.text(setting.value));
    json.put(one, "now", setting.now.empty() ? json.null() : json.text(setting.now));
    json.put(one, "why", json.text(setting.why));
    json.put(out, setting.name, one);
  }
  return out;
}

template <class Items>
yyjson_mut_val* array_of(Json& json, const Items& items) {
  yyjson_mut_val* out = json.array();
  for (const auto& item : items) json.append(out, json_of(json, item));
  return out;
}

}  // namespace

std::string doctor_text(const doctor::Facts& facts, std::span<const doctor::Finding> findings,
                        const Look& look) {
  const auto figures = doctor::figures_of(facts);
  std::string out;
  for (const Section section :
       {Section::latency, Section::memory, Section::database, Section::scale}) {
    out += paint(heading(section), "1", look.colour) + "\n";
    out += section == Section::scale ? trigger_table(facts, look)
                                     : figure_table(figures, section, look);
    for (const doctor::Finding& finding : findings) {
      if (finding.section == section) out += finding_text(finding, look);
    }
    out += "\n";
  }
  out += paint("Right sizes", "1", look.colour) + "\n" + size_table(right_size(facts), look) + "\n";
  if (findings.empty()) return out + "Nothing is wrong.\n";
  return out + ara::format("{} finding{}.\n", findings.size(), findings.size() == 1 ? "" : "s");
}

std::string doctor_json(const doctor::Facts& facts, std::span<const doctor::Finding> findings) {
  Json json;
  yyjson_mut_val* root = json.object();
  yyjson_mut_val* nodes = json.array();
  for (const doctor::NodeLook& node : facts.nodes) {
    yyjson_mut_val* one = json.object();
    json.put(one, "url", json.text(node.url));
    json.put(one, "reachable", json.boolean(node.reachable()));
    json.put(one, "seconds", json.real(node.window.seconds));
    json.append(nodes, one);
  }
  json.put(root, "nodes", nodes);
  json.put(root, "store", facts.store ? json.text(facts.store->kind) : json.null());
  json.put(root, "findings", array_of(json, findings));
  json.put(root, "figures", array_of(json, doctor::figures_of(facts)));
  json.put(root, "triggers", array_of(json, doctor::triggers_of(facts)));
  const doctor::Verdict verdict = doctor::verdict_of(facts);
  yyjson_mut_val* scale = json.object();
  json.put(scale, "direction", json.text(verdict.direction));
  json.put(scale, "why", json.text(verdict.why));
  json.put(root, "scale", scale);
  const doctor::RightSize size = doctor::right_size(facts);
  yyjson_mut_val* sizes = json.object();
  json.put(sizes, "why_not", size.why_not.empty() ? json.null() : json.text(size.why_not));
  json.put(sizes, "settings", json_of(json, size.settings));
  json.put(sizes, "resources", json_of(json, size.resources));
  json.put(root, "right_size", sizes);
  return json.write(root) + "\n";
}

}  // namespace ara::cli
