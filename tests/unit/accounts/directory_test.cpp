// Accounts against a real store: who is let in, who no longer, what is counted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "accounts/accounts.h"
#include "storage/store.h"
#include "support/manual_clock.h"
#include "support/temporary_folder.h"

namespace ara::accounts {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr std::string_view kPassword = "four plain words do";
constexpr std::string_view kTiers = "tiny=3/5/1/1/1,large=100000/1000/1/1/1";

class AccountsOfAServer : public testing::Test {
 protected:
  AccountsOfAServer() : store_(storage::open(folder_.file("ara.db")).value()) {}

  Options options() const {
    Options made;
    made.secret = std::string(32, 's');
    made.directory.tiers = Tiers::parse(kTiers).value();
    return made;
  }
  void start(const Clock& clock = system_clock(),
             milliseconds refresh = DirectoryOptions{}.refresh) {
    accounts_.reset();
    Options made = options();
    made.directory.refresh = refresh;
    accounts_ = Accounts::start(store_, std::move(made), clock).value();
  }
  storage::AccountRow make(const std::string& name, std::string role = "user",
                           std::string tier = "large") {
    auto row = accounts_->office().create(
        {name + "@example.com", "", std::string(kPassword), std::move(role), std::move(tier)},
        "test", Call{});
    EXPECT_TRUE(accounts_->renew(Call{}));
    return row.value();
  }
  IssuedKey key_of(const storage::AccountRow& row, std::optional<int> days = {}) {
    auto key = accounts_->office().create_key(row.id, "laptop", days, row.id, Call{});
    EXPECT_TRUE(accounts_->renew(Call{}));
    return key.value();
  }
  Result<Principal> by_key(const std::string& key, const Clock& clock = system_clock()) {
    return accounts_->authenticator().key(key, clock.steady());
  }
  Result<Principal> by_token(const std::string& token, const Clock& clock = system_clock()) {
    return accounts_->authenticator().token(token, clock.steady());
  }
  Login log_in(const std::string& email) {
    return accounts_->log_in(email, kPassword, "127.0.0.1", Call{}).value();
  }
  /// Waits for what the background thread must do, at most a second.
  template <class Holds>
  static bool within_a_second(Holds holds) {
    for (int i = 0; i < 200; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(milliseconds(5));
    }
    return false;
  }

  support::TemporaryFolder folder_;
  std::shared_ptr<storage::Store> store_;
  std::unique_ptr<Accounts> accounts_;
};

void expect_unauthorized(const Result<Principal>& result) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::unauthorized) << result.error().message;
}

TEST_F(AccountsOfAServer, LetsInByTokenAndByKey) {
  start();
  const auto ada = make("ada", "admin");
  const Login login = log_in("ADA@example.com");
  EXPECT_EQ(login.account.id, ada.id);
  EXPECT_EQ(login.expires_in, std::chrono::hours(24));
  for (int i = 0; i < 2; ++i) {  // proved, then remembered
    const auto who = by_token(login.token);
    ASSERT_TRUE(who) << who.error().message;
    EXPECT_EQ(who->id(), ada.id);
    EXPECT_EQ(who->role(), Role::admin);
    EXPECT_EQ(who->tier().name, "large");
  }
  const IssuedKey key = key_of(ada);
  EXPECT_TRUE(has_key_shape(key.key));
  EXPECT_EQ(key.row.prefix, key.key.substr(0, 12));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(by_key(key.key)->id(), ada.id);
  expect_unauthorized(by_key(key.key.substr(0, 67) + (key.key.back() == '0' ? '1' : '0')));
  expect_unauthorized(by_key("ara_short"));
  expect_unauthorized(by_key(""));
  expect_unauthorized(by_token(key.key));
  expect_unauthorized(by_key(login.token));
}

TEST_F(AccountsOfAServer, APasswordIsRightOrNot) {
  start();
  make("ada");
  for (const auto& [email, password] : {std::pair{"ada@example.com", "four plain words do not"},
                                        {"bob@example.com", "whatever 12"},
                                        {"", ""},
                                        {"ada@example.com", ""}}) {
    const auto login = accounts_->log_in(email, password, "127.0.0.1", Call{});
    ASSERT_FALSE(login);
    EXPECT_EQ(login.error().code, Code::unauthorized);
    EXPECT_THAT(login.error().message, HasSubstr("email and password"));
  }
}

