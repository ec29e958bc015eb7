// What every store promises of webhooks, deliveries and alerts.
#include <algorithm>
#include <set>
#include <thread>

#include "contract/store_contract.h"

namespace ara::storage {
namespace {

class WebhookContract : public StoreContract {
 protected:
  static WallTime at(std::int64_t seconds) {
    return WallTime{std::chrono::seconds{1'000'000 + seconds}};
  }

  static WebhookRow hook(std::string id, std::string account = "ann",
                         std::vector<std::string> events = {"alert_triggered"}) {
    WebhookRow row;
    row.id = std::move(id);
    row.account = std::move(account);
    row.url = "https://example.com/" + row.id;
    row.events = std::move(events);
    row.secret = "sixteen-letters-";
    row.description = "a \"test\", it's";
    row.created = row.updated = at(0);
    return row;
  }

  static EventRow event(std::string id, std::optional<std::string> account = std::nullopt,
                        std::string type = "alert_triggered", std::int64_t seconds = 0) {
    return {std::move(id), std::move(type), "{\"a\":1}", std::move(account), at(seconds)};
  }

  void put(const WebhookRow& row) { ASSERT_TRUE(store_->put_webhook(row, 10, {})); }
  std::uint64_t emit(const EventRow& row, std::size_t backlog = 100) {
    return store_->put_event(row, backlog, {}).value();
  }
  std::vector<LeasedDelivery> lease(std::int64_t now, std::size_t limit = 100) {
    return store_->lease_deliveries(at(now), at(now + 45), limit, {}).value();
  }
  std::vector<DeliveryRow> log(const std::string& id, const std::string& account = "ann") {
    return store_->deliveries(account, id, std::nullopt, {0, 100}, {}).value().rows;
  }
};

TEST_P(WebhookContract, AWebhookComesBackAsItWasPut) {
  WebhookRow row = hook("wh_1", "ann", {"model_trained", "system_error"});
  row.active = false;
  row.created = at(5);
  put(row);
  reopen();
  const WebhookRow found = store_->find_webhook("ann", "wh_1", {}).value().value();
  EXPECT_EQ(found.url, row.url);
  EXPECT_EQ(found.events, row.events);
  EXPECT_EQ(found.secret, row.secret);
  EXPECT_EQ(found.description, row.description);
  EXPECT_FALSE(found.active);
  EXPECT_EQ(found.created, row.created);
  EXPECT_EQ(found.updated, row.updated);
  EXPECT_EQ(found.deliveries + found.successes + found.failures, 0U);
  EXPECT_FALSE(found.last_delivery);
  EXPECT_EQ(found.last_status, "");
}

TEST_P(WebhookContract, AnotherAccountsWebhookDoesNotExist) {
  put(hook("wh_1", "ann"));
  EXPECT_FALSE(store_->find_webhook("bob", "wh_1", {}).value());
  EXPECT_FALSE(store_->delete_webhook("bob", "wh_1", {}).value());
  expect_error(store_->update_webhook(hook("wh_1", "bob"), {}), Code::not_found);
  expect_error(store_->deliveries("bob", "wh_1", std::nullopt, {}, {}), Code::not_found);
  expect_error(store_->put_test_event(event("evt_1", "bob"), "wh_1", 10, {}), Code::not_found);
  EXPECT_EQ(store_->webhooks("bob", false, {}, {}).value().total, 0U);
  EXPECT_TRUE(store_->find_webhook("ann", "wh_1", {}).value());
}

TEST_P(WebhookContract, AnIdIsGivenOnceAndAnAccountHasItsMost) {
  put(hook("wh_1"));
  expect_error(store_->put_webhook(hook("wh_1", "bob"), 10, {}), Code::conflict);
  ASSERT_TRUE(store_->put_webhook(hook("wh_2"), 2, {}));
  expect_error(store_->put_webhook(hook("wh_3"), 2, {}), Code::too_large);
  EXPECT_TRUE(store_->put_webhook(hook("wh_3", "bob"), 2, {}));
}

TEST_P(WebhookContract, ListsAreNewestFirstInWindows) {
  for (int i = 0; i < 5; ++i) {
    WebhookRow row = hook("wh_" + std::to_string(i));
    row.created = at(i);
    row.active = i != 3;
    put(row);
  }
  const auto page = store_->webhooks("ann", false, {1, 2}, {}).value();
  EXPECT_EQ(page.total, 5U);
  ASSERT_EQ(page.rows.size(), 2U);
  EXPECT_EQ(page.rows[0].id, "wh_3");
  EXPECT_EQ(page.rows[1].id, "wh_2");
  EXPECT_EQ(store_->webhooks("ann", true, {}, {}).value().total, 4U);
}

TEST_P(WebhookContract, AnUpdateKeepsTheCounts) {
  put(hook("wh_1"));
  emit(event("evt_1"));
  DeliveryRow row = lease(0).at(0).row;
  row.status = DeliveryStatus::success;
  row.delivered = at(1);
  row.due.reset();
  ASSERT_TRUE(store_->finish_delivery(row, at(1), {}));
  WebhookRow changed = hook("wh_1");
  changed.url = "https://example.org/";
  changed.active = false;
  ASSERT_TRUE(store_->update_webhook(changed, {}));
  const WebhookRow found = store_->find_webhook("ann", "wh_1", {}).value().value();
  EXPECT_EQ(found.url, "https://example.org/");
  EXPECT_FALSE(found.active);
  EXPECT_EQ(found.deliveries, 1U);
  EXPECT_EQ(found.successes, 1U);
  EXPECT_EQ(found.failures, 0U);
  EXPECT_EQ(found.last_delivery, at(1));
  EXPECT_EQ(found.last_status, "success");
}

TEST_P(WebhookContract, AnEventGoesToThoseWhoWantIt) {
  put(hook("wh_1", "ann", {"model_trained", "alert_triggered"}));
  put(hook("wh_2", "ann", {"alert_triggered_not"}));
  put(hook("wh_3", "bob"));
  WebhookRow asleep = hook("wh_4", "ann");
  asleep.active = false;
  put(asleep);
  EXPECT_EQ(emit(event("evt_1", "ann")), 1U);
  EXPECT_EQ(emit(event("evt_2")), 2U);
  EXPECT_EQ(emit(event("evt_3", "ann", "system_error")), 0U);
  EXPECT_EQ(log("wh_1").size(), 2U);
  EXPECT_TRUE(log("wh_2").empty());
  EXPECT_EQ(log("wh_3", "bob").size(), 1U);
  EXPECT_TRUE(store_->wants_event("model_trained", {}).value());
  EXPECT_FALSE(store_->wants_event("system_error", {}).value());
}

TEST_P(WebhookContract, AFullBacklogTakesNoMore) {
  put(hook("wh_1"));
  EXPECT_EQ(emit(event("evt_1"), 2), 1U);
  EXPECT_EQ(emit(event("evt_2"), 2), 1U);
  EXPECT_EQ(emit(event("evt_3"), 2), 0U);
  expect_error(store_->put_test_event(event("evt_4", "ann"), "wh_1", 2, {}), Code::overloaded);
}

TEST_P(WebhookContract, ATestGoesToOneWebhookWhateverItWants) {
  WebhookRow asleep = hook("wh_1", "ann", {"system_error"});
  asleep.active = false;
  put(asleep);
  const DeliveryRow made =
      store_->put_test_event(event("evt_1", "ann", "prediction_complete"), "wh_1", 10, {}).value();
  EXPECT_EQ(made.event, "evt_1");
  EXPECT_EQ(made.webhook, "wh_1");
  EXPECT_EQ(to_string(made.status), "pending");
  EXPECT_EQ(lease(0).at(0).row.id, made.id);
}

TEST_P(WebhookContract, OneDeliveryAtATimeForEachWebhook) {
  put(hook("wh_1", "ann"));
  put(hook("wh_2", "bob"));
  emit(event("evt_1", std::nullopt, "alert_triggered", 0));
  emit(event("evt_2", std::nullopt, "alert_triggered", 1));
  EXPECT_TRUE(lease(-1).empty());
  const auto first = lease(10);
  ASSERT_EQ(first.size(), 2U);
  for (const LeasedDelivery& one : first) {
    EXPECT_EQ(one.row.event, "evt_1");
    EXPECT_EQ(one.row.attempts, 1);
    EXPECT_EQ(one.row.body, "{\"a\":1}");
    EXPECT_EQ(one.url, "https://example.com/" + one.row.webhook);
    EXPECT_EQ(one.secret, "sixteen-letters-");
  }
  EXPECT_TRUE(lease(10).empty());
  // A lease that ended is anyone's again.
  const auto again = lease(60, 1);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].row.attempts, 2);
  DeliveryRow late = first[0].row.id == again[0].row.id ? first[0].row : first[1].row;
  late.status = DeliveryStatus::success;
  expect_error(store_->finish_delivery(late, at(61), {}), Code::conflict);
}

