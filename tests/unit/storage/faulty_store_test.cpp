// The store that tests of other rooms use to make storage fail.
#include "support/faulty_store.h"

#include <gtest/gtest.h>

#include <future>

#include "support/temporary_folder.h"

namespace ara::support {
namespace {

using std::chrono::milliseconds;

class FaultyStoreTest : public testing::Test {
 protected:
  Result<storage::PutOutcome> put(double close) {
    domain::Bar bar;
    bar.close = close;
    return store_.put_bars(symbol_, domain::AssetType::stock, {&bar, 1}, Call{});
  }

  TemporaryFolder folder_;
  domain::Symbol symbol_ = domain::Symbol::parse("A").value();
  FaultyStore store_{storage::open_sqlite(folder_.file("ara.db")).value()};
};

TEST_F(FaultyStoreTest, PassesCallsOn) {
  EXPECT_TRUE(put(1));
  EXPECT_EQ(store_.last_bars(symbol_, 1, Call{}).value().bars[0].close, 1);
  EXPECT_EQ(store_.calls(StoreCall::put_bars), 1u);
  EXPECT_EQ(store_.calls(StoreCall::symbols), 0u);
}

TEST_F(FaultyStoreTest, FailsTheCallsAskedFor) {
  EXPECT_TRUE(put(1));
  store_.fail(StoreCall::put_bars, Code::io, 2, 1);
  EXPECT_TRUE(put(2));
  EXPECT_EQ(put(3).error().code, Code::io);
  EXPECT_EQ(put(3).error().code, Code::io);
  EXPECT_EQ(store_.last_bars(symbol_, 1, Call{}).value().bars[0].close, 2);
  EXPECT_TRUE(put(3));
  EXPECT_EQ(store_.calls(StoreCall::put_bars), 5u);
}

TEST_F(FaultyStoreTest, LosesAnAnswer) {
  store_.fail_after(StoreCall::put_bars, Code::unavailable);
  EXPECT_EQ(put(7).error().code, Code::unavailable);
  EXPECT_EQ(store_.last_bars(symbol_, 1, Call{}).value().bars[0].close, 7);
  store_.release();
  EXPECT_TRUE(put(8));
}

TEST_F(FaultyStoreTest, HoldsCallsUntilReleasedOrLate) {
  store_.hold(StoreCall::symbols);
  EXPECT_EQ(store_.symbols(Call{Deadline::after(milliseconds{20})}).error().code, Code::deadline);
  auto held = std::async(std::launch::async, [&] { return store_.symbols(Call{}); });
  EXPECT_EQ(held.wait_for(milliseconds{20}), std::future_status::timeout);
  store_.release();
  EXPECT_TRUE(held.get().has_value());
}

TEST_F(FaultyStoreTest, DelaysCalls) {
  store_.delay(StoreCall::symbols, milliseconds{30});
  const SteadyTime start = system_clock().steady();
  EXPECT_TRUE(store_.symbols(Call{}).has_value());
  EXPECT_GE(system_clock().steady() - start, milliseconds{30});
  EXPECT_EQ(store_.symbols(Call{Deadline::after(milliseconds{5})}).error().code, Code::deadline);
}

}  // namespace
}  // namespace ara::support
