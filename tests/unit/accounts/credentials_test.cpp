#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accounts/attempts.h"
#include "accounts/jwt.h"
#include "accounts/office.h"
#include "accounts/password.h"
#include "accounts/secret.h"

namespace ara::accounts {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kSecret(32, 's');
const std::string kOther = "another secret of thirty-two bytes or more";
constexpr std::int64_t kNow = 1'790'000'000;
constexpr WallTime kMoment{std::chrono::seconds(kNow)};

Claims claims() {
  return {.subject = "acc_1",
          .email = "ada@example.com",
          .role = "user",
          .tier = "pro",
          .generation = 3,
          .id = "00ff",
          .issued = kNow,
          .expires = kNow + 60};
}

std::string base64(std::string_view text) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    const std::size_t count = std::min<std::size_t>(3, text.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8 | (k < count ? static_cast<unsigned char>(text[i + k]) : 0U);
    }
    for (std::size_t k = 0; k <= count; ++k) out += kDigits[bits >> (18 - 6 * k) & 63];
  }
  return out;
}

/// The last part of a token, made as RFC 7515 says.
std::string signed_by(std::string_view secret, std::string_view text) {
  const Digest digest = hmac_sha256(secret, text);
  return base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string forged(std::string_view header, std::string_view payload, std::string_view secret) {
  const std::string text = base64(header) + "." + base64(payload);
  return text + "." + signed_by(secret, text);
}

/// The one header that is read.
std::string our_header() {
  const std::string kid = to_hex(sha256("ara.jwt.kid." + kSecret)).substr(0, 16);
  return R"({"alg":"HS256","kid":")" + kid + R"(","typ":"JWT"})";
}

void expect_refused(const Signer& signer, const std::string& token) {
  const auto verified = signer.verify(token, kMoment);
  ASSERT_FALSE(verified) << token;
  EXPECT_EQ(verified.error().code, Code::unauthorized);
}

TEST(Hmac, KnownAnswers) {
  // RFC 4231, test cases 2 and 6; FIPS 180-4's "abc".
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'),
                               "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Jwt, GivesBackItsClaims) {
  const Signer signer(kSecret, {});
  const std::string token = signer.sign(claims());
  const auto verified = signer.verify(token, kMoment);
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->subject, "acc_1");
  EXPECT_EQ(verified->email, "ada@example.com");
  EXPECT_EQ(verified->role, "user");
  EXPECT_EQ(verified->tier, "pro");
  EXPECT_EQ(verified->generation, 3U);
  EXPECT_EQ(verified->id, "00ff");
  EXPECT_EQ(verified->issued, kNow);
  EXPECT_EQ(verified->expires, kNow + 60);
  const std::size_t dot = token.rfind('.');
  EXPECT_EQ(token.substr(dot + 1), signed_by(kSecret, token.substr(0, dot)));
}

TEST(Jwt, EndsWithItsTime) {
  const Signer signer(kSecret, {});
  const std::string token = signer.sign(claims());
  EXPECT_TRUE(signer.verify(token, kMoment + std::chrono::seconds(59)));
  const auto late = signer.verify(token, kMoment + std::chrono::seconds(60));
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("expired"));
  // Signed by a clock that runs ahead: a minute is believed, no more.
  EXPECT_TRUE(signer.verify(token, kMoment - std::chrono::seconds(60)));
  EXPECT_FALSE(signer.verify(token, kMoment - std::chrono::seconds(61)));
}

TEST(Jwt, SecretsAreReplacedWhileTokensAreOut) {
  const Signer before(kSecret, {});
  const std::string token = before.sign(claims());
  const Signer after(kOther, std::vector{kSecret});
  EXPECT_TRUE(after.verify(token, kMoment));
  EXPECT_NE(after.sign(claims()).substr(0, 60), token.substr(0, 60));
  EXPECT_TRUE(after.verify(after.sign(claims()), kMoment));
  expect_refused(Signer(kOther, {}), token);
  expect_refused(before, after.sign(claims()));
}

