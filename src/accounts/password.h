#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ara::accounts {

inline constexpr std::size_t kLeastPassword = 12;  ///< bytes
inline constexpr std::size_t kMostPassword = 256;

/// Whether a new password is good enough: its length, at least five different characters, none of
/// the common ones, not the account's email or name. No rules on kinds of characters (NIST SP
/// 800-63B, section 5.1.1.2). The error never shows the password.
Result<void> check_password_rules(std::string_view password, std::string_view email,
                                  std::string_view username);

/// Argon2id (RFC 9106) with a salt of its own, 19 MiB and two passes, as text that tells all that
/// is needed to verify. Takes some 20 ms. Code::overloaded where the memory cannot be had.
Result<std::string> hash_password(std::string_view password);

/// Whether `password` is the one that `hash` was made of. Takes as long for each hash made here.
bool verify_password(std::string_view password, const std::string& hash);

/// A hash of a password that nobody knows, to be verified where there is no account, so that the
/// time of an answer does not tell whether there is one.
const std::string& nobodys_hash();

}  // namespace ara::accounts
