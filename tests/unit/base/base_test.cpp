#include <gtest/gtest.h>

#include <array>
#include <set>

#include "base/clock.h"
#include "base/hash.h"
#include "base/ip.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/text.h"

namespace ara {
namespace {

TEST(Ip, RangesHoldWhatBeginsWithTheirBits) {
  const auto holds = [](const char* range, const char* address) {
    return IpRange::parse(range).value().contains(parse_ip(address).value());
  };
  EXPECT_TRUE(holds("10.0.0.0/8", "10.255.1.2"));
  EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(holds("192.168.4.0/22", "192.168.7.255"));
  EXPECT_FALSE(holds("192.168.4.0/22", "192.168.8.0"));
  EXPECT_TRUE(holds("0.0.0.0/0", "1.2.3.4"));
  EXPECT_FALSE(holds("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(holds("10.0.0.1", "::ffff:10.0.0.1"));
  EXPECT_TRUE(holds("fd00::/8", "fdff::1"));
  EXPECT_FALSE(holds("::1", "::2"));
  for (const char* bad :
       {"", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0/8", "a/8", "1.2.3.4 "}) {
    EXPECT_FALSE(IpRange::parse(bad)) << bad;
  }
}

TEST(Error, InvalidNamesFieldValueAndWhatIsAllowed) {
  const Result<int> result = invalid("days", "31", "1 to 30");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::invalid);
  EXPECT_EQ(result.error().field, "days");
  EXPECT_EQ(result.error().value, "31");
  EXPECT_EQ(result.error().allowed, "1 to 30");
  for (const char* part : {"days", "31", "1 to 30"}) {
    EXPECT_NE(result.error().message.find(part), std::string::npos) << part;
  }
}

TEST(Error, EveryCodeHasItsRow) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
    const CodeRow& row = describe(static_cast<Code>(i));
    EXPECT_EQ(row.code, static_cast<Code>(i));
    EXPECT_TRUE(row.http_status >= 400 && row.http_status < 600) << row.name;
    EXPECT_NE(row.exit_status, 0) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.title.empty()) << row.name;
  }
  EXPECT_EQ(describe(Code::not_found).http_status, 404);
  EXPECT_EQ(describe(Code::overloaded).http_status, 503);
}

TEST(Printable, EscapesControlsAndBrokenUtf8ButKeepsText) {
  using namespace std::string_literals;
  EXPECT_EQ(printable("AAPL"), "AAPL");
  EXPECT_EQ(printable("Zürich 東京 😀"), "Zürich 東京 😀");
  EXPECT_EQ(printable("a\tb\n\x7f"), "a\\x09b\\x0a\\x7f");
  EXPECT_EQ(printable("\0x"s), "\\x00x");
  EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(printable("\xc3"), "\\xc3");                    // cut off
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(printable("\xe0\x80\x80"), "\\xe0\\x80\\x80");  // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(Printable, CutsAtACharacterWithinTheLimit) {
  EXPECT_EQ(printable(std::string(64, 'a')), std::string(64, 'a'));
  EXPECT_EQ(printable(std::string(65, 'a')), std::string(64, 'a') + "…");
  EXPECT_EQ(printable(std::string(63, 'a') + "é"), std::string(63, 'a') + "…");
  EXPECT_EQ(printable("\x01\x02", 4), "\\x01…");
  EXPECT_EQ(printable("\x01\x02", 6), "\\x01…");
}

TEST(Hash, IsTheSameInEveryReleaseOfXxh3) {
  EXPECT_EQ(stable_hash64(""), 0x2D06800538D394C2ULL);
  EXPECT_EQ(to_hex(stable_hash128("")), "99aa06d3014798d86001c324468d497f");
  EXPECT_NE(stable_hash64("a"), stable_hash64("b"));
}

TEST(Hash, HexGoesBothWaysAndNothingElseParses) {
  const Hash128 hash = stable_hash128("AAPL");
  EXPECT_EQ(hash_from_hex(to_hex(hash)), hash);
  EXPECT_EQ(to_hex({0, 1}), "00000000000000000000000000000001");
  for (const std::string& text :
       {std::string(), std::string(31, '0'), std::string(33, '0'), std::string(32, 'G'),
        std::string(32, 'A'), std::string(32, '-')}) {
    EXPECT_FALSE(hash_from_hex(text).has_value()) << text;
  }
}

TEST(Text, NumbersAreTheWholeTextOrNothing) {
  EXPECT_EQ(parse_double("-1.5e3"), -1500);
  EXPECT_EQ(parse_integer("-42"), -42);
  for (const char* text : {"", " 1", "1 ", "1x", "inf", "nan", "1e999", "0x10", "1,5", "+1"}) {
    EXPECT_FALSE(parse_double(text).has_value()) << text;
  }
  for (const char* text : {"", "1.0", "1e3", " 1", "9223372036854775808", "--1"}) {
    EXPECT_FALSE(parse_integer(text).has_value()) << text;
  }
}

TEST(Text, CaseAndTrimTouchAsciiOnly) {
  EXPECT_EQ(to_upper("abcÄzZ9"), "ABCÄZZ9");
  EXPECT_EQ(to_lower("ABCäzZ9"), "abcäzz9");
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
}

TEST(Text, NearestKnowsMisspellingsAndBeginnings) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  const std::vector<std::string> symbols{"AAPL", "AMZN", "MSFT", "AAL", "GOOGL", "GOOG"};
  EXPECT_EQ(nearest("APPL", symbols), (std::vector<std::string>{"AAPL"}));
  EXPECT_EQ(nearest("GOO", symbols), (std::vector<std::string>{"GOOG", "GOOGL"}));
  EXPECT_EQ(nearest("AAPL", symbols, 1), (std::vector<std::string>{"AAPL"}));
  EXPECT_TRUE(nearest("ZZZZZZ", symbols).empty());
}

