#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace ara::storage {

/// A user of the service.
struct AccountRow {
  std::string id;     ///< unique
  std::string email;  ///< unique; in the one spelling that its owner is found by
  std::string username;
  std::string password_hash;  ///< encoded with its method and salt; never the password
  std::string role;
  std::string tier;
  bool active = true;
  std::uint64_t generation = 1;  ///< grows when what was signed for the account must end
  WallTime created{};
};

/// What to change of an account; what is not given stays.
struct AccountChange {
  std::optional<std::string> password_hash;
  std::optional<std::string> role;
  std::optional<std::string> tier;
  std::optional<bool> active;
  bool next_generation = false;
};

/// A key that programs of an account identify themselves with.
struct ApiKeyRow {
  std::string id;  ///< unique
  std::string account_id;
  std::string name;
  std::string hash;    ///< unique: SHA-256 of the key, 32 bytes
  std::string prefix;  ///< the part of the key that may be shown
  WallTime created{};
  std::optional<WallTime> expires;
  std::optional<WallTime> revoked;
  std::optional<WallTime> last_used;
};

/// When a key was last used.
struct KeyUse {
  std::string key_id;
  WallTime when{};
};

/// Who did what to what: an entry of the audit log, which only grows.
struct AuditRow {
  std::int64_t number = 0;  ///< from 1, given by the store
  WallTime when{};
  std::string actor;   ///< an account's id, or where the act came from, e.g. "command line"
  std::string action;  ///< e.g. "account.create"
  std::string target;  ///< an id
  std::string detail;  ///< UTF-8 text, no secrets
};

/// Requests of an account on one day, counted in days since 1970-01-01 UTC.
struct DayUsageRow {
  std::string account_id;
  std::int64_t used = 0;  ///< made, or lent to a server that may let them be made
};

/// What a server got for its account on a day.
struct DayLease {
  std::int64_t granted = 0;  ///< requests it may let pass from now on
  std::int64_t used = 0;     ///< of all servers, those granted included
};

/// Accounts, their keys, what was done to them and what they use. Errors as those of Store.
class AccountStore {
 public:
  virtual ~AccountStore() = default;

  /// A number that differs from the one before whenever an account or a key may have changed, by
  /// any process; the last use of a key is no change. Cheap enough to ask several times a second.
  virtual Result<std::uint64_t> accounts_version(const Call& call) = 0;

  // Every change comes with its entry of the audit log: both are stored, or neither.

  /// Code::conflict where the id or the email exists.
  virtual Result<void> put_account(const AccountRow& row, const AuditRow& audit,
                                   const Call& call) = 0;
  /// The account as it is then; Code::not_found.
  virtual Result<AccountRow> change_account(const std::string& id, const AccountChange& change,
                                            const AuditRow& audit, const Call& call) = 0;
  virtual Result<std::optional<AccountRow>> find_account(const std::string& id,
                                                         const Call& call) = 0;
  virtual Result<std::optional<AccountRow>> find_account_by_email(const std::string& email,
                                                                  const Call& call) = 0;
  /// All, ascending by creation and id, without their password hashes.
  virtual Result<std::vector<AccountRow>> accounts(const Call& call) = 0;

  /// Code::conflict where the id or the hash exists; Code::not_found for an unknown account;
  /// Code::too_large where the account has `most` keys already, revoked ones included.
  virtual Result<void> put_api_key(const ApiKeyRow& row, std::size_t most, const AuditRow& audit,
                                   const Call& call) = 0;
  /// Ends a key for good; nothing changes for one that has ended. The key as it is then;
  /// Code::not_found where the account has no such key.
  virtual Result<ApiKeyRow> revoke_api_key(const std::string& account_id, const std::string& id,
                                           const AuditRow& audit, const Call& call) = 0;
  /// Gives a key another secret, which ends the one before. The key as it is then; Code::not_found;
  /// Code::conflict for a revoked one.
  virtual Result<ApiKeyRow> rotate_api_key(const std::string& account_id, const std::string& id,
                                           const std::string& hash, const std::string& prefix,
                                           const AuditRow& audit, const Call& call) = 0;
  /// Code::not_found where the account has no such key.
  virtual Result<void> remove_api_key(const std::string& account_id, const std::string& id,
                                      const AuditRow& audit, const Call& call) = 0;
  /// Those of one account, or of all where the id is empty; ascending by creation and id.
  virtual Result<std::vector<ApiKeyRow>> api_keys(const std::string& account_id,
                                                  const Call& call) = 0;
  /// Keys that are gone meanwhile are passed over; no use goes back in time.
  virtual Result<void> note_key_uses(std::span<const KeyUse> uses, const Call& call) = 0;

  /// Adds an entry for what is not an account's or a key's change. `number` is not looked at.
  virtual Result<void> put_audit(const AuditRow& audit, const Call& call) = 0;
  /// The newest `limit` entries, newest first.
  virtual Result<std::vector<AuditRow>> audit_log(std::size_t limit, const Call& call) = 0;

  /// Counts `owed` requests that were made already (negative: lent before and not made), then lends
  /// up to `want` of what `limit` leaves, atomically.
  virtual Result<DayLease> lease_requests(const std::string& account_id, std::int64_t day,
                                          std::int64_t owed, std::int64_t want, std::int64_t limit,
                                          const Call& call) = 0;
  /// Accounts with requests on that day. Days more than a month before it are forgotten.
  virtual Result<std::vector<DayUsageRow>> day_usage(std::int64_t day, const Call& call) = 0;
};

}  // namespace ara::storage