TEST(Jwt, NoOtherHeaderIsRead) {
  const Signer signer(kSecret, {});
  const std::string payload =
      R"({"sub":"acc_1","email":"e","role":"admin","tier":"pro","gen":3,"jti":"x",)"
      R"("iat":1790000000,"exp":1790000060})";
  ASSERT_TRUE(signer.verify(forged(our_header(), payload, kSecret), kMoment));
  for (const std::string header :
       {R"({"alg":"none"})", R"({"alg":"None","typ":"JWT"})", R"({"alg":"HS512"})",
        R"({"alg":"RS256","kid":"x"})", R"({"alg":"HS256"})", R"({"alg":"HS256","typ":"JWT"})",
        R"({"alg":"HS256","kid":"../../dev/null","typ":"JWT"})",
        R"({"alg":"HS256","kid":"' OR 1=1 --","typ":"JWT"})",
        R"({"alg":"HS256","kid":"","typ":"JWT","jku":"http://evil.example/keys"})",
        R"({"typ":"JWT","alg":"HS256"})", "{}", "", "not json"}) {
    expect_refused(signer, forged(header, payload, kSecret));
    expect_refused(signer, forged(header, payload, ""));
    expect_refused(signer, base64(header) + "." + base64(payload) + ".");
    expect_refused(signer, base64(header) + "." + base64(payload));
  }
}

