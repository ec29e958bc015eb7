#include "accounts/accounts.h"

#include "accounts/password.h"
#include "accounts/secret.h"
#include "base/format.h"
#include "base/text.h"

namespace ara::accounts {

Result<std::unique_ptr<Accounts>> Accounts::start(std::shared_ptr<storage::AccountStore> store,
                                                  Options options, const Clock& clock) {
  const bool open = options.secret.empty();
  if (!open && options.secret.size() < Signer::kLeastSecret) {
    return fail(Code::invalid, ara::format("The secret for tokens must have {} bytes or more",
                                           Signer::kLeastSecret));
  }
  // Made before anyone can ask, so that not even the first unknown account takes longer.
  if (!open && nobodys_hash().empty()) {
    return fail(Code::overloaded, "There is not enough memory to check passwords");
  }
  auto directory = Directory::start(store, options.directory, clock);
  if (!directory) return std::unexpected(std::move(directory.error()));
  std::shared_ptr<Directory> known = std::move(*directory);
  std::unique_ptr<Accounts> made(new Accounts(std::move(store), std::move(options), known, clock));
  return made;
}

Accounts::Accounts(std::shared_ptr<storage::AccountStore> store, Options options,
                   std::shared_ptr<Directory> directory, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      directory_(std::move(directory)),
      authenticator_(directory_,
                     Signer(open() ? random_hex(32) : options_.secret, options_.previous), clock),
      office_(std::move(store), options_.directory.tiers, clock) {}

std::optional<Admission> Accounts::admit(const Principal& who, SteadyTime now) {
  const std::shared_ptr<Meter>& meter = who.account->meter;
  if (!options_.limits || !meter) return std::nullopt;
  const Admission admission = meter->admit(who.account->tier, now);
  if (admission.runs_short) directory_->ask_servers(*meter);
  if (admission.hungry && meter->begin_asking()) directory_->ask(meter);
  return admission;
}

Result<Login> Accounts::log_in(std::string_view email, std::string_view password,
                               std::string_view client_address, const Call& call) {
  const SteadyTime now = clock_.steady();
  auto wait = attempts_.refuse("address " + std::string(client_address), kAttemptsOfAddress, now);
  if (!wait) wait = attempts_.refuse("email " + to_lower(email), kAttemptsOfEmail, now);
  if (wait) {
    return std::unexpected(Error{Code::rate_limited,
                                 "Too many attempts to log in: try again later",
                                 {},
                                 std::to_string(wait->count()),
                                 {}});
  }
  auto account = office_.check_password(email, password, call);
  if (!account) return std::unexpected(std::move(account.error()));
  const std::int64_t seconds =
      std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch().count();
  const std::chrono::seconds life = options_.token_life;
  Login login{std::move(*account), {}, life};
  login.token = authenticator_.signer().sign({.subject = login.account.id,
                                              .email = login.account.email,
                                              .role = login.account.role,
                                              .tier = login.account.tier,
                                              .generation = login.account.generation,
                                              .id = random_hex(16),
                                              .issued = seconds,
                                              .expires = seconds + life.count()});
  // The account may be younger than what is in memory; its token must work at once.
  if (auto renewed = renew(call); !renewed) return std::unexpected(std::move(renewed.error()));
  return login;
}

}  // namespace ara::accounts