TEST_F(AccountsOfAServer, GuessingIsSlowedDown) {
  start();
  for (std::size_t i = 0; i < Accounts::kAttemptsOfEmail; ++i) {
    EXPECT_EQ(accounts_->log_in("ada@example.com", "x", "127.0.0.1", Call{}).error().code,
              Code::unauthorized);
  }
  const auto refused = accounts_->log_in("Ada@example.com", "x", "127.0.0.2", Call{});
  EXPECT_EQ(refused.error().code, Code::rate_limited);
  EXPECT_THAT(refused.error().value, testing::AnyOf("59", "60"));
}

TEST_F(AccountsOfAServer, WhatAnotherProcessEndsIsRefusedWithinASecond) {
  start();
  const auto ada = make("ada");
  const IssuedKey key = key_of(ada);
  const IssuedKey kept = key_of(ada);
  const Login login = log_in("ada@example.com");
  ASSERT_TRUE(by_key(key.key));
  ASSERT_TRUE(by_token(login.token));
  // Another connection to the file stands for another process.
  Office elsewhere(std::shared_ptr<storage::Store>(storage::open(folder_.file("ara.db")).value()),
                   options().directory.tiers, system_clock());
  ASSERT_TRUE(elsewhere.revoke_key(ada.id, key.row.id, "test", Call{}));
  EXPECT_TRUE(within_a_second([&] { return !by_key(key.key); }));
  EXPECT_TRUE(by_key(kept.key));
  ASSERT_TRUE(elsewhere.set_role(ada.id, "readonly", "test", Call{}));
  EXPECT_TRUE(within_a_second([&] { return by_token(login.token)->role() == Role::readonly; }));
  ASSERT_TRUE(elsewhere.set_active(ada.id, false, "test", Call{}));
  EXPECT_TRUE(within_a_second([&] { return !by_token(login.token) && !by_key(kept.key); }));
  // Enabled again, keys work; tokens have ended for good.
  ASSERT_TRUE(elsewhere.set_active(ada.id, true, "test", Call{}));
  EXPECT_TRUE(within_a_second([&] { return by_key(kept.key).has_value(); }));
  expect_unauthorized(by_token(login.token));
}

TEST_F(AccountsOfAServer, ANewPasswordEndsTokens) {
  start();
  const auto ada = make("ada");
  const Login login = log_in("ada@example.com");
  ASSERT_TRUE(accounts_->office().reset_password(ada.id, "four other words now", "test", Call{}));
  ASSERT_TRUE(accounts_->renew(Call{}));
  expect_unauthorized(by_token(login.token));
  EXPECT_FALSE(accounts_->log_in("ada@example.com", kPassword, "::1", Call{}));
  EXPECT_TRUE(accounts_->log_in("ada@example.com", "four other words now", "::1", Call{}));
}

TEST_F(AccountsOfAServer, KeysAreRotatedAndExpire) {
  support::ManualClock clock;
  start(clock);
  const auto ada = make("ada");
  const IssuedKey first = key_of(ada, 1);
  ASSERT_TRUE(by_key(first.key, clock));
  const auto second = accounts_->office().rotate_key(ada.id, first.row.id, ada.id, Call{});
  ASSERT_TRUE(second);
  ASSERT_TRUE(accounts_->renew(Call{}));
  expect_unauthorized(by_key(first.key, clock));
  EXPECT_TRUE(by_key(second->key, clock));
  clock.advance(std::chrono::hours(24));
  ASSERT_TRUE(accounts_->renew(Call{}));
  const auto late = by_key(second->key, clock);
  expect_unauthorized(late);
  EXPECT_THAT(late.error().message, HasSubstr("expired"));
}

TEST_F(AccountsOfAServer, NothingOlderThanASecondIsTrusted) {
  support::ManualClock clock;
  start(clock, std::chrono::hours(1));  // it does not look again by itself
  const IssuedKey key = key_of(make("ada"));
  clock.advance(milliseconds(1000));
  ASSERT_TRUE(by_key(key.key, clock));
  clock.advance(milliseconds(1));
  const auto late = by_key(key.key, clock);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::unavailable);
  ASSERT_TRUE(accounts_->renew(Call{}));
  EXPECT_TRUE(by_key(key.key, clock));
}

