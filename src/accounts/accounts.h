#pragma once

#include <memory>
#include <string>
#include <vector>

#include "accounts/attempts.h"
#include "accounts/authenticator.h"
#include "accounts/directory.h"
#include "accounts/office.h"

namespace ara::accounts {

struct Options {
  std::string secret;  ///< that tokens are signed with; empty: the server is open to all
  std::vector<std::string> previous;  ///< that tokens still out may have been signed with
  std::chrono::hours token_life{24};
  bool limits = true;  ///< whether requests are counted
  DirectoryOptions directory;
};

/// Who logged in, and the token for it.
struct Login {
  storage::AccountRow account;
  std::string token;
  std::chrono::seconds expires_in{};
};

/// What a server knows and does about accounts. OPEN office.h for changes, directory.h for what is
/// in memory, authenticator.h for who sends a request.
class Accounts {
 public:
  static constexpr std::size_t kAttemptsOfEmail = 10;    ///< logins a minute
  static constexpr std::size_t kAttemptsOfAddress = 60;  ///< from one client address

  static Result<std::unique_ptr<Accounts>> start(std::shared_ptr<storage::AccountStore> store,
                                                 Options options, const Clock& clock);

  /// Whether everyone may do everything, as local_admin(). There are accounts all the same: they
  /// are made, changed and logged in to as elsewhere, and nobody is asked for theirs.
  bool open() const { return options_.secret.empty(); }

  Authenticator& authenticator() { return authenticator_; }
  Office& office() { return office_; }

  /// What was changed before is known to the authenticator when this returns.
  Result<void> renew(const Call& call) { return directory_->renew(call); }
  /// See Directory::await_fresh.
  bool await_fresh(SteadyTime until) { return directory_->await_fresh(until); }

  /// Counts a request of the account; nothing where requests are not counted. Never blocks.
  std::optional<Admission> admit(const Principal& who, SteadyTime now);

  /// For a request that was refused though more may come: counted again when another server has
  /// lent of its part. `then` is called once, from another thread, within a fraction of a second.
  /// False where there is no waiting.
  bool wait(const Principal& who, Lending::Then then) {
    return directory_->wait_for_servers(*who.account, std::move(then));
  }

  /// Checks a password and signs a token. Blocks, some 20 ms of computing. Code::unauthorized;
  /// Code::rate_limited where the email or the address tried too often, whose `value` is the
  /// seconds to wait.
  Result<Login> log_in(std::string_view email, std::string_view password,
                       std::string_view client_address, const Call& call);

 private:
  Accounts(std::shared_ptr<storage::AccountStore> store, Options options,
           std::shared_ptr<Directory> directory, const Clock& clock);

  const Options options_;
  const Clock& clock_;
  const std::shared_ptr<Directory> directory_;
  Authenticator authenticator_;
  Office office_;
  Attempts attempts_;
};

}  // namespace ara::accounts
