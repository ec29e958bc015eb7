#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "live/outlook.h"
#include "serve/forecast_service.h"
#include "storage/store.h"
#include "streams/hub.h"
#include "webhooks/outbox.h"

namespace ara::live {

struct FeedOptions {
  std::chrono::milliseconds look{250};         ///< how often the store is asked for others' bars
  std::size_t computing = 4;                   ///< forecasts made at a time
  std::size_t errands = 1000;                  ///< of clients, that may wait
  std::chrono::milliseconds patience{30'000};  ///< for one forecast
};

/// Brings what a new bar changes to who listens: the bar, its forecast, alerts that come true; and
/// does what listeners ask for. It sees bars whoever wrote them, by the store's heads; a process's
/// own at once, when bars_changed() is called. For each symbol that somebody cares about one
/// forecast is made, a bounded number of them at a time, in the slow lane of the service.
class Feed final : public streams::Listener {
 public:
  Feed(std::shared_ptr<storage::Store> store, std::shared_ptr<serve::ForecastService> service,
       std::shared_ptr<streams::Hub> hub, std::shared_ptr<webhooks::Outbox> outbox,
       FeedOptions options = {}, const Clock& clock = system_clock());
  ~Feed() override;
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  /// Bars have been written; does not wait.
  void bars_changed();
  bool knows(const domain::Symbol& symbol) const;

  void on_connected(const streams::Client& client) override;
  void on_message(const streams::Client& client, streams::ClientMessage message) override;

 private:
  using Errand = std::move_only_function<void()>;

  /// What other threads leave for the feed's; outlives it where a forecast is still being made.
  struct Inbox {
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<Errand> errands;
    bool hurried = false;
    bool stopping = false;
  };

  void run();
  void look();
  void on_bars(const storage::SymbolRow& row, bool all_wanted);
  void publish_bar(const domain::Symbol& symbol);
  void launch();
  void landed(const domain::Symbol& symbol, Result<serve::Ready> ready);
  std::optional<domain::Revision> newest_known(const domain::Symbol& symbol) const;
  bool older_than_known(const domain::Symbol& symbol, const std::string& revision) const;
  void check_alerts(const domain::Symbol& symbol, const Outlook& outlook);
  void answer_prediction(const streams::Client& client, const domain::Symbol& symbol, int days);
  void configure(const streams::Client& client, std::vector<streams::AlertRule> rules);
  void refuse(const streams::Client& client, const Error& error);
  void complain(std::string_view what, const Error& error);

  const std::shared_ptr<storage::Store> store_;
  const std::shared_ptr<serve::ForecastService> service_;
  const std::shared_ptr<streams::Hub> hub_;
  const std::shared_ptr<webhooks::Outbox> outbox_;
  const FeedOptions options_;
  const Clock& clock_;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();

  mutable std::mutex known_mutex_;
  std::unordered_map<domain::Symbol, domain::Revision> known_;

  // Of the feed's thread alone.
  bool began_ = false;
  storage::HeadsMark mark_;
  std::deque<domain::Symbol> wanted_;  ///< forecasts to be made, each symbol once
  std::unordered_set<domain::Symbol> waiting_;
  std::size_t computing_ = 0;
  bool ailing_ = false;

  std::thread thread_;
};

}  // namespace ara::live