TEST_P(WebhookContract, WhatIsToBeTriedAgainLetsOthersPass) {
  put(hook("wh_1"));
  emit(event("evt_1", std::nullopt, "alert_triggered", 0));
  emit(event("evt_2", std::nullopt, "alert_triggered", 1));
  DeliveryRow row = lease(2).at(0).row;
  row.status = DeliveryStatus::retrying;
  row.response_code = 500;
  row.response_body = "no\nthing";
  row.error = "It answered 500";
  row.due = at(30);
  ASSERT_TRUE(store_->finish_delivery(row, at(3), {}));
  DeliveryRow second = lease(4).at(0).row;
  EXPECT_EQ(second.event, "evt_2");
  second.status = DeliveryStatus::failed;
  second.due.reset();
  ASSERT_TRUE(store_->finish_delivery(second, at(5), {}));
  expect_error(store_->finish_delivery(second, at(5), {}), Code::conflict);
  EXPECT_TRUE(lease(29).empty());
  const auto retried = lease(30);
  ASSERT_EQ(retried.size(), 1U);
  EXPECT_EQ(retried[0].row.event, "evt_1");
  EXPECT_EQ(retried[0].row.attempts, 2);
  EXPECT_EQ(retried[0].row.response_code, 500);
  EXPECT_EQ(retried[0].row.response_body, "no\nthing");
  EXPECT_EQ(retried[0].row.error, "It answered 500");
  const WebhookRow found = store_->find_webhook("ann", "wh_1", {}).value().value();
  EXPECT_EQ(found.deliveries, 1U);
  EXPECT_EQ(found.failures, 1U);
  EXPECT_EQ(found.last_status, "failed");
  const auto failed = store_->deliveries("ann", "wh_1", DeliveryStatus::failed, {}, {}).value();
  ASSERT_EQ(failed.rows.size(), 1U);
  EXPECT_EQ(failed.total, 1U);
  EXPECT_EQ(failed.rows[0].event, "evt_2");
}