TEST(Rng, IsXoshiroPlusPlusSeededBySplitmix) {
  // Splitmix64 from seed 0 begins with these words (Vigna's reference implementation).
  EXPECT_EQ(mix64(0x9E3779B97F4A7C15ULL), 0xE220A8397B1DCDAFULL);
  EXPECT_EQ(mix64(2 * 0x9E3779B97F4A7C15ULL), 0x6E789E6AA1B965F4ULL);
  // The first output by the definition: rotl(s0 + s3, 23) + s0.
  const std::uint64_t s0 = 0xE220A8397B1DCDAFULL;
  const std::uint64_t s3 = mix64(4 * 0x9E3779B97F4A7C15ULL);
  Rng rng(0);
  EXPECT_EQ(rng.next(), std::rotl(s0 + s3, 23) + s0);
}

TEST(Rng, SameSeedSameNumbersOtherSeedOthers) {
  Rng a(5), b(5), c(6);
  int equal = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto x = a.next();
    EXPECT_EQ(x, b.next());
    equal += x == c.next();
  }
  EXPECT_EQ(equal, 0);
}

TEST(Rng, IsRoughlyUniform) {
  Rng rng(1);
  std::array<int, 64> cells{}, below{};
  constexpr int kDraws = 640000;
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = rng.uniform();
    ASSERT_TRUE(u >= 0 && u < 1);
    sum += u;
    ++cells[static_cast<std::size_t>(u * 64)];
    const auto k = rng.below(64);
    ASSERT_LT(k, 64u);
    ++below[k];
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.002);
  for (const auto& counts : {cells, below}) {
    double chi_squared = 0;  // 63 degrees of freedom: 99.99 % lie below 113
    for (int count : counts) chi_squared += (count - 1e4) * (count - 1e4) / 1e4;
    EXPECT_LT(chi_squared, 113);
    EXPECT_GT(chi_squared, 25);
  }
}

TEST(Clock, Rfc3339IsUtcWithMilliseconds) {
  EXPECT_EQ(to_rfc3339(WallTime{std::chrono::microseconds{0}}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(WallTime{std::chrono::microseconds{1795500382125999}}),
            "2026-11-24T06:06:22.125Z");
}

TEST(Clock, SteadyTimeNeverGoesBack) {
  const Clock& clock = system_clock();
  auto last = clock.steady();
  for (int i = 0; i < 1000; ++i) {
    const auto now = clock.steady();
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(Deadline, PassesAtItsTime) {
  const SteadyTime start{};
  const Deadline deadline{start + std::chrono::seconds{1}};
  EXPECT_FALSE(deadline.passed(start));
  EXPECT_EQ(deadline.left(start), std::chrono::seconds{1});
  EXPECT_TRUE(deadline.passed(start + std::chrono::seconds{1}));
  EXPECT_LT(deadline.left(start + std::chrono::seconds{2}).count(), 0);
  EXPECT_FALSE(Deadline::none().passed(SteadyTime::max() - std::chrono::seconds{1}));
  EXPECT_EQ(Deadline::none().left(start), std::chrono::nanoseconds::max());
}

}  // namespace
}  // namespace ara
