#include "http/request_id.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace ara::http {
namespace {

TEST(RequestIdTest, IsThirtyTwoHexadecimalDigits) {
  const RequestId id = RequestId::make();
  EXPECT_EQ(id.text().size(), 32U);
  EXPECT_EQ(id.text().find_first_not_of("0123456789abcdef"), std::string_view::npos);
}

TEST(RequestIdTest, NoTwoAreEqualWhateverThreadMadeThem) {
  std::vector<std::vector<std::string>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& list : made) {
      threads.emplace_back([&list] {
        for (int i = 0; i < 1000; ++i) list.emplace_back(RequestId::make().text());
      });
    }
  }
  std::set<std::string> all;
  for (const auto& list : made) all.insert(list.begin(), list.end());
  EXPECT_EQ(all.size(), 4000U);
}

TEST(RequestIdTest, TakesWhatCanStandInAHeader) {
  EXPECT_EQ(RequestId::accept("trace-1/\"x\"")->text(), "trace-1/\"x\"");
  EXPECT_EQ(RequestId::accept(std::string(128, 'a'))->text().size(), 128U);
}

TEST(RequestIdTest, RefusesWhatCannot) {
  for (const std::string& given :
       {std::string(), std::string(129, 'a'), std::string("a b"), std::string("a\r\nx: y"),
        std::string("a\0b", 3), std::string("caf\xc3\xa9"), std::string("\x7f")}) {
    EXPECT_FALSE(RequestId::accept(given)) << given;
  }
}

}  // namespace
}  // namespace ara::http
