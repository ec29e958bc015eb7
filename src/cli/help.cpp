#include <array>
#include <memory>
#include <ranges>

#include "base/format.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/doctor_report.h"
#include "cli/output.h"
#include "cli/table.h"

namespace ara::cli {
namespace {

std::string exit_codes() {
  using enum Table::Align;
  Table table({{"Status", right}, {"Name"}, {"Meaning"}});
  table.add({{"0"}, {"Success"}, {"Done"}});
  table.add(
      {{std::to_string(kFindingsStatus)}, {"Findings"}, {"`ara doctor` has found something"}});
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code) {
    const CodeRow& row = describe(static_cast<Code>(code));
    table.add(
        {{std::to_string(row.exit_status)}, {std::string(row.name)}, {std::string(row.title)}});
  }
  return table.render(standard_output().colour);
}

std::string settings_help() {
  std::string out =
      "Each setting is an environment variable, a line of .env, a key of ara.toml and a flag of\n"
      "`ara serve`; a flag overrides the environment, that .env, and that ara.toml.\n";
  const bool colour = standard_output().colour;
  for (const config::SettingRow& row : config::settings()) {
    out += ara::format(
        "\n{}  (ara.toml: {}, {})\n", paint(row.name, "1", colour), config::key_of(row.name),
        row.secret ? "no flag: others would see it" : "flag: " + config::flags_of(row));
    for (const auto line :
         std::views::split(wrap(ara::format("{}: {}.", row.help, row.allowed), 90), '\n')) {
      out += "  " + std::string(std::string_view(line)) + "\n";
    }
  }
  return out;
}

struct Topic {
  std::string_view name;
  std::string (*text)();
};
constexpr std::array kTopics{Topic{"exit-codes", exit_codes}, Topic{"settings", settings_help}};

/// App::help() would show the help of the subcommand that was parsed: this one.
std::string help_of(const CLI::App& app, const std::string& name) {
  return app.get_formatter()->make_help(&app, name, CLI::AppFormatMode::Normal);
}

int help_on(const std::string& topic, const CLI::App& root) {
  if (topic.empty()) return emit_or_report(help_of(root, "ara"));
  for (const Topic& one : kTopics) {
    if (one.name == topic) return emit_or_report(one.text());
  }
  std::vector<std::string> names;
  for (const CLI::App* command : root.get_subcommands({})) {
    if (command->get_name() == topic) return emit_or_report(help_of(*command, "ara " + topic));
    names.push_back(command->get_name());
  }
  for (const Topic& one : kTopics) names.emplace_back(one.name);
  const auto near = nearest(topic, names, 1);
  std::string message = "There is no help on '" + printable(topic) + "'";
  if (!near.empty()) message += "; did you mean '" + near.front() + "'?";
  return report({Code::invalid, message, "topic", printable(topic), {}});
}

}  // namespace

std::function<int()> enrol_help(CLI::App& app, Context&) {
  const auto topic = std::make_shared<std::string>();
  app.add_option("TOPIC", *topic, "A command, or exit-codes, or settings")->type_name("");
  return [topic, root = app.get_parent()] { return help_on(*topic, *root); };
}

}  // namespace ara::cli
