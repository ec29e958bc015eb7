#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace ara::accounts {

/// What a token says. Only `subject` and `generation` decide anything: role and tier are those of
/// the account as it is now, and stand here for the client to read.
struct Claims {
  std::string subject;  ///< `sub`: the account's id
  std::string email;
  std::string role;
  std::string tier;
  std::uint64_t generation = 0;  ///< `gen`: of the account, when it was signed
  std::string id;                ///< `jti`
  std::int64_t issued = 0;       ///< `iat`, seconds since 1970
  std::int64_t expires = 0;      ///< `exp`
};

/// Signs and verifies JSON Web Tokens (RFC 7519) with HMAC-SHA-256, `alg` HS256, as RFC 8725
/// advises: every key has one header, byte for byte, and no other is ever read. So there is no
/// algorithm to choose, no key to be led to, and nothing of a token is parsed before its signature
/// has been found right.
class Signer {
 public:
  static constexpr std::size_t kLeastSecret = 32;  ///< bytes
  static constexpr std::size_t kMostToken = 2048;

  /// Signs with `current`; verifies what was signed with it or with one of `previous`, so that a
  /// secret can be replaced while tokens of the old one are still out.
  Signer(std::string_view current, std::span<const std::string> previous);

  std::string sign(const Claims& claims) const;

  /// Code::unauthorized for all but a token of ours that has not expired at `now`.
  Result<Claims> verify(std::string_view token, WallTime now) const;

 private:
  struct Key {
    std::string secret;
    std::string header;  ///< encoded, with the dot that follows
  };
  std::vector<Key> keys_;  ///< the current one first
};

/// The claims in the payload of a token, decoded; Code::unauthorized where one is missing or of
/// another type. Any bytes may be handed in.
Result<Claims> parse_claims(std::string_view json);

}  // namespace ara::accounts
