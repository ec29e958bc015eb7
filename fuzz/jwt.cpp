// What a client may send as a credential: a token or an API key. Whatever the bytes, they are
// refused unless they were made here, and parsing the claims of one that was signed never fails
// otherwise than with Code::unauthorized.

#include "accounts/jwt.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "accounts/authenticator.h"
#include "accounts/office.h"

namespace {

using namespace ara;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr WallTime kNow{std::chrono::seconds(1'790'000'000)};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const accounts::Signer signer(std::string(32, 's'), {});
  static const std::string good = signer.sign({.subject = "acc_1",
                                               .email = "ada@example.com",
                                               .role = "user",
                                               .tier = "free",
                                               .generation = 1,
                                               .id = "00",
                                               .issued = 1'790'000'000,
                                               .expires = 1'790'000'060});
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  const auto verified = signer.verify(text, kNow);
  require(verified.has_value() == (text == good));
  require(verified || verified.error().code == Code::unauthorized);
  // A forged end on a right beginning.
  const std::string grafted = good.substr(0, good.find('.') + 1) + std::string(text);
  require(signer.verify(grafted, kNow).has_value() == (grafted == good));

  const auto claims = accounts::parse_claims(text);
  require(claims ? !claims->subject.empty() : claims.error().code == Code::unauthorized);

  if (accounts::has_key_shape(text)) require(text.size() == accounts::kKeyLength);
  if (const auto email = accounts::parse_email(text)) {
    require(accounts::parse_email(*email) == *email);
    require(email->find('"') == std::string::npos && email->find('\\') == std::string::npos);
  }
  return 0;
}