TEST_P(WebhookContract, TwoProcessesNeverLeaseOneDeliveryTwice) {
  constexpr int kHooks = 40;
  for (int i = 0; i < kHooks; ++i) {
    ASSERT_TRUE(store_->put_webhook(hook("wh_" + std::to_string(i)), 100, {}));
  }
  EXPECT_EQ(emit(event("evt_1")), std::uint64_t{kHooks});
  const auto other = another();
  std::array<std::vector<std::string>, 2> got;
  const auto take = [&](Store& store, std::vector<std::string>& ids) {
    for (;;) {
      const auto leased = store.lease_deliveries(at(1), at(60), 3, {}).value();
      if (leased.empty()) return;
      for (const LeasedDelivery& one : leased) ids.push_back(one.row.id);
    }
  };
  {
    const std::jthread thread([&] { take(*other, got[1]); });
    take(*store_, got[0]);
  }
  std::set<std::string> all(got[0].begin(), got[0].end());
  all.insert(got[1].begin(), got[1].end());
  EXPECT_EQ(all.size(), std::size_t{kHooks});
  EXPECT_EQ(got[0].size() + got[1].size(), std::size_t{kHooks});
}

TEST_P(WebhookContract, DeletingTakesTheDeliveriesAlong) {
  put(hook("wh_1"));
  emit(event("evt_1"));
  DeliveryRow row = lease(0).at(0).row;
  EXPECT_TRUE(store_->delete_webhook("ann", "wh_1", {}).value());
  EXPECT_FALSE(store_->delete_webhook("ann", "wh_1", {}).value());
  row.status = DeliveryStatus::success;
  expect_error(store_->finish_delivery(row, at(1), {}), Code::conflict);
  EXPECT_TRUE(lease(100).empty());
}