TEST(Jwt, NotAByteMayDiffer) {
  const Signer signer(kSecret, {});
  const std::string good = signer.sign(claims());
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char c : {'A', 'B', '.', '=', '\0', '\xff'}) {
      if (good[i] == c) continue;
      std::string bad = good;
      bad[i] = c;
      EXPECT_FALSE(signer.verify(bad, kMoment)) << i << " " << static_cast<int>(c);
    }
    EXPECT_FALSE(signer.verify(good.substr(0, i), kMoment)) << i;
  }
  for (const std::string& bad : {good + "A", good + ".", good + "=", " " + good, "." + good,
                                 good + "\n", std::string(100'000, 'a')}) {
    EXPECT_FALSE(signer.verify(bad, kMoment));
  }
}

TEST(Jwt, ClaimsMustBeWholeAndOfTheirTypes) {
  const Signer signer(kSecret, {});
  const std::string start = R"({"email":"e","role":"r","tier":"t","jti":"x","iat":1,)";
  for (const std::string& payload :
       {std::string("{}"), std::string("[]"), std::string("\"text\""), std::string(),
        std::string("{"), start + R"("sub":1,"gen":3,"exp":9999999999})",
        start + R"("sub":"","gen":3,"exp":9999999999})",
        start + R"("sub":"a","gen":-1,"exp":9999999999})",
        start + R"("sub":"a","gen":3,"exp":"never"})", start + R"("sub":"a","gen":3,"exp":1e300})",
        start + R"("sub":"a","gen":3})"}) {
    expect_refused(signer, forged(our_header(), payload, kSecret));
  }
  EXPECT_TRUE(signer.verify(
      forged(our_header(), start + R"("sub":"a","gen":3,"exp":9999999999})", kSecret), kMoment));
}

TEST(Passwords, RulesAskForLengthNotForSigns) {
  const auto check = [](std::string_view password) {
    return check_password_rules(password, "ada.lovelace@example.com", "Ada the Countess");
  };
  EXPECT_TRUE(check("four plain words do"));
  EXPECT_TRUE(check("пароль из слов"));
  for (const std::string bad : {"", "short", "eleven byte", "aaaaaaaaaaaaaaaa", "ababababababab",
                                "Password1234", "ADA.lovelace@example.com", "ada the countess"}) {
    const auto checked = check(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().field, "password");
    if (!bad.empty()) {
      EXPECT_THAT(checked.error().message, Not(HasSubstr(bad)));
    }
  }
  EXPECT_FALSE(check(std::string(257, 'x') + "abcdef"));
}

TEST(Passwords, AreHashedWithArgon2idAndASaltOfTheirOwn) {
  const std::string hash = hash_password("four plain words do").value();
  EXPECT_THAT(hash, ::testing::StartsWith("$argon2id$v=19$m=19456,t=2,p=1$"));
  EXPECT_NE(hash, hash_password("four plain words do").value());
  EXPECT_TRUE(verify_password("four plain words do", hash));
  EXPECT_FALSE(verify_password("four plain words dO", hash));
  EXPECT_FALSE(verify_password("", hash));
  EXPECT_FALSE(verify_password("four plain words do", ""));
  EXPECT_FALSE(verify_password("", nobodys_hash()));
  EXPECT_EQ(nobodys_hash().substr(0, 31), hash.substr(0, 31));  // as costly as any
}

TEST(TierSetting, DefaultsAreThoseOfTheReference) {
  const Tiers tiers = Tiers::parse(Tiers::kDefault).value();
  ASSERT_EQ(tiers.rows().size(), 3U);
  EXPECT_EQ(tiers.least().name, "free");
  EXPECT_EQ(tiers.least().per_minute, 10);
  EXPECT_EQ(tiers.least().per_day, 1000);
  EXPECT_EQ(tiers.find("pro")->backtest_days, 1825);
  EXPECT_EQ(tiers.find("pro")->batch, 50);
  EXPECT_EQ(tiers.most().portfolio_assets, 100);
  EXPECT_EQ(tiers.find("gold"), nullptr);
  EXPECT_THAT(tiers.parse_name("gold").error().allowed, HasSubstr("free, pro, enterprise"));
}

TEST(TierSetting, IsCheckedWhole) {
  EXPECT_TRUE(Tiers::parse(" a = 1/2/3/4/5 , b-2=6/7/8/9/10"));
  for (const char* bad : {"", "free", "free=1/2/3/4", "free=1/2/3/4/5/6", "free=0/1/1/1/1",
                          "=1/1/1/1/1", "Free=1/1/1/1/1", "a=1/1/1/1/1,a=1/1/1/1/1", "a=1/1/x/1/1",
                          "a=1/1/1/1/99999999", "a=1/1/1/1/1,,b=1/1/1/1/1"}) {
    EXPECT_FALSE(Tiers::parse(bad)) << bad;
  }
}

TEST(Emails, HaveOneSpelling) {
  EXPECT_EQ(parse_email("Ada.Lovelace+x@Example.COM").value(), "ada.lovelace+x@example.com");
  for (const char* bad : {"", "ada", "@example.com", "ada@", "a@b@c", "a b@c", "a\"@c", "a\\@c",
                          "ä@example.com", "a@c\n", "<a@c>"}) {
    const auto parsed = parse_email(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().field, "email");
  }
}

TEST(Comparison, LooksAtEveryByte) {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string text(size, 'x');
    EXPECT_TRUE(equal_in_constant_time(text, std::string(size, 'x')));
    EXPECT_FALSE(equal_in_constant_time(text, text + "x"));
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = text;
      other[i] = 'y';
      EXPECT_FALSE(equal_in_constant_time(text, other)) << size << " " << i;
    }
  }
}

TEST(LoginAttempts, AreCountedByName) {
  Attempts attempts;
  const SteadyTime start{std::chrono::hours(1)};
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(attempts.refuse("ada", 3, start));
  EXPECT_EQ(attempts.refuse("ada", 3, start + std::chrono::seconds(10)), std::chrono::seconds(50));
  EXPECT_FALSE(attempts.refuse("bob", 3, start));
  EXPECT_FALSE(attempts.refuse("ada", 3, start + std::chrono::seconds(60)));
}

}  // namespace
}  // namespace ara::accounts
