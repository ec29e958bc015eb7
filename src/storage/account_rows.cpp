#include "storage/account_rows.h"

#include <algorithm>

namespace ara::storage {

AccountRow with_change(AccountRow row, const AccountChange& change) {
  row.password_hash = change.password_hash.value_or(row.password_hash);
  row.role = change.role.value_or(row.role);
  row.tier = change.tier.value_or(row.tier);
  row.active = change.active.value_or(row.active);
  if (change.next_generation) ++row.generation;
  return row;
}

std::int64_t lendable(std::int64_t used, std::int64_t want, std::int64_t limit) {
  return std::clamp<std::int64_t>(limit - used, 0, std::max<std::int64_t>(want, 0));
}

std::unexpected<Error> no_account(const std::string& id) {
  return std::unexpected(Error{Code::not_found, "There is no account '" + printable(id) + "'", "id",
                               printable(id), "the id of an account"});
}

std::unexpected<Error> account_exists(const std::string& email) {
  return fail(Code::conflict, "There is an account of '" + printable(email) + "' already");
}

std::unexpected<Error> no_key(const std::string& id) {
  return std::unexpected(Error{Code::not_found, "There is no API key '" + printable(id) + "'", "id",
                               printable(id), "the id of a key of yours"});
}

std::unexpected<Error> key_exists() {
  return fail(Code::conflict, "There is such a key already");
}

std::unexpected<Error> key_is_revoked(const std::string& id) {
  return fail(Code::conflict, "The API key '" + printable(id) + "' is revoked, for good");
}

std::unexpected<Error> has_most_keys(std::size_t most) {
  return fail(Code::too_large, "An account has at most " + std::to_string(most) +
                                   " API keys: delete one that is not needed");
}

}  // namespace ara::storage
