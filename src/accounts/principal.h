#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "accounts/meter.h"
#include "accounts/tiers.h"
#include "base/result.h"

namespace ara::accounts {

/// Each role may do what the one before it may.
enum class Role {
  readonly,  ///< reads, and asks for forecasts
  user,      ///< and has objects of its own
  admin,     ///< and manages models and accounts
};
std::string_view to_string(Role role);
/// By name; the error lists the names.
Result<Role> parse_role(std::string_view name);

/// An account as a server knows it; never changed once made.
struct Account {
  std::string id;
  std::string email;
  std::string username;
  Role role = Role::readonly;
  Tier tier;
  bool active = true;
  std::uint64_t generation = 1;  ///< what is signed for another one is void
  std::shared_ptr<Meter> meter;  ///< what it has used; null where nothing is counted
};

/// Who asks.
struct Principal {
  std::shared_ptr<const Account> account;

  const std::string& id() const { return account->id; }
  Role role() const { return account->role; }
  const Tier& tier() const { return account->tier; }
  bool may(Role needed) const { return account->role >= needed; }
};

/// The one who asks where a server is open: an administrator named "local", of the highest tier of
/// Tiers::kDefault, nothing counted.
const Principal& local_admin();

}  // namespace ara::accounts
