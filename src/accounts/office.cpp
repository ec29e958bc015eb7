#include "accounts/office.h"

#include <algorithm>

#include "accounts/authenticator.h"
#include "accounts/password.h"
#include "accounts/secret.h"
#include "base/format.h"
#include "base/text.h"

namespace ara::accounts {
namespace {

constexpr std::size_t kLongestEmail = 254;  // RFC 5321, section 4.5.3.1.3

Result<std::string> parse_name(std::string_view field, std::string_view text) {
  const std::string_view name = trim(text);
  std::string_view rest = name;
  bool clean = !name.empty() && name.size() <= Office::kLongestName;
  while (clean && !rest.empty()) {
    const std::size_t length = utf8_length(rest);
    const auto lead = static_cast<unsigned char>(rest[0]);
    clean = length > 0 && lead >= 0x20 && lead != 0x7F;
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  if (!clean) {
    return invalid(field, text,
                   ara::format("1 to {} bytes of text on one line", Office::kLongestName));
  }
  return std::string(name);
}

std::string digest_text(std::string_view key) {
  const Digest digest = sha256(key);
  return {digest.begin(), digest.end()};
}

std::string new_key() {
  return std::string(kKeyPrefix) + random_hex(32);
}

}  // namespace

Result<std::string> parse_email(std::string_view text) {
  static constexpr std::string_view kNever = "\"'\\<>()[],;:`";
  const auto allowed = [](char c) {
    return c > 0x20 && c < 0x7F && kNever.find(c) == std::string_view::npos;
  };
  const std::size_t at = text.find('@');
  if (text.size() > kLongestEmail || at == std::string_view::npos || at == 0 ||
      at + 1 == text.size() || text.find('@', at + 1) != std::string_view::npos ||
      !std::ranges::all_of(text, allowed)) {
    return invalid("email", text, "an address such as ada@example.com");
  }
  return to_lower(text);
}

storage::AuditRow Office::entry(std::string_view actor, std::string_view action,
                                std::string_view target, std::string detail) const {
  return {.when = clock_.now(),
          .actor = std::string(actor),
          .action = std::string(action),
          .target = std::string(target),
          .detail = std::move(detail)};
}

Result<storage::AccountRow> Office::create(const NewAccount& wanted, std::string_view actor,
                                           const Call& call) {
  auto email = parse_email(wanted.email);
  if (!email) return std::unexpected(std::move(email.error()));
  auto username = parse_name(
      "username", wanted.username.empty() ? email->substr(0, email->find('@')) : wanted.username);
  if (!username) return std::unexpected(std::move(username.error()));
  const auto role = parse_role(wanted.role);
  if (!role) return std::unexpected(role.error());
  const auto tier =
      wanted.tier.empty() ? Result<const Tier*>(&tiers_.least()) : tiers_.parse_name(wanted.tier);
  if (!tier) return std::unexpected(tier.error());
  if (auto good = check_password_rules(wanted.password, *email, *username); !good) {
    return std::unexpected(std::move(good.error()));
  }
  auto hash = hash_password(wanted.password);
  if (!hash) return std::unexpected(std::move(hash.error()));
  const storage::AccountRow row{.id = "acc_" + random_hex(8),
                                .email = std::move(*email),
                                .username = std::move(*username),
                                .password_hash = std::move(*hash),
                                .role = std::string(to_string(*role)),
                                .tier = (*tier)->name,
                                .created = clock_.now()};
  auto put = store_->put_account(
      row, entry(actor, "account.create", row.id, ara::format("{} {}", row.role, row.tier)), call);
  if (!put) return std::unexpected(std::move(put.error()));
  return row;
}

Result<storage::AccountRow> Office::find(std::string_view id_or_email, const Call& call) {
  const bool email = id_or_email.find('@') != std::string_view::npos;
  auto found = email ? store_->find_account_by_email(to_lower(id_or_email), call)
                     : store_->find_account(std::string(id_or_email), call);
  if (!found) return std::unexpected(std::move(found.error()));
  if (!*found) {
    return std::unexpected(Error{Code::not_found,
                                 "There is no account '" + printable(id_or_email) + "'", "id",
                                 printable(id_or_email), "the id of an account"});
  }
  return std::move(**found);
}

Result<storage::AccountRow> Office::set_role(const std::string& id, std::string_view role,
                                             std::string_view actor, const Call& call) {
  const auto parsed = parse_role(role);
  if (!parsed) return std::unexpected(parsed.error());
  storage::AccountChange change;
  change.role = std::string(role);
  return store_->change_account(id, change, entry(actor, "account.role", id, std::string(role)),
                                call);
}

Result<storage::AccountRow> Office::set_tier(const std::string& id, std::string_view tier,
                                             std::string_view actor, const Call& call) {
  const auto parsed = tiers_.parse_name(tier);
  if (!parsed) return std::unexpected(parsed.error());
  storage::AccountChange change;
  change.tier = std::string(tier);
  return store_->change_account(id, change, entry(actor, "account.tier", id, std::string(tier)),
                                call);
}

Result<storage::AccountRow> Office::set_active(const std::string& id, bool active,
                                               std::string_view actor, const Call& call) {
  storage::AccountChange change;
  change.active = active;
  change.next_generation = !active;
  return store_->change_account(
      id, change, entry(actor, active ? "account.enable" : "account.disable", id, {}), call);
}

Result<storage::AccountRow> Office::reset_password(const std::string& id, std::string_view password,
                                                   std::string_view actor, const Call& call) {
  auto row = find(id, call);
  if (!row) return row;
  if (auto good = check_password_rules(password, row->email, row->username); !good) {
    return std::unexpected(std::move(good.error()));
  }
  auto hash = hash_password(password);
  if (!hash) return std::unexpected(std::move(hash.error()));
  storage::AccountChange change;
  change.password_hash = std::move(*hash);
  change.next_generation = true;
  return store_->change_account(row->id, change, entry(actor, "account.password", row->id, {}),
                                call);
}

Result<storage::AccountRow> Office::check_password(std::string_view email,
                                                   std::string_view password, const Call& call) {
  auto found = store_->find_account_by_email(to_lower(email), call);
  if (!found) return std::unexpected(std::move(found.error()));
  const std::string& hash = *found ? (*found)->password_hash : nobodys_hash();
  const bool right = verify_password(password.substr(0, kMostPassword + 1), hash);
  if (!right || !*found || !(*found)->active) {
    return fail(Code::unauthorized, "There is no active account with this email and password");
  }
  return std::move(**found);
}

Result<IssuedKey> Office::create_key(const std::string& account_id, std::string_view name,
                                     std::optional<int> days, std::string_view actor,
                                     const Call& call) {
  auto clean = parse_name("name", name);
  if (!clean) return std::unexpected(std::move(clean.error()));
  if (days && (*days < 1 || *days > kMostKeyDays)) {
    return invalid("expires_in_days", std::to_string(*days),
                   ara::format("an integer from 1 to {}", kMostKeyDays));
  }
  IssuedKey issued;
  issued.key = new_key();
  issued.row.id = "key_" + random_hex(8);
  issued.row.account_id = account_id;
  issued.row.name = std::move(*clean);
  issued.row.hash = digest_text(issued.key);
  issued.row.prefix = issued.key.substr(0, kShownKeyLength);
  issued.row.created = clock_.now();
  if (days) issued.row.expires = issued.row.created + std::chrono::days(*days);
  auto put = store_->put_api_key(issued.row, kMostKeys,
                                 entry(actor, "key.create", issued.row.id, account_id), call);
  if (!put) return std::unexpected(std::move(put.error()));
  return issued;
}

Result<std::vector<storage::ApiKeyRow>> Office::keys(const std::string& account_id,
                                                     const Call& call) {
  // The store takes an empty id for all accounts.
  if (account_id.empty())
    return std::unexpected(
        Error{Code::not_found, "There is no account ''", "id", {}, "the id of an account"});
  return store_->api_keys(account_id, call);
}

Result<storage::ApiKeyRow> Office::revoke_key(const std::string& account_id, const std::string& id,
                                              std::string_view actor, const Call& call) {
  return store_->revoke_api_key(account_id, id, entry(actor, "key.revoke", id, account_id), call);
}

Result<IssuedKey> Office::rotate_key(const std::string& account_id, const std::string& id,
                                     std::string_view actor, const Call& call) {
  IssuedKey issued;
  issued.key = new_key();
  auto row = store_->rotate_api_key(account_id, id, digest_text(issued.key),
                                    issued.key.substr(0, kShownKeyLength),
                                    entry(actor, "key.rotate", id, account_id), call);
  if (!row) return std::unexpected(std::move(row.error()));
  issued.row = std::move(*row);
  return issued;
}

Result<void> Office::remove_key(const std::string& account_id, const std::string& id,
                                std::string_view actor, const Call& call) {
  return store_->remove_api_key(account_id, id, entry(actor, "key.delete", id, account_id), call);
}

}  // namespace ara::accounts
