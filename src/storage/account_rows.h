#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "storage/accounts.h"
#include "storage/times.h"

/// What the stores share of accounts and keys: how a row is read, and what is refused.
namespace ara::storage {

// What account_of and key_of read, in this order.
#define ARA_ACCOUNT_COLUMNS \
  "id, email, username, password_hash, role, tier, active, generation, created"
#define ARA_KEY_COLUMNS "id, account_id, name, hash, prefix, created, expires, revoked, last_used"

/// Days of day_usage before the one that is lent of.
inline constexpr std::int64_t kDaysKept = 31;

/// `Row` gives the text and the integer of a column, of NULL as 0.
template <class Row>
AccountRow account_of(const Row& row) {
  return {.id = std::string(row.text(0)),
          .email = std::string(row.text(1)),
          .username = std::string(row.text(2)),
          .password_hash = std::string(row.text(3)),
          .role = std::string(row.text(4)),
          .tier = std::string(row.text(5)),
          .active = row.integer(6) != 0,
          .generation = static_cast<std::uint64_t>(row.integer(7)),
          .created = wall_time(row.integer(8))};
}

/// Moments that have not come are NULL.
template <class Row>
ApiKeyRow key_of(const Row& row) {
  return {.id = std::string(row.text(0)),
          .account_id = std::string(row.text(1)),
          .name = std::string(row.text(2)),
          .hash = std::string(row.text(3)),
          .prefix = std::string(row.text(4)),
          .created = wall_time(row.integer(5)),
          .expires = or_nothing(row.integer(6)),
          .revoked = or_nothing(row.integer(7)),
          .last_used = or_nothing(row.integer(8))};
}

/// `row` with what `change` gives.
AccountRow with_change(AccountRow row, const AccountChange& change);

/// How many of `want` requests may be lent to a day that has `used`.
std::int64_t lendable(std::int64_t used, std::int64_t want, std::int64_t limit);

std::unexpected<Error> no_account(const std::string& id);
std::unexpected<Error> account_exists(const std::string& email);
std::unexpected<Error> no_key(const std::string& id);
std::unexpected<Error> key_exists();
std::unexpected<Error> key_is_revoked(const std::string& id);
std::unexpected<Error> has_most_keys(std::size_t most);

}  // namespace ara::storage