TEST_F(AccountsOfAServer, NotesTheUseOfKeysAndWhoChangedWhat) {
  start();
  const auto ada = make("ada");
  const IssuedKey key = key_of(ada);
  EXPECT_FALSE(accounts_->office().keys(ada.id, Call{}).value()[0].last_used);
  ASSERT_TRUE(by_key(key.key));
  EXPECT_TRUE(within_a_second(
      [&] { return accounts_->office().keys(ada.id, Call{}).value()[0].last_used.has_value(); }));
  const auto log = accounts_->office().audit(10, Call{}).value();
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0].action, "key.create");
  EXPECT_EQ(log[0].actor, ada.id);
  EXPECT_EQ(log[0].target, key.row.id);
  EXPECT_EQ(log[1].action, "account.create");
  for (const auto& entry : log) EXPECT_EQ(entry.detail.find("ara_"), std::string::npos);
}

TEST_F(AccountsOfAServer, AnothersKeysAreNotFound) {
  start();
  const auto ada = make("ada");
  const auto bob = make("bob");
  const IssuedKey key = key_of(ada);
  Office& office = accounts_->office();
  EXPECT_TRUE(office.keys(bob.id, Call{})->empty());
  EXPECT_EQ(office.revoke_key(bob.id, key.row.id, bob.id, Call{}).error().code, Code::not_found);
  EXPECT_EQ(office.rotate_key(bob.id, key.row.id, bob.id, Call{}).error().code, Code::not_found);
  EXPECT_EQ(office.remove_key(bob.id, key.row.id, bob.id, Call{}).error().code, Code::not_found);
  EXPECT_FALSE(office.keys("", Call{}));
  EXPECT_TRUE(by_key(key.key));
}

TEST_F(AccountsOfAServer, TheDaysLimitSurvivesARestart) {
  start();
  make("ada", "user", "large");
  const auto passed = [&](const Principal& who, int asked) {
    int admitted = 0;
    for (int i = 0; i < asked; ++i) {
      admitted += accounts_->admit(who, system_clock().steady())->admitted() ? 1 : 0;
    }
    return admitted;
  };
  const Login login = log_in("ada@example.com");
  EXPECT_EQ(passed(by_token(login.token).value(), 400), 400);
  start();  // gives back what it was lent and did not use
  EXPECT_EQ(passed(by_token(login.token).value(), 500), 500);
  start();
  EXPECT_EQ(passed(by_token(login.token).value(), 400), 100);
  const auto refused = accounts_->admit(by_token(login.token).value(), system_clock().steady());
  EXPECT_EQ(refused->spent, Admission::Spent::day);
  start();
  EXPECT_EQ(passed(by_token(login.token).value(), 400), 0);
}

TEST_F(AccountsOfAServer, TheMinuteSurvivesAChangeOfTier) {
  start();
  const auto ada = make("ada", "user", "tiny");
  const Login login = log_in("ada@example.com");
  const auto admit = [&] {
    return accounts_->admit(by_token(login.token).value(), system_clock().steady())->admitted();
  };
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(admit());
  EXPECT_FALSE(admit());
  ASSERT_TRUE(accounts_->office().set_role(ada.id, "admin", "test", Call{}));
  ASSERT_TRUE(accounts_->renew(Call{}));
  EXPECT_FALSE(admit());
}

TEST_F(AccountsOfAServer, ThreadsAskWhileAccountsChange) {
  start();
  const auto ada = make("ada");
  const IssuedKey kept = key_of(ada);
  const IssuedKey turned = key_of(ada);
  const Login login = log_in("ada@example.com");
  std::atomic<bool> over = false;
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> asking;
    for (int i = 0; i < 4; ++i) {
      asking.emplace_back([&] {
        while (!over) {
          const auto who = by_key(kept.key);
          refused += who && by_token(login.token) ? 0 : 1;
          if (who) (void)accounts_->admit(*who, system_clock().steady());
          (void)by_key(turned.key);
        }
      });
    }
    for (int i = 0; i < 10; ++i) {
      EXPECT_TRUE(accounts_->office().rotate_key(ada.id, turned.row.id, ada.id, Call{}));
      EXPECT_TRUE(accounts_->renew(Call{}));
    }
    over = true;
  }
  EXPECT_EQ(refused, 0);
}

}  // namespace
}  // namespace ara::accounts
