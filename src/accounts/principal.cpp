#include "accounts/principal.h"

#include <algorithm>
#include <array>

namespace ara::accounts {
namespace {

struct RoleRow {
  Role role;
  std::string_view name;
};
constexpr std::array kRoles{RoleRow{Role::readonly, "readonly"}, RoleRow{Role::user, "user"},
                            RoleRow{Role::admin, "admin"}};

std::shared_ptr<const Account> make_local() {
  auto account = std::make_shared<Account>();
  account->id = "local";
  account->email = "local@localhost";
  account->username = "local";
  account->role = Role::admin;
  account->tier = Tiers::parse(Tiers::kDefault)->most();
  return account;
}

}  // namespace

std::string_view to_string(Role role) {
  return std::ranges::find(kRoles, role, &RoleRow::role)->name;
}

Result<Role> parse_role(std::string_view name) {
  std::string allowed = "one of";
  for (const RoleRow& row : kRoles) {
    if (row.name == name) return row.role;
    allowed += (&row == &kRoles.front() ? " " : ", ") + std::string(row.name);
  }
  return invalid("role", name, allowed);
}

const Principal& local_admin() {
  // One for each thread, so that event loops do not share the counter of its owners.
  thread_local const Principal local{make_local()};
  return local;
}

}  // namespace ara::accounts
