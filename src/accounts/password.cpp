#include "accounts/password.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <set>

#include "accounts/secret.h"
#include "base/text.h"

namespace ara::accounts {
namespace {

// OWASP's first choice for argon2id (2025): more memory would let a few logins at once end a small
// container.
constexpr unsigned long long kPasses = 2;
constexpr std::size_t kMemory = 19 << 20;
constexpr std::size_t kDifferent = 5;

// The commonest that the other rules let through.
constexpr std::array<std::string_view, 16> kCommon{"password1234", "passwordpassword",
                                                   "123456789012", "1234567890123",
                                                   "qwertyuiop12", "qwertyuiop123",
                                                   "qwerty123456", "iloveyou1234",
                                                   "letmein12345", "administrator",
                                                   "admin1234567", "welcome12345",
                                                   "changeme1234", "correcthorsebatterystaple",
                                                   "abcdefghijkl", "abcd12345678"};

std::unexpected<Error> too_weak(std::string_view allowed) {
  return std::unexpected(Error{Code::invalid, "password: expected " + std::string(allowed),
                               "password", "(secret)", std::string(allowed)});
}

}  // namespace

Result<void> check_password_rules(std::string_view password, std::string_view email,
                                  std::string_view username) {
  if (password.size() < kLeastPassword || password.size() > kMostPassword) {
    return too_weak("12 to 256 bytes; a few words make a good one");
  }
  const std::string lower = to_lower(password);
  if (std::set<char>(lower.begin(), lower.end()).size() < kDifferent) {
    return too_weak("at least five different characters");
  }
  if (lower == to_lower(email) || lower == to_lower(username)) {
    return too_weak("something else than the account's email or name");
  }
  if (std::ranges::contains(kCommon, lower)) {
    return too_weak("none of the passwords that everyone guesses first");
  }
  return {};
}

Result<std::string> hash_password(std::string_view password) {
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (sodium_init() < 0) return fail(Code::internal, "libsodium does not start");
  if (crypto_pwhash_str_alg(text.data(), password.data(), password.size(), kPasses, kMemory,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(Code::overloaded, "There is not enough memory to check a password now");
  }
  return std::string(text.data());
}

bool verify_password(std::string_view password, const std::string& hash) {
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

const std::string& nobodys_hash() {
  static const std::string hash = hash_password(random_hex(32)).value_or("");
  return hash;
}

}  // namespace ara::accounts
