#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/program.h"
#include "telemetry/log.h"

namespace ara::cli {
namespace {

constexpr std::size_t kHelpWidth = 58;

/// Adds the flag of a setting, unless it is a secret; its text is checked later, with those of the
/// other sources.
void add_setting(CLI::App& app, Program& program, const config::SettingRow& row) {
  if (row.secret) return;
  const std::string help = wrap(ara::format("{} [{}]", row.help, row.name), kHelpWidth);
  CLI::Option* option = nullptr;
  if (config::is_switch(row)) {
    option = app.add_flag(config::flags_of(row), help)->type_name("[=false]");
  } else {
    std::string kind;
    for (const std::string& word : config::choices(row)) kind += (kind.empty() ? "" : "|") + word;
    option = app.add_option(config::flags_of(row), help)->type_name(kind.empty() ? "VALUE" : kind);
  }
  program.settings.emplace_back(row.name, option->group("Settings"));
}

std::map<std::string, std::string> given_flags(const Program& program) {
  std::map<std::string, std::string> flags;
  for (const auto& [name, option] : program.settings) {
    if (option->count() > 0) flags.emplace(name, option->results().back());
  }
  return flags;
}

/// The first argument that nothing took, with what may have been meant.
std::string unknown_argument(const Program& program, const std::string& word) {
  const auto chosen = program.app.get_subcommands();
  const bool option = word.starts_with('-') && word != "-";
  std::vector<std::string> candidates;
  if (option) {
    std::vector<const CLI::App*> apps{&program.app};
    for (const CLI::App* sub = &program.app; !sub->get_subcommands().empty();) {
      sub = sub->get_subcommands().front();
      apps.push_back(sub);
    }
    for (const CLI::App* app : apps) {
      for (const CLI::Option* known : app->get_options()) {
        for (const std::string& name : known->get_lnames()) candidates.push_back("--" + name);
      }
    }
  } else if (chosen.empty()) {
    for (const CommandRow& row : commands()) candidates.emplace_back(row.name);
  }
  std::string message = option           ? "There is no option '"
                        : chosen.empty() ? "There is no command '"
                                         : "There is one argument too many: '";
  message += printable(word) + "'";
  const auto near = nearest(word.substr(0, word.find('=')), candidates, 1);
  return near.empty() ? message : message + "; did you mean '" + near.front() + "'?";
}

int report_usage(const Program& program, const CLI::ParseError& error) {
  const auto left = program.app.remaining(true);
  std::string message = left.empty() ? error.what() : unknown_argument(program, left.front());
  const auto chosen = program.app.get_subcommands();
  message += "\nSee `ara ";
  if (!chosen.empty()) message += chosen.front()->get_name() + " ";
  return report({Code::invalid, message + "--help`.", {}, {}, {}});
}

telemetry::LogLevel log_level_of(std::string_view name) {
  using enum telemetry::LogLevel;
  return name == "debug"     ? debug
         : name == "info"    ? info
         : name == "warning" ? warning
         : name == "error"   ? error
                             : off;
}

int run_command(Program& program, Context& context, const Program::Command& command) {
  if (command.row->needs != Needs::nothing) {
    auto loaded = config::load(given_flags(program), ".", config::read_limits());
    if (!loaded) return report(loaded.error());
    context.config = std::move(*loaded);
    telemetry::set_log_level(log_level_of(context.config.log_level));
  }
  return command.run();
}

}  // namespace

std::unique_ptr<Program> make_program(Context& context) {
  auto program = std::make_unique<Program>();
  CLI::App& app = program->app;
  app.name("ara");
  app.description("ARA forecasts financial time series and serves the forecasts.");
  app.set_version_flag("-V,--version", "ara " ARA_VERSION);
  app.set_help_flag("-h,--help", "Show this help");
  app.get_formatter()->column_width(34);
  app.fallthrough();
  app.require_subcommand(0, 1);  // so that `ara help predict` takes the second for an argument
  for (const config::SettingRow& row : config::settings()) {
    if (row.shared) add_setting(app, *program, row);
  }
  for (const CommandRow& row : commands()) {
    CLI::App* sub = app.add_subcommand(std::string(row.name), std::string(row.help));
    auto runner = row.enrol(*sub, context);
    const std::string footer = sub->get_footer();
    sub->footer(
        ara::format("{}{}Examples:\n{}", footer, footer.empty() ? "" : "\n\n", row.examples));
    if (row.needs == Needs::all_settings) {
      for (const config::SettingRow& setting : config::settings()) {
        if (!setting.shared) add_setting(*sub, *program, setting);
      }
    }
    program->commands.push_back({&row, sub, std::move(runner)});
  }
  // Last, since subcommands inherit what is set before they are made.
  app.footer(
      "Examples:\n"
      "  ara import AAPL.csv                  read bars into the store\n"
      "  ara predict AAPL -d 7 --plot         forecast seven sessions\n"
      "  ara serve                            the same over HTTP, on port 8000\n\n"
      "Settings come from flags, the environment, .env and ara.toml, in this order:\n"
      "`ara config show` lists them, `ara help exit-codes` what the exit status means.");
  return program;
}

int run(int argc, char** argv, Context context) {
  context.started = system_clock().steady();
  const auto program = make_program(context);
  try {  // CLI11 reports by exceptions; they end here
    program->app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return emit_or_report(program->app.help());
  } catch (const CLI::CallForVersion& version) {
    return emit_or_report(std::string(version.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    return report_usage(*program, error);
  }
  const auto chosen =
      std::ranges::find_if(program->commands, [](const auto& one) { return one.app->parsed(); });
  if (chosen == program->commands.end()) return emit_or_report(program->app.help());
  return run_command(*program, context, *chosen);
}

}  // namespace ara::cli
