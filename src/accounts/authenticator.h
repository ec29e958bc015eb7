#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "accounts/directory.h"
#include "accounts/jwt.h"
#include "accounts/principal.h"

namespace ara::accounts {

/// An API key: "ara_" and 64 lower-case hexadecimal digits.
inline constexpr std::string_view kKeyPrefix = "ara_";
inline constexpr std::size_t kKeyLength = 68;
inline constexpr std::size_t kShownKeyLength = 12;  ///< of its beginning, to tell keys apart by
bool has_key_shape(std::string_view key);

/// Tells who sends a credential. Never blocks; call from any thread.
///
/// What a credential proves (a signature, a hash) is kept for each thread, so that the next request
/// with the same one costs a comparison; whether the account is active, the key not revoked and
/// the time not over is looked at each time.
class Authenticator {
 public:
  /// Credentials that a thread remembers. What takes the same place as another ousts it.
  static constexpr std::size_t kRemembered = 1024;

  Authenticator(std::shared_ptr<Directory> directory, Signer signer, const Clock& clock);

  // Code::unauthorized; Code::unavailable where the accounts cannot be read.
  Result<Principal> token(std::string_view text, SteadyTime now);
  Result<Principal> key(std::string_view text, SteadyTime now);

  const Signer& signer() const { return signer_; }

 private:
  enum class Kind { none, token, key };
  struct Proof;
  Result<Principal> check(Kind kind, std::string_view text, SteadyTime now);
  Result<Proof> prove(Kind kind, std::string_view text, WallTime wall) const;
  Result<void> resolve(Proof& proof, const DirectorySnapshot& snapshot) const;
  Proof& place_of(std::uint64_t hash) const;

  const std::shared_ptr<Directory> directory_;
  const Signer signer_;
  const Clock& clock_;
  const std::uint64_t instance_;  ///< tells this object's proofs from another's in a thread
};

}  // namespace ara::accounts