TEST_P(WebhookContract, OnlyWhatHasEndedIsPruned) {
  put(hook("wh_1"));
  emit(event("evt_1", std::nullopt, "alert_triggered", 0));
  emit(event("evt_2", std::nullopt, "alert_triggered", 0));
  DeliveryRow row = lease(0).at(0).row;
  row.status = DeliveryStatus::success;
  row.due.reset();
  ASSERT_TRUE(store_->finish_delivery(row, at(1), {}));
  EXPECT_EQ(store_->prune_deliveries(at(0), {}).value(), 0U);
  EXPECT_EQ(store_->prune_deliveries(at(1), {}).value(), 1U);
  EXPECT_EQ(log("wh_1").size(), 1U);
}

AlertRow alert(std::string account, int number, std::string_view symbol, double threshold) {
  return {std::move(account), number, domain::Symbol::parse(symbol).value(), "price", "above",
          threshold};
}

TEST_P(WebhookContract, AlertsAreReplacedAsAWhole) {
  ASSERT_TRUE(store_->replace_alerts(
      "ann", {alert("ann", 0, "AAPL", 0.1), alert("ann", 1, "MSFT", 2)}, {}));
  ASSERT_TRUE(store_->replace_alerts("bob", {alert("bob", 0, "AAPL", 3)}, {}));
  reopen();
  EXPECT_EQ(store_->alerts_of("ann", {}).value().size(), 2U);
  EXPECT_EQ(store_->alerts_of("ann", {}).value()[0].threshold, 0.1);
  EXPECT_EQ(store_->alerts_on(symbol("AAPL"), {}).value().size(), 2U);
  ASSERT_TRUE(store_->replace_alerts("ann", {}, {}));
  EXPECT_TRUE(store_->alerts_of("ann", {}).value().empty());
  EXPECT_EQ(store_->alerts_on(symbol("AAPL"), {}).value().at(0).account, "bob");
}

TEST_P(WebhookContract, OneCallerSeesAnAlertChange) {
  const AlertRow row = alert("ann", 0, "AAPL", 100);
  ASSERT_TRUE(store_->replace_alerts("ann", {row}, {}));
  EXPECT_TRUE(store_->mark_alert(row, true, {}).value());
  EXPECT_FALSE(store_->mark_alert(row, true, {}).value());
  EXPECT_TRUE(store_->alerts_of("ann", {}).value().at(0).holds);
  EXPECT_TRUE(another()->mark_alert(row, false, {}).value());
  EXPECT_FALSE(store_->mark_alert(alert("ann", 0, "AAPL", 101), true, {}).value());
}

INSTANTIATE_TEST_SUITE_P(Stores, WebhookContract, testing::ValuesIn(store_factories()),
                         [](const auto& store) { return store.param.name; });

}  // namespace
}  // namespace ara::storage
