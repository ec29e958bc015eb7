// ara admin
#include <termios.h>
#include <unistd.h>

#include <iostream>
#include <memory>

#include "accounts/office.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/table.h"

namespace ara::cli {
namespace {

using storage::AccountRow;

constexpr std::string_view kActor = "command line";
constexpr long long kMostAccounts = 100'000;

struct AdminOptions {
  accounts::NewAccount account;
  std::string who;
  std::string value;
  std::string limit = "20";
  bool json = false;
};

/// A line of standard input, not shown while it is typed.
std::string read_secret(const char* prompt) {
  const bool person = isatty(STDIN_FILENO) == 1;
  termios before{};
  if (person && tcgetattr(STDIN_FILENO, &before) == 0) {
    std::cerr << prompt << std::flush;
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  std::string line;
  std::getline(std::cin, line);
  if (person) {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    std::cerr << "\n";
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

/// A new password: from a person twice, from a pipe its first line.
Result<std::string> new_password() {
  std::string first = read_secret("New password: ");
  if (isatty(STDIN_FILENO) == 1 && first != read_secret("The same again: ")) {
    return std::unexpected(Error{Code::invalid, "The two passwords differ", "password", "(secret)",
                                 "the same text twice"});
  }
  return first;
}

yyjson_mut_val* to_json(Json& json, const AccountRow& row) {
  yyjson_mut_val* item = json.object();
  json.put(item, "id", json.text(row.id));
  json.put(item, "email", json.text(row.email));
  json.put(item, "username", json.text(row.username));
  json.put(item, "role", json.text(row.role));
  json.put(item, "tier", json.text(row.tier));
  json.put(item, "is_active", json.boolean(row.active));
  json.put(item, "created_at", json.text(to_rfc3339(row.created)));
  return item;
}

std::string told(const AdminOptions& options, const AccountRow& row, std::string_view what) {
  if (!options.json) return ara::format("{} {} {}\n", row.id, row.email, what);
  Json json;
  return json.write(to_json(json, row)) + "\n";
}

Result<std::string> create(AdminOptions& options, accounts::Office& office) {
  auto password = new_password();
  if (!password) return std::unexpected(std::move(password.error()));
  options.account.password = std::move(*password);
  const auto row = office.create(options.account, kActor, Call{});
  if (!row) return std::unexpected(row.error());
  return told(options, *row, ara::format("is made: {}, {}", row->role, row->tier));
}

Result<std::string> list(AdminOptions& options, accounts::Office& office) {
  const auto rows = office.list(Call{});
  if (!rows) return std::unexpected(rows.error());
  if (options.json) {
    Json json;
    yyjson_mut_val* array = json.array();
    for (const AccountRow& row : *rows) json.append(array, to_json(json, row));
    return json.write(array) + "\n";
  }
  if (rows->empty()) {
    return "There are no accounts yet; `ara admin create-user EMAIL --role admin` makes one.\n";
  }
  Table table({{"Id"}, {"Email"}, {"Name"}, {"Role"}, {"Tier"}, {"Active"}, {"Created"}});
  for (const AccountRow& row : *rows) {
    table.add({{row.id},
               {row.email, "1"},
               {row.username},
               {row.role},
               {row.tier},
               {row.active ? "yes" : "no"},
               {to_rfc3339(row.created).substr(0, 10)}});
  }
  return table.render(standard_output().colour);
}

/// Finds the account named, and changes it by `change`.
template <class Change>
Result<std::string> changed(const AdminOptions& options, accounts::Office& office,
                            std::string_view what, Change change) {
  const auto found = office.find(options.who, Call{});
  if (!found) return std::unexpected(found.error());
  const Result<AccountRow> row = change(found->id);
  if (!row) return std::unexpected(row.error());
  return told(options, *row, what);
}

Result<std::string> set_role(AdminOptions& options, accounts::Office& office) {
  return changed(options, office, "is " + options.value + " now", [&](const std::string& id) {
    return office.set_role(id, options.value, kActor, Call{});
  });
}
Result<std::string> set_tier(AdminOptions& options, accounts::Office& office) {
  return changed(options, office, "is " + options.value + " now", [&](const std::string& id) {
    return office.set_tier(id, options.value, kActor, Call{});
  });
}
Result<std::string> disable(AdminOptions& options, accounts::Office& office) {
  return changed(options, office, "is disabled", [&](const std::string& id) {
    return office.set_active(id, false, kActor, Call{});
  });
}
Result<std::string> enable(AdminOptions& options, accounts::Office& office) {
  return changed(options, office, "is enabled", [&](const std::string& id) {
    return office.set_active(id, true, kActor, Call{});
  });
}
Result<std::string> reset_password(AdminOptions& options, accounts::Office& office) {
  auto password = new_password();
  if (!password) return std::unexpected(std::move(password.error()));
  return changed(options, office, "has a new password", [&](const std::string& id) {
    return office.reset_password(id, *password, kActor, Call{});
  });
}

Result<std::string> audit(AdminOptions& options, accounts::Office& office) {
  const auto limit = parse_integer(options.limit);
  if (!limit || *limit < 1 || *limit > kMostAccounts) {
    return invalid("limit", options.limit, ara::format("an integer from 1 to {}", kMostAccounts));
  }
  const auto rows = office.audit(static_cast<std::size_t>(*limit), Call{});
  if (!rows) return std::unexpected(rows.error());
  if (options.json) {
    Json json;
    yyjson_mut_val* array = json.array();
    for (const storage::AuditRow& row : *rows) {
      yyjson_mut_val* item = json.object();
      json.put(item, "number", json.number(static_cast<std::uint64_t>(row.number)));
      json.put(item, "time", json.text(to_rfc3339(row.when)));
      json.put(item, "actor", json.text(row.actor));
      json.put(item, "action", json.text(row.action));
      json.put(item, "target", json.text(row.target));
      json.put(item, "detail", json.text(row.detail));
      json.append(array, item);
    }
    return json.write(array) + "\n";
  }
  if (rows->empty()) return "Nothing has been changed yet.\n";
  Table table({{"Time"}, {"Actor"}, {"Action"}, {"Target"}, {"Detail"}});
  for (const storage::AuditRow& row : *rows) {
    table.add({{to_rfc3339(row.when)},
               {printable(row.actor)},
               {row.action, "1"},
               {printable(row.target)},
               {printable(row.detail)}});
  }
  return table.render(standard_output().colour);
}

using AdminAction = Result<std::string> (*)(AdminOptions&, accounts::Office&);

CLI::App* add(CLI::App& app, AdminOptions& options, const char* name, const char* help,
              const char* subject) {
  CLI::App* sub = app.add_subcommand(name, help);
  sub->add_flag("--json", options.json, "JSON");
  if (subject != nullptr) sub->add_option("ACCOUNT", options.who, subject)->required();
  return sub;
}

}  // namespace

std::function<int()> enrol_admin(CLI::App& app, Context& context) {
  static constexpr const char* kWho = "An account's email or id";
  app.require_subcommand(1);
  const auto options = std::make_shared<AdminOptions>();
  std::vector<std::pair<CLI::App*, AdminAction>> actions;
  CLI::App* sub = add(app, *options, "create-user", "Make an account", nullptr);
  sub->add_option("EMAIL", options->account.email, "What it logs in with")->required();
  sub->add_option("--username", options->account.username, "Its name; else that of the email");
  sub->add_option("--role", options->account.role, "What it may do [user]")
      ->type_name("readonly|user|admin");
  sub->add_option("--tier", options->account.tier, "How much it may ask for; else the least")
      ->type_name("TIER");
  actions.emplace_back(sub, create);
  actions.emplace_back(add(app, *options, "list-users", "All accounts", nullptr), list);
  sub = add(app, *options, "set-role", "Change what an account may do", kWho);
  sub->add_option("ROLE", options->value, "readonly, user or admin")->required();
  actions.emplace_back(sub, set_role);
  sub = add(app, *options, "set-tier", "Change how much an account may ask for", kWho);
  sub->add_option("TIER", options->value, "A tier of the setting TIERS")->required();
  actions.emplace_back(sub, set_tier);
  actions.emplace_back(add(app, *options, "disable", "Refuse an account, and end its tokens", kWho),
                       disable);
  actions.emplace_back(add(app, *options, "enable", "Let a disabled account in again", kWho),
                       enable);
  actions.emplace_back(
      add(app, *options, "reset-password", "Set a new password, and end its tokens", kWho),
      reset_password);
  sub = add(app, *options, "audit", "Who changed what, newest first", nullptr);
  sub->add_option("--limit", options->limit, "So many at most [20]")->type_name("N");
  actions.emplace_back(sub, audit);
  return [options, actions, &context] {
    auto store = context.open_store(context.config);
    if (!store) return report(store.error());
    accounts::Office office(std::move(*store), context.config.tiers, system_clock());
    for (const auto& [command, action] : actions) {
      if (!command->parsed()) continue;
      const auto text = action(*options, office);
      return text ? emit_or_report(*text) : report(text.error());
    }
    return 0;
  };
}

}  // namespace ara::cli
