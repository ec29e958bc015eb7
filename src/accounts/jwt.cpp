#include "accounts/jwt.h"

#include <simdjson.h>
#include <sodium.h>

#include "accounts/secret.h"
#include "base/format.h"

namespace ara::accounts {
namespace {

constexpr int kBase64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr std::size_t kSignatureLength = 43;  ///< of 32 bytes in base64url
/// How far ahead another server's clock may be.
constexpr std::int64_t kLeeway = 60;

std::string encode(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), kBase64), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), kBase64);
  text.pop_back();
  return text;
}

std::string signature(std::string_view secret, std::string_view bytes) {
  const Digest digest = hmac_sha256(secret, bytes);
  return encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::unexpected<Error> not_ours(std::string message) {
  return fail(Code::unauthorized, std::move(message));
}

bool read(simdjson::dom::object object, std::string_view name, std::string& value) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return false;
  value = text;
  return true;
}
bool read(simdjson::dom::object object, std::string_view name, std::int64_t& value) {
  return object[name].get(value) == simdjson::SUCCESS;
}
bool read(simdjson::dom::object object, std::string_view name, std::uint64_t& value) {
  return object[name].get(value) == simdjson::SUCCESS;
}

}  // namespace

Signer::Signer(std::string_view current, std::span<const std::string> previous) {
  const auto add = [this](std::string_view secret) {
    const std::string kid = to_hex(sha256("ara.jwt.kid." + std::string(secret))).substr(0, 16);
    keys_.push_back(
        {std::string(secret),
         encode(ara::format(R"({{"alg":"HS256","kid":"{}","typ":"JWT"}})", kid)) + "."});
  };
  add(current);
  for (const std::string& secret : previous) add(secret);
}

std::string Signer::sign(const Claims& claims) const {
  // Emails, names of roles and tiers and ids hold nothing that JSON would have to escape.
  const Key& key = keys_.front();
  std::string token =
      key.header +
      encode(ara::format(
          R"({{"sub":"{}","email":"{}","role":"{}","tier":"{}","gen":{},"jti":"{}","iat":{},"exp":{}}})",
          claims.subject, claims.email, claims.role, claims.tier, claims.generation, claims.id,
          claims.issued, claims.expires));
  token += "." + signature(key.secret, token);
  return token;
}

Result<Claims> Signer::verify(std::string_view token, WallTime now) const {
  constexpr std::string_view kNotOurs = "The token is not one of this service";
  if (token.size() > kMostToken) return not_ours(std::string(kNotOurs));
  const std::size_t dot = token.rfind('.');
  if (dot == std::string_view::npos || token.size() - dot - 1 != kSignatureLength) {
    return not_ours(std::string(kNotOurs));
  }
  for (const Key& key : keys_) {
    if (!token.starts_with(key.header) || dot < key.header.size()) continue;
    if (!equal_in_constant_time(signature(key.secret, token.substr(0, dot)),
                                token.substr(dot + 1))) {
      return not_ours(std::string(kNotOurs));
    }
    const std::string_view payload = token.substr(key.header.size(), dot - key.header.size());
    std::string json(payload.size(), '\0');
    std::size_t size = 0;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(json.data()), json.size(),
                          payload.data(), payload.size(), nullptr, &size, nullptr, kBase64) != 0) {
      return not_ours(std::string(kNotOurs));
    }
    json.resize(size);
    auto claims = parse_claims(json);
    if (!claims) return claims;
    const std::int64_t seconds =
        std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    if (seconds >= claims->expires) return not_ours("The token has expired: log in again");
    if (claims->issued > seconds + kLeeway) return not_ours(std::string(kNotOurs));
    return claims;
  }
  return not_ours(std::string(kNotOurs));
}

Result<Claims> parse_claims(std::string_view json) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::object object;
  Claims claims;
  if (parser.parse(simdjson::padded_string(json)).get(object) != simdjson::SUCCESS ||
      !read(object, "sub", claims.subject) || !read(object, "email", claims.email) ||
      !read(object, "role", claims.role) || !read(object, "tier", claims.tier) ||
      !read(object, "gen", claims.generation) || !read(object, "jti", claims.id) ||
      !read(object, "iat", claims.issued) || !read(object, "exp", claims.expires) ||
      claims.subject.empty()) {
    return not_ours("The token lacks what this service writes into one");
  }
  return claims;
}

}  // namespace ara::accounts
