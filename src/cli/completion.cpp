#include "cli/completion.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <ranges>
#include <vector>

#include "base/format.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace ara::cli {
namespace {

constexpr std::string_view kAskSymbols = "ara symbols --names 2>/dev/null";

/// A command with the words that lead to it.
struct Node {
  std::vector<std::string> path;
  const CLI::App* app = nullptr;
};

std::vector<Node> walk(const CLI::App& app) {
  std::vector<Node> nodes{{{}, &app}};
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const CLI::App* sub : nodes[i].app->get_subcommands({})) {
      std::vector<std::string> path = nodes[i].path;
      path.push_back(sub->get_name());
      nodes.push_back({std::move(path), sub});
    }
  }
  return nodes;
}

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += separator;
    out += word;
  }
  return out;
}

std::vector<std::string> names_of(const std::vector<const CLI::App*>& apps) {
  std::vector<std::string> names;
  for (const CLI::App* app : apps) names.push_back(app->get_name());
  return names;
}

/// The words an option or positional takes, from a type written as "a|b|c".
std::vector<std::string> values_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  std::vector<std::string> words;
  if (!type.contains('|')) return words;
  for (const auto word : std::views::split(type, '|')) {
    words.emplace_back(std::string_view(word));
  }
  return words;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_min() > 0;
}

std::vector<const CLI::Option*> options_of(const CLI::App& app, bool positional) {
  return app.get_options(
      [=](const CLI::Option* option) { return option->get_positional() == positional; });
}

bool wants_symbol(const CLI::App& app) {
  return std::ranges::any_of(options_of(app, true), [](const CLI::Option* option) {
    return option->get_single_name() == "SYMBOL";
  });
}

/// What may follow a command: its subcommands, its positionals' words and its options.
std::vector<std::string> words_after(const CLI::App& app) {
  std::vector<std::string> words = names_of(app.get_subcommands({}));
  for (const CLI::Option* option : options_of(app, true)) {
    for (const std::string& value : values_of(*option)) words.push_back(value);
  }
  for (const CLI::Option* option : options_of(app, false)) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  return words;
}

std::string bash_script(const CLI::App& app) {
  const std::vector<Node> nodes = walk(app);
  std::vector<std::string> paths;
  std::map<std::string, std::string> values;  // option -> the words it takes, "" for free text
  std::string cases;
  for (const Node& node : nodes) {
    const std::string path = node.path.empty() ? "" : "/" + join(node.path, "/");
    if (!path.empty()) paths.push_back(path);
    std::string words = join(words_after(*node.app), " ");
    if (wants_symbol(*node.app)) {
      words += ara::format(" $([[ $cur == -* ]] || {})", kAskSymbols);
    }
    cases += ara::format("    '{}') words=\"{}\" ;;\n", path, words);
    for (const CLI::Option* option : options_of(*node.app, false)) {
      if (!takes_value(*option)) continue;
      for (const std::string& name : option->get_lnames()) {
        values.emplace("--" + name, join(values_of(*option), " "));
      }
      for (const std::string& name : option->get_snames()) {
        values.emplace("-" + name, join(values_of(*option), " "));
      }
    }
  }
  std::string after;
  for (const auto& [name, words] : values) {
    after += words.empty() ? ara::format("    {}) return ;;\n", name)
                           : ara::format(
                                 "    {}) COMPREPLY=($(compgen -W \"{}\" -- \"$cur\")); "
                                 "return ;;\n",
                                 name, words);
  }
  return ara::format(
      "_ara() {{\n"
      "  local cur=\"${{COMP_WORDS[COMP_CWORD]}}\" sofar= words= i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$sofar/${{COMP_WORDS[i]}}\" in\n"
      "      {}) sofar=\"$sofar/${{COMP_WORDS[i]}}\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"${{COMP_WORDS[COMP_CWORD-1]}}\" in\n{}  esac\n"
      "  case \"$sofar\" in\n{}  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
      "}}\n"
      "complete -o default -F _ara ara\n",
      join(paths, "|"), after, cases);
}

/// zsh runs bash's completion functions, as long as they leave its own variables (path) alone.
std::string zsh_script(const CLI::App& app) {
  return "autoload -U +X compinit && compinit -i\nautoload -U +X bashcompinit && bashcompinit\n" +
         bash_script(app);
}

/// In single quotes of fish, on one line.
std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "'";
}

std::string fish_option(const CLI::Option& option, const std::string& when) {
  std::string out = "complete -c ara" + when;
  for (const std::string& name : option.get_snames()) out += " -s " + name;
  for (const std::string& name : option.get_lnames()) out += " -l " + name;
  const auto words = values_of(option);
  if (takes_value(option)) out += words.empty() ? " -r" : " -x -a " + fish_quoted(join(words, " "));
  return out + " -d " + fish_quoted(option.get_description()) + "\n";
}

std::string fish_script(const CLI::App& app) {
  std::string out;
  for (const Node& node : walk(app)) {
    std::string condition = node.path.empty() ? "" : "__fish_seen_subcommand_from " + node.path[0];
    for (std::size_t i = 1; i < node.path.size(); ++i) {
      condition += "; and __fish_seen_subcommand_from " + node.path[i];
    }
    const auto subcommands = node.app->get_subcommands({});
    const std::string names = join(names_of(subcommands), " ");
    const std::string unchosen = (condition.empty() ? "" : condition + "; and ") +
                                 std::string("not __fish_seen_subcommand_from ") + names;
    for (const CLI::App* sub : subcommands) {
      out += ara::format("complete -c ara -n {} -f -a {} -d {}\n", fish_quoted(unchosen),
                         sub->get_name(), fish_quoted(sub->get_description()));
    }
    const std::string when = condition.empty() ? "" : " -n " + fish_quoted(condition);
    for (const CLI::Option* option : options_of(*node.app, false)) {
      out += fish_option(*option, when);
    }
    for (const CLI::Option* option : options_of(*node.app, true)) {
      const auto words = values_of(*option);
      if (words.empty()) continue;
      out += ara::format("complete -c ara{} -f -a {}\n", when, fish_quoted(join(words, " ")));
    }
    if (wants_symbol(*node.app)) {
      out += ara::format("complete -c ara{} -f -a '({})'\n", when, kAskSymbols);
    }
  }
  return out;
}

struct Shell {
  std::string_view name;
  std::string (*script)(const CLI::App& app);
};
constexpr std::array kShells{Shell{"bash", bash_script}, Shell{"zsh", zsh_script},
                             Shell{"fish", fish_script}};

std::string shell_names(std::string_view separator) {
  std::vector<std::string> names;
  for (const Shell& shell : kShells) names.emplace_back(shell.name);
  return join(names, separator);
}

}  // namespace

Result<std::string> completion_script(const CLI::App& app, std::string_view shell) {
  for (const Shell& one : kShells) {
    if (one.name == shell) return one.script(app);
  }
  return invalid("shell", shell, "one of " + shell_names(", "));
}

std::function<int()> enrol_completion(CLI::App& app, Context&) {
  const auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "The shell to write for")
      ->required()
      ->type_name(shell_names("|"));
  return
      [shell, root = app.get_parent()] { return emit_or_report(completion_script(*root, *shell)); };
}

}  // namespace ara::cli
