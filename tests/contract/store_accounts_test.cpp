// What every store promises about accounts, keys, the audit log and day counts.
#include <atomic>
#include <thread>

#include "contract/store_contract.h"

namespace ara::storage {
namespace {

class StoreAccounts : public StoreContract {
 protected:
  static WallTime at(std::int64_t count) { return WallTime{std::chrono::microseconds{count}}; }
  static AuditRow audit(std::string action, std::int64_t when = 7) {
    return {0, at(when), "command line", std::move(action), "acc_1", "detail"};
  }
  static AccountRow account(const std::string& id, std::int64_t created = 1) {
    return {.id = id,
            .email = id + "@example.com",
            .username = "Ada",
            .password_hash = "$argon2id$",
            .role = "user",
            .tier = "free",
            .created = at(created)};
  }
  static ApiKeyRow key(const std::string& id, const std::string& account_id, char fill) {
    return {.id = id,
            .account_id = account_id,
            .name = "laptop",
            .hash = std::string(31, fill) + '\0',
            .prefix = "ara_1234",
            .created = at(3),
            .expires = at(1000),
            .revoked = {},
            .last_used = {}};
  }
  void put(const AccountRow& row) {
    ASSERT_TRUE(store_->put_account(row, audit("account.create"), Call{}));
  }
  void put(const ApiKeyRow& row) {
    ASSERT_TRUE(store_->put_api_key(row, 10, audit("key.create"), Call{}));
  }
  std::uint64_t accounts_version() { return store_->accounts_version(Call{}).value(); }
  std::size_t audited() { return store_->audit_log(100, Call{}).value().size(); }
  DayLease lease(std::int64_t owed, std::int64_t want, std::int64_t day = 20'000) {
    return store_->lease_requests("acc_1", day, owed, want, 100, Call{}).value();
  }
};
INSTANTIATE_TEST_SUITE_P(Every, StoreAccounts, testing::ValuesIn(store_factories()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(StoreAccounts, GivesBackAccounts) {
  const std::uint64_t before = accounts_version();
  put(account("acc_2", 2));
  put(account("acc_1", 1));
  EXPECT_NE(accounts_version(), before);
  reopen();
  const auto found = store_->find_account("acc_1", Call{}).value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->email, "acc_1@example.com");
  EXPECT_EQ(found->username, "Ada");
  EXPECT_EQ(found->password_hash, "$argon2id$");
  EXPECT_EQ(found->role, "user");
  EXPECT_EQ(found->tier, "free");
  EXPECT_TRUE(found->active);
  EXPECT_EQ(found->generation, 1u);
  EXPECT_EQ(found->created, at(1));
  EXPECT_EQ(store_->find_account_by_email("acc_2@example.com", Call{}).value()->id, "acc_2");
  EXPECT_FALSE(store_->find_account("acc_3", Call{}).value());
  EXPECT_FALSE(store_->find_account_by_email("acc_3@example.com", Call{}).value());
  const auto all = store_->accounts(Call{}).value();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].id, "acc_1");
  EXPECT_EQ(all[1].id, "acc_2");
  EXPECT_TRUE(all[0].password_hash.empty());
}

TEST_P(StoreAccounts, AnEmailIsOneAccount) {
  put(account("acc_1"));
  AccountRow twin = account("acc_2");
  twin.email = "acc_1@example.com";
  const std::uint64_t before = accounts_version();
  expect_error(store_->put_account(twin, audit("account.create"), Call{}), Code::conflict);
  expect_error(store_->put_account(account("acc_1"), audit("account.create"), Call{}),
               Code::conflict);
  EXPECT_EQ(accounts_version(), before);
  EXPECT_EQ(audited(), 1u);
}

TEST_P(StoreAccounts, ChangesWhatIsGivenAndNothingElse) {
  put(account("acc_1"));
  const std::uint64_t before = accounts_version();
  const auto changed = store_->change_account(
      "acc_1",
      {.password_hash = {}, .role = "admin", .tier = {}, .active = false, .next_generation = true},
      audit("account.role", 9), Call{});
  ASSERT_TRUE(changed);
  EXPECT_NE(accounts_version(), before);
  const auto found = store_->find_account("acc_1", Call{}).value().value();
  EXPECT_EQ(found.role, "admin");
  EXPECT_EQ(found.tier, "free");
  EXPECT_EQ(found.password_hash, "$argon2id$");
  EXPECT_FALSE(found.active);
  EXPECT_EQ(found.generation, 2u);
  EXPECT_EQ(changed->generation, 2u);
  const auto log = store_->audit_log(1, Call{}).value();
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].action, "account.role");
  EXPECT_EQ(log[0].when, at(9));
  EXPECT_EQ(log[0].actor, "command line");
  EXPECT_EQ(log[0].target, "acc_1");
  EXPECT_EQ(log[0].detail, "detail");
  expect_error(store_->change_account("acc_9", {}, audit("x"), Call{}), Code::not_found);
  EXPECT_EQ(audited(), 2u);
}

