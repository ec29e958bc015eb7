#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"

namespace ara::cli {

/// The command line as a tree of subcommands, made from commands() and config::settings().
struct Program {
  struct Command {
    const CommandRow* row;
    CLI::App* app;
    std::function<int()> run;
  };

  CLI::App app;
  std::vector<std::pair<std::string, CLI::Option*>> settings;  ///< the flag of each setting
  std::vector<Command> commands;                               ///< in the order of commands()
};

/// `context` must outlive the program.
std::unique_ptr<Program> make_program(Context& context);

}  // namespace ara::cli
