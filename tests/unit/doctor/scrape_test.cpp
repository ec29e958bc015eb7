#include "doctor/scrape.h"

#include <gtest/gtest.h>

#include "doctor/fetch.h"
#include "recorded.h"

namespace ara::doctor {
namespace {

TEST(Scrape, ReadsNamesLabelsAndValues) {
  const auto scrape = Scrape::parse(
      "# HELP a b\n\na 1\nb{x=\"1\",y=\"a\\\"\\\\\\n}\"} 2.5 1700000000\nb{x=\"2\",y=\"\"} 4\n"
      "c NaN\nd +Inf\n");
  ASSERT_TRUE(scrape);
  EXPECT_EQ(scrape->value("a"), 1);
  EXPECT_EQ(scrape->value("b"), 6.5);
  EXPECT_EQ(scrape->value("b", with("x", "1")), 2.5);
  EXPECT_EQ(scrape->value("b", with("y", "a\"\\\n}")), 2.5);
  EXPECT_EQ(scrape->value("b", with("x", "3")), std::nullopt);
  EXPECT_EQ(scrape->value("e"), std::nullopt);
  EXPECT_EQ(scrape->values("b", "x"), (std::vector<std::string>{"1", "2"}));
}

TEST(Scrape, RefusesWhatIsNoMetrics) {
  for (const char* text : {"<html>", "a", "a{x=\"1\" 2", "a{x=1} 2", "a one", "a{x=\"1"}) {
    EXPECT_FALSE(Scrape::parse(text)) << text;
  }
}

TEST(Scrape, CountsBetweenTwoTimes) {
  const Window window = recorded_node().window;
  EXPECT_EQ(window.added("http_requests_total"), 1000);
  EXPECT_EQ(window.rate("process_cpu_seconds_total"), 0.2);
  const Counted counted = window.counted("http_request_duration_seconds");
  EXPECT_EQ(counted.count, 1000);
  EXPECT_NEAR(counted.mean(), 0.0002, 1e-9);
  EXPECT_EQ(counted.above(0.5), 0);
  EXPECT_EQ(counted.above(50e-6), 100);
  // 900 of 1000 within 50 µs, 100 more within 1 ms: the 950th lies in the middle of those.
  EXPECT_NEAR(counted.quantile(0.95).value(), (50e-6 + 1e-3) / 2, 1e-9);
  EXPECT_NEAR(counted.quantile(0.45).value(), 25e-6, 1e-9);
}

TEST(Scrape, AProcessThatWasStartedAnewCountsFromZero) {
  Window window = recorded_node().window;
  std::swap(window.before, window.after);
  EXPECT_EQ(window.added("process_cpu_seconds_total"), 10);
  EXPECT_EQ(window.counted("http_request_duration_seconds").count, 1000);
}

TEST(Scrape, NothingHasNoQuantile) {
  EXPECT_EQ(Counted{}.quantile(0.95), std::nullopt);
  EXPECT_EQ(Window{}.counted("x").count, 0);
}

TEST(Fetch, TakesAddressesOfServers) {
  EXPECT_EQ(base_url("node-1:8000").value(), "http://node-1:8000");
  EXPECT_EQ(base_url("https://api.example.com/").value(), "https://api.example.com");
  EXPECT_EQ(base_url("http://[::1]:80").value(), "http://[::1]:80");
  for (const char* text : {"", "ftp://a", "http://a/metrics", "http://", "http://a:b"}) {
    EXPECT_FALSE(base_url(text)) << text;
  }
  EXPECT_TRUE(is_local("http://127.0.0.1:8000"));
  EXPECT_TRUE(is_local("http://[::1]:8000"));
  EXPECT_FALSE(is_local("http://10.0.0.1:8000"));
}

TEST(Fetch, SaysThatNobodyAnswers) {
  const auto fetched = fetch("http://127.0.0.1:1/metrics", std::chrono::milliseconds(500));
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, Code::unavailable);
}

}  // namespace
}  // namespace ara::doctor