TEST_P(StoreAccounts, GivesBackKeysToTheirAccountAlone) {
  put(account("acc_1"));
  put(account("acc_2"));
  put(key("key_1", "acc_1", 'a'));
  put(key("key_2", "acc_2", 'b'));
  reopen();
  const auto keys = store_->api_keys("acc_1", Call{}).value();
  ASSERT_EQ(keys.size(), 1u);
  EXPECT_EQ(keys[0].id, "key_1");
  EXPECT_EQ(keys[0].account_id, "acc_1");
  EXPECT_EQ(keys[0].name, "laptop");
  EXPECT_EQ(keys[0].hash, std::string(31, 'a') + '\0');
  EXPECT_EQ(keys[0].prefix, "ara_1234");
  EXPECT_EQ(keys[0].created, at(3));
  EXPECT_EQ(keys[0].expires, at(1000));
  EXPECT_FALSE(keys[0].revoked);
  EXPECT_FALSE(keys[0].last_used);
  EXPECT_EQ(store_->api_keys("", Call{}).value().size(), 2u);
  const auto log = audit("key.revoke");
  expect_error(store_->revoke_api_key("acc_1", "key_2", log, Call{}), Code::not_found);
  expect_error(store_->rotate_api_key("acc_1", "key_2", std::string(32, 'c'), "p", log, Call{}),
               Code::not_found);
  expect_error(store_->remove_api_key("acc_1", "key_2", log, Call{}), Code::not_found);
  expect_error(store_->put_api_key(key("key_3", "acc_9", 'c'), 10, log, Call{}), Code::not_found);
  expect_error(store_->put_api_key(key("key_3", "acc_1", 'a'), 10, log, Call{}), Code::conflict);
  expect_error(store_->put_api_key(key("key_3", "acc_1", 'c'), 1, log, Call{}), Code::too_large);
}

TEST_P(StoreAccounts, AKeyIsRotatedUntilItIsRevoked) {
  put(account("acc_1"));
  put(key("key_1", "acc_1", 'a'));
  std::uint64_t version = accounts_version();
  const auto rotated = store_->rotate_api_key("acc_1", "key_1", std::string(32, 'z'), "ara_9",
                                              audit("key.rotate"), Call{});
  ASSERT_TRUE(rotated);
  EXPECT_EQ(rotated->prefix, "ara_9");
  EXPECT_NE(accounts_version(), version);
  version = accounts_version();
  ASSERT_TRUE(store_->revoke_api_key("acc_1", "key_1", audit("key.revoke", 50), Call{}));
  EXPECT_NE(accounts_version(), version);
  // Again: it stays as it was.
  EXPECT_EQ(store_->revoke_api_key("acc_1", "key_1", audit("key.revoke", 60), Call{})->revoked,
            at(50));
  const auto keys = store_->api_keys("acc_1", Call{}).value();
  EXPECT_EQ(keys[0].hash, std::string(32, 'z'));
  EXPECT_EQ(keys[0].revoked, at(50));
  expect_error(store_->rotate_api_key("acc_1", "key_1", std::string(32, 'y'), "p",
                                      audit("key.rotate"), Call{}),
               Code::conflict);
  ASSERT_TRUE(store_->remove_api_key("acc_1", "key_1", audit("key.delete"), Call{}));
  EXPECT_TRUE(store_->api_keys("acc_1", Call{}).value().empty());
  EXPECT_EQ(audited(), 5u);
}

TEST_P(StoreAccounts, NotesTheLastUseOfKeys) {
  put(account("acc_1"));
  put(key("key_1", "acc_1", 'a'));
  const std::uint64_t before = accounts_version();
  ASSERT_TRUE(
      store_->note_key_uses(std::vector<KeyUse>{{"key_1", at(80)}, {"gone", at(1)}}, Call{}));
  ASSERT_TRUE(store_->note_key_uses(std::vector<KeyUse>{{"key_1", at(70)}}, Call{}));
  EXPECT_EQ(store_->api_keys("acc_1", Call{}).value()[0].last_used, at(80));
  EXPECT_EQ(accounts_version(), before);
}

TEST_P(StoreAccounts, TheAuditLogIsNewestFirst) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(store_->put_audit(audit("model.promote", i), Call{}));
  }
  const auto log = store_->audit_log(2, Call{}).value();
  ASSERT_EQ(log.size(), 2u);
  EXPECT_EQ(log[0].when, at(4));
  EXPECT_EQ(log[1].when, at(3));
  EXPECT_EQ(log[0].number, log[1].number + 1);
}

TEST_P(StoreAccounts, LendsRequestsUpToTheDaysLimit) {
  EXPECT_EQ(lease(0, 60).granted, 60);
  reopen();
  const DayLease rest = lease(0, 60);
  EXPECT_EQ(rest.granted, 40);
  EXPECT_EQ(rest.used, 100);
  EXPECT_EQ(lease(0, 60).granted, 0);
  EXPECT_EQ(lease(-30, 0).used, 70);            // given back
  EXPECT_EQ(lease(10, 60).granted, 20);         // ten were made before they were lent
  EXPECT_EQ(lease(5, 60).used, 105);            // what was made counts, whatever the limit
  EXPECT_EQ(lease(0, 60, 20'001).granted, 60);  // another day
  const auto usage = store_->day_usage(20'000, Call{}).value();
  ASSERT_EQ(usage.size(), 1u);
  EXPECT_EQ(usage[0].account_id, "acc_1");
  EXPECT_EQ(usage[0].used, 105);
  EXPECT_EQ(lease(0, 1, 20'040).granted, 1);
  EXPECT_TRUE(store_->day_usage(20'001, Call{}).value().empty());
}

TEST_P(StoreAccounts, LendsNothingTwiceToManyServers) {
  std::atomic<std::int64_t> granted = 0;
  {
    std::vector<std::jthread> servers;
    for (int i = 0; i < 4; ++i) {
      servers.emplace_back([&] {
        const auto store = another();
        for (int n = 0; n < 10; ++n) {
          granted += store->lease_requests("acc_1", 20'000, 0, 7, 100, Call{}).value().granted;
        }
      });
    }
  }
  EXPECT_EQ(granted, 100);
}

}  // namespace
}  // namespace ara::storage
