#include "serve/heads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "support/faulty_store.h"
#include "support/temporary_folder.h"

namespace ara::serve {
namespace {

using namespace std::chrono_literals;
using support::StoreCall;

class HeadsTest : public testing::Test {
 protected:
  static domain::Symbol symbol(std::string_view text) { return *domain::Symbol::parse(text); }
  void put(const char* name, double close = 100) {
    const domain::Bar bar{.time = domain::Date{std::chrono::year{2024} / 1 / 2}, .close = close};
    ASSERT_TRUE(inner_->put_bars(symbol(name), domain::AssetType::stock, {&bar, 1}, {}));
  }
  Result<std::unique_ptr<Heads>> start(std::chrono::milliseconds patience = 10s,
                                       std::chrono::milliseconds refresh = 10ms) {
    return Heads::start(store_, std::make_shared<const registry::Shelf>(), refresh, patience,
                        system_clock());
  }

  support::TemporaryFolder folder_;
  std::shared_ptr<storage::Store> inner_ = *storage::open_sqlite(folder_.file("ara.db"));
  std::shared_ptr<support::FaultyStore> store_ = std::make_shared<support::FaultyStore>(inner_);
};

TEST_F(HeadsTest, AStoreThatIsBusyAtFirstIsAskedAgain) {
  put("AAPL");
  store_->fail(StoreCall::changed_heads, Code::unavailable, 1);
  store_->fail(StoreCall::registry_version, Code::deadline, 1);
  const auto heads = start();
  ASSERT_TRUE(heads) << heads.error().message;
  EXPECT_EQ(store_->calls(StoreCall::changed_heads), 3u);
  ASSERT_NE((*heads)->fresh(), nullptr);
  EXPECT_NE((*heads)->fresh()->find(symbol("AAPL")), nullptr);
}

TEST_F(HeadsTest, AStoreThatStaysDownIsGivenUpByTheBound) {
  store_->fail(StoreCall::changed_heads, Code::unavailable);
  const SteadyTime began = system_clock().steady();
  const auto heads = start(350ms);
  ASSERT_FALSE(heads);
  EXPECT_EQ(heads.error().code, Code::unavailable);
  EXPECT_GE(store_->calls(StoreCall::changed_heads), 2u);
  EXPECT_LT(system_clock().steady() - began, 5s);
}

TEST_F(HeadsTest, AStoreThatDoesNotAnswerIsGivenUpByTheBound) {
  store_->hold(StoreCall::changed_heads);
  const auto heads = start(200ms);
  ASSERT_FALSE(heads);
  EXPECT_EQ(heads.error().code, Code::deadline);
}

TEST_F(HeadsTest, AStoreThatIsDamagedFailsAtOnce) {
  store_->fail(StoreCall::changed_heads, Code::corrupt);
  const auto heads = start();
  ASSERT_FALSE(heads);
  EXPECT_EQ(heads.error().code, Code::corrupt);
  EXPECT_EQ(store_->calls(StoreCall::changed_heads), 1u);
}

TEST_F(HeadsTest, OnlyWhatHasChangedIsReadAnew) {
  for (int i = 0; i < 300; ++i) put(ara::format("S{}", i).c_str());
  const auto heads = start();
  ASSERT_TRUE(heads);
  const auto before = (*heads)->snapshot();
  EXPECT_EQ(before->symbols->names().size(), 300u);
  put("S7", 101);
  put("NEW");
  const SteadyTime give_up = system_clock().steady() + 5s;
  auto now = (*heads)->snapshot();
  while (!now->find(symbol("NEW")) && system_clock().steady() < give_up) {
    std::this_thread::sleep_for(5ms);
    now = (*heads)->snapshot();
  }
  ASSERT_NE(now->find(symbol("NEW")), nullptr);
  EXPECT_EQ(now->find(symbol("S7"))->revision.counter, 2u);
  EXPECT_EQ(before->find(symbol("S7"))->revision.counter, 1u) << "a snapshot never changes";
  EXPECT_EQ(before->find(symbol("NEW")), nullptr);
  EXPECT_EQ(now->find(symbol("S8")), before->find(symbol("S8"))) << "and shares what is the same";
  EXPECT_EQ(now->symbols->names().size(), 301u);
  EXPECT_TRUE(std::ranges::is_sorted(now->symbols->names()));
  EXPECT_EQ(store_->calls(StoreCall::symbols), 0u);
}

TEST_F(HeadsTest, ALookThatFailedLosesNothing) {
  put("A");
  put("B");
  const auto heads = start();
  ASSERT_TRUE(heads);
  // What has changed is read, and then the look fails by what comes after.
  store_->fail(StoreCall::registry_version, Code::unavailable);
  const std::uint64_t looked = store_->calls(StoreCall::registry_version);
  put("A", 101);
  const SteadyTime give_up = system_clock().steady() + 5s;
  while (store_->calls(StoreCall::registry_version) < looked + 3 &&
         system_clock().steady() < give_up) {
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ((*heads)->snapshot()->find(symbol("A"))->revision.counter, 1u);
  store_->release();
  while ((*heads)->snapshot()->find(symbol("A"))->revision.counter == 1u &&
         system_clock().steady() < give_up) {
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ((*heads)->snapshot()->find(symbol("A"))->revision.counter, 2u);
}

}  // namespace
}  // namespace ara::serve
