#include "serve/heads.h"

#include <gtest/gtest.h>

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
  store_->fail(StoreCall::heads_version, Code::unavailable, 1);
  store_->fail(StoreCall::registry_version, Code::deadline, 1);
  const auto heads = start();
  ASSERT_TRUE(heads) << heads.error().message;
  EXPECT_EQ(store_->calls(StoreCall::heads_version), 3u);
  ASSERT_NE((*heads)->fresh(), nullptr);
  EXPECT_NE((*heads)->fresh()->find(symbol("AAPL")), nullptr);
}

TEST_F(HeadsTest, AStoreThatStaysDownIsGivenUpByTheBound) {
  store_->fail(StoreCall::heads_version, Code::unavailable);
  const SteadyTime began = system_clock().steady();
  const auto heads = start(350ms);
  ASSERT_FALSE(heads);
  EXPECT_EQ(heads.error().code, Code::unavailable);
  EXPECT_GE(store_->calls(StoreCall::heads_version), 2u);
  EXPECT_LT(system_clock().steady() - began, 5s);
}

TEST_F(HeadsTest, AStoreThatDoesNotAnswerIsGivenUpByTheBound) {
  store_->hold(StoreCall::heads_version);
  const auto heads = start(200ms);
  ASSERT_FALSE(heads);
  EXPECT_EQ(heads.error().code, Code::deadline);
}

TEST_F(HeadsTest, AStoreThatIsDamagedFailsAtOnce) {
  store_->fail(StoreCall::heads_version, Code::corrupt);
  const auto heads = start();
  ASSERT_FALSE(heads);
  EXPECT_EQ(heads.error().code, Code::corrupt);
  EXPECT_EQ(store_->calls(StoreCall::heads_version), 1u);
}

}  // namespace
}  // namespace ara::serve
