#include "cache/envelope.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace ara::cache {
namespace {

constexpr Hash128 kId{1, 2};

std::string noise(std::size_t size) {
  Rng rng(size + 1);
  std::string bytes;
  while (bytes.size() < size) bytes += static_cast<char>(rng.next());
  return bytes;
}

TEST(Envelope, GivesBackTheVeryBytes) {
  for (const std::size_t size : {0, 1, 9, 1023, 1024, 1025, 5000, 300'000}) {
    for (const std::string& value : {noise(size), std::string(size, 'x')}) {
      const auto sealed = seal(kId, value);
      ASSERT_TRUE(sealed);
      EXPECT_EQ(unseal(kId, *sealed), value) << size;
    }
  }
}

TEST(Envelope, IsSmallerWhereThatPays) {
  EXPECT_LT(seal(kId, std::string(5000, 'x'))->size(), 100U);
  EXPECT_EQ(seal(kId, std::string(1000, 'x'))->size(), 1010U);
  EXPECT_EQ(seal(kId, noise(5000))->size(), 5010U);
}

TEST(Envelope, AnotherIdIsNotTakenIn) {
  for (const std::size_t size : {10, 5000}) {
    const auto sealed = seal(kId, std::string(size, 'x'));
    EXPECT_FALSE(unseal({1, 3}, *sealed));
    EXPECT_FALSE(unseal({2, 1}, *sealed));
  }
}

TEST(Envelope, NoDamageIsTakenForAValue) {
  for (const std::string& value : {std::string("short"), std::string(3000, 'x'), noise(1500)}) {
    const std::string sealed = *seal(kId, value);
    for (std::size_t at = 0; at < sealed.size(); ++at) {
      for (const unsigned flip : {1U, 0x80U}) {
        std::string damaged = sealed;
        damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ flip);
        const auto read = unseal(kId, damaged);
        // A bit of a zstd frame that means nothing may flip: then it is the value all the same.
        if (read) {
          EXPECT_EQ(*read, value);
        }
      }
    }
    for (std::size_t size = 0; size < sealed.size(); ++size) {
      EXPECT_FALSE(unseal(kId, std::string_view(sealed).substr(0, size)));
    }
    EXPECT_FALSE(unseal(kId, sealed + "x"));
  }
}

TEST(Envelope, OtherVersionsAndForeignBytesAreNone) {
  std::string sealed = *seal(kId, "value");
  sealed[0] = 2;
  EXPECT_FALSE(unseal(kId, sealed));
  EXPECT_FALSE(unseal(kId, ""));
  EXPECT_FALSE(unseal(kId, R"({"symbol":"AAPL"})"));
  Rng rng(7);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = noise(10 + rng.below(200));
    bytes[0] = 1;
    bytes[1] = static_cast<char>(i % 2);
    EXPECT_FALSE(unseal(kId, bytes));
  }
}

TEST(Envelope, WhatIsTooLargeIsNotTaken) {
  EXPECT_TRUE(seal(kId, std::string(std::size_t{16} << 20, 'x')));
  EXPECT_FALSE(seal(kId, std::string((std::size_t{16} << 20) + 1, 'x')));
}

}  // namespace
}  // namespace ara::cache
