// A write whose connection is lost while it commits takes effect once, and its caller learns so.
#include <gtest/gtest.h>

#include "storage/store.h"
#include "support/cutting_proxy.h"
#include "support/postgres.h"

namespace ara::storage {
namespace {

using support::CuttingProxy;

class PostgresSettle : public testing::TestWithParam<CuttingProxy::When> {
 protected:
  void SetUp() override {
    if (!support::PostgresServer::installed()) GTEST_SKIP() << support::PostgresServer::kMissing;
    const std::string uri = database_.emplace().primary();
    const auto port = uri.rfind(':') + 1;
    const auto slash = uri.rfind('/');
    proxy_.emplace(std::stoi(uri.substr(port, slash - port)));
    auto opened = open(uri.substr(0, port) + std::to_string(proxy_->port()) + uri.substr(slash));
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  std::optional<support::PostgresDatabase> database_;
  std::optional<CuttingProxy> proxy_;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(Cut, PostgresSettle,
                         testing::Values(CuttingProxy::When::before_sending,
                                         CuttingProxy::When::after_sending));

TEST_P(PostgresSettle, ACountIsCountedOnce) {
  ASSERT_TRUE(store_->lease_requests("ann", 1, 0, 5, 100, Call{}));
  for (int i = 1; i <= 5; ++i) {
    proxy_->cut("COMMIT", GetParam(), 1);
    const auto lease = store_->lease_requests("ann", 1, 0, 5, 100, Call{});
    ASSERT_TRUE(lease) << lease.error().message;
    EXPECT_EQ(lease->granted, 5);
    EXPECT_EQ(lease->used, 5 + 5 * i);
  }
  EXPECT_EQ(proxy_->cuts(), 5);
}

TEST_P(PostgresSettle, BarsAreInsertedOnceAndSaidToBe) {
  const std::vector<domain::Bar> bars{{domain::Date{std::chrono::days{1}}, 1, 2, 0.5, 1.5, 1.5, 9}};
  proxy_->cut("COMMIT", GetParam(), 2);
  const auto put = store_->put_bars(domain::Symbol::parse("AAPL").value(), domain::AssetType::stock,
                                    bars, Call{});
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_EQ(put->inserted, 1);
  EXPECT_EQ(put->revision.counter, 1);
  EXPECT_EQ(proxy_->cuts(), 2);
}

TEST_P(PostgresSettle, ACutThatGoesOnEndsWithTheDeadline) {
  proxy_->cut("COMMIT", GetParam(), 1000);
  const auto begun = std::chrono::steady_clock::now();
  const auto lease = store_->lease_requests("ann", 1, 0, 5, 100,
                                            {Deadline::after(std::chrono::milliseconds{700})});
  ASSERT_FALSE(lease);
  EXPECT_EQ(describe(lease.error().code).http_status, 503) << lease.error().message;
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{5});
  proxy_->cut("", GetParam(), 0);
  EXPECT_LE(store_->lease_requests("ann", 1, 0, 0, 100, Call{})->used, 5);
}

}  // namespace
}  // namespace ara::storage
