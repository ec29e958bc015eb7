#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/principal.h"
#include "base/clock.h"
#include "storage/accounts.h"

namespace ara::accounts {

/// A new account, as it was asked for.
struct NewAccount {
  std::string email;
  std::string username;  ///< empty: what stands before the @
  std::string password;
  std::string role = "user";
  std::string tier;  ///< empty: the least
};

/// A key with its one-time secret.
struct IssuedKey {
  storage::ApiKeyRow row;
  std::string key;
};

/// An email in the one spelling that accounts are found by: lower case; Code::invalid for what is
/// none, or holds quotes, brackets, spaces or bytes beyond ASCII.
Result<std::string> parse_email(std::string_view text);

/// Makes and changes accounts and keys; every change leaves an entry in the audit log. Blocks; call
/// from any thread. `actor` is the id of the account that asks, or where the act comes from. Errors
/// of the store, and as stated.
class Office {
 public:
  static constexpr std::size_t kMostKeys = 100;    ///< of one account
  static constexpr int kMostKeyDays = 3650;        ///< until a key expires
  static constexpr std::size_t kLongestName = 64;  ///< of a user or a key, in bytes

  Office(std::shared_ptr<storage::AccountStore> store, Tiers tiers, const Clock& clock)
      : store_(std::move(store)), tiers_(std::move(tiers)), clock_(clock) {}

  /// Code::invalid names the field; Code::conflict where the email has an account.
  Result<storage::AccountRow> create(const NewAccount& wanted, std::string_view actor,
                                     const Call& call);
  /// By id or email; Code::not_found.
  Result<storage::AccountRow> find(std::string_view id_or_email, const Call& call);
  Result<std::vector<storage::AccountRow>> list(const Call& call) { return store_->accounts(call); }

  // All Code::not_found for an unknown id.
  Result<storage::AccountRow> set_role(const std::string& id, std::string_view role,
                                       std::string_view actor, const Call& call);
  Result<storage::AccountRow> set_tier(const std::string& id, std::string_view tier,
                                       std::string_view actor, const Call& call);
  /// Disabling ends all tokens of the account.
  Result<storage::AccountRow> set_active(const std::string& id, bool active, std::string_view actor,
                                         const Call& call);
  /// Ends all tokens of the account too.
  Result<storage::AccountRow> reset_password(const std::string& id, std::string_view password,
                                             std::string_view actor, const Call& call);

  /// The account whose password this is; Code::unauthorized otherwise, with one message for all
  /// reasons and after the same time: an unknown account's password is verified too.
  Result<storage::AccountRow> check_password(std::string_view email, std::string_view password,
                                             const Call& call);

  /// Of keys, another account's are not found. `days` is from 1 to kMostKeyDays; none: no expiry.
  Result<IssuedKey> create_key(const std::string& account_id, std::string_view name,
                               std::optional<int> days, std::string_view actor, const Call& call);
  Result<std::vector<storage::ApiKeyRow>> keys(const std::string& account_id, const Call& call);
  Result<storage::ApiKeyRow> revoke_key(const std::string& account_id, const std::string& id,
                                        std::string_view actor, const Call& call);
  Result<IssuedKey> rotate_key(const std::string& account_id, const std::string& id,
                               std::string_view actor, const Call& call);
  Result<void> remove_key(const std::string& account_id, const std::string& id,
                          std::string_view actor, const Call& call);

  /// Notes in the audit log what is no change of an account or key, e.g. "model.promote".
  Result<void> note(std::string_view actor, std::string_view action, std::string_view target,
                    std::string detail, const Call& call) {
    return store_->put_audit(entry(actor, action, target, std::move(detail)), call);
  }
  Result<std::vector<storage::AuditRow>> audit(std::size_t limit, const Call& call) {
    return store_->audit_log(limit, call);
  }
  const Tiers& tiers() const { return tiers_; }

 private:
  storage::AuditRow entry(std::string_view actor, std::string_view action, std::string_view target,
                          std::string detail) const;

  const std::shared_ptr<storage::AccountStore> store_;
  const Tiers tiers_;
  const Clock& clock_;
};

}  // namespace ara::accounts
