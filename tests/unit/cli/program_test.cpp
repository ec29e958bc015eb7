#include "cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "cli/completion.h"

namespace ara::cli {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(Commands, EveryRowHasHelpExamplesAndAName) {
  Context context;
  const auto program = make_program(context);
  std::set<std::string_view> names;
  for (const CommandRow& row : commands()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    const std::string help = program->app.get_subcommand(std::string(row.name))->help("ara");
    EXPECT_THAT(help, HasSubstr(std::string(row.examples)));
    EXPECT_THAT(row.examples, HasSubstr("ara " + std::string(row.name)));
    EXPECT_THAT(program->app.help(), HasSubstr(std::string(row.help)));
  }
}

TEST(Commands, EverySettingIsAFlagOfServe) {
  Context context;
  const auto program = make_program(context);
  const CLI::App* serve = program->app.get_subcommand("serve");
  for (const config::SettingRow& row : config::settings()) {
    const CLI::App& app = row.shared ? program->app : *serve;
    const std::string flags = config::flags_of(row);
    const CLI::Option* option = app.get_option_no_throw(flags.substr(flags.rfind("--")));
    if (row.secret) {  // others see the arguments of a program
      EXPECT_EQ(option, nullptr) << flags;
      continue;
    }
    ASSERT_NE(option, nullptr) << flags;
    EXPECT_EQ(option->get_name(false, true), flags);
    EXPECT_THAT(option->get_description(), HasSubstr(std::string(row.name)));
  }
}

/// What bash completes for a line whose last word is being typed.
class BashCompletion : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "ara-bash-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    Context context;
    const auto script = completion_script(make_program(context)->app, "bash");
    ASSERT_TRUE(script);
    std::ofstream(folder_ + "/script") << *script;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::vector<std::string> complete(const std::string& words) const {
    // A stand-in for the program answers the one question that the script asks it.
    std::ofstream(folder_ + "/run") << "ara() { [ \"$*\" = 'symbols --names' ] && "
                                       "printf 'AAPL\\nAMZN\\nMSFT\\n'; }\n"
                                       "source '" +
                                           folder_ +
                                           "/script'\n"
                                           "COMP_WORDS=(" +
                                           words +
                                           ")\n"
                                           "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                                           "_ara\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
    std::FILE* pipe = popen(("bash --norc '" + folder_ + "/run' 2>&1").c_str(), "r");
    std::vector<std::string> lines;
    std::array<char, 256> line;
    while (std::fgets(line.data(), line.size(), pipe)) {
      lines.emplace_back(line.data());
      lines.back().pop_back();
      if (lines.back().empty()) lines.pop_back();
    }
    EXPECT_EQ(pclose(pipe), 0);
    return lines;
  }

  std::string folder_;
};

TEST_F(BashCompletion, Commands) {
  EXPECT_THAT(complete("ara pre"), UnorderedElementsAre("predict"));
  EXPECT_THAT(complete("ara ''"), Contains("serve"));
  EXPECT_THAT(complete("ara config ''"), Contains("show"));
  EXPECT_THAT(complete("ara config show --js"), UnorderedElementsAre("--json"));
}

TEST_F(BashCompletion, OptionsAndTheirWords) {
  EXPECT_THAT(complete("ara predict --pl"), UnorderedElementsAre("--plot"));
  EXPECT_THAT(complete("ara serve --po"), UnorderedElementsAre("--port"));
  EXPECT_THAT(complete("ara predict --port"), IsEmpty());
  EXPECT_THAT(complete("ara --log-level ''"),
              UnorderedElementsAre("debug", "info", "warning", "error", "off"));
  EXPECT_THAT(complete("ara predict -a b"), UnorderedElementsAre("basic"));
  EXPECT_THAT(complete("ara serve --port ''"), IsEmpty());
  EXPECT_THAT(complete("ara completion ''"), Contains("zsh"));
}

TEST_F(BashCompletion, SymbolsAreAsked) {
  EXPECT_THAT(complete("ara predict A"), UnorderedElementsAre("AAPL", "AMZN"));
  EXPECT_THAT(complete("ara import A"), IsEmpty());  // files, which bash adds itself
}

TEST(Completion, KnowsThreeShells) {
  Context context;
  const auto program = make_program(context);
  EXPECT_THAT(completion_script(program->app, "fish").value(),
              HasSubstr("complete -c ara -n 'not __fish_seen_subcommand_from import predict"));
  EXPECT_THAT(completion_script(program->app, "zsh").value(), HasSubstr("bashcompinit"));
  // In zsh `path` is the list of PATH: a local variable of that name hides every program.
  EXPECT_THAT(completion_script(program->app, "zsh").value(), ::testing::Not(HasSubstr(" path=")));
  const auto none = completion_script(program->app, "tcsh");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().field, "shell");
}

}  // namespace
}  // namespace ara::cli
