#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "domain/asset.h"
#include "storage/store.h"
#include "telemetry/metrics.h"

namespace ara::live {

struct SettlerOptions {
  std::chrono::milliseconds look{1000};       ///< how often the store is asked for new bars
  std::chrono::milliseconds anyway{60'000};   ///< and looked through without any
  std::chrono::milliseconds show{15'000};     ///< how often the window is read
  std::chrono::milliseconds lease{60'000};    ///< of what is being settled
  std::size_t at_once = 500;                  ///< settled with one write
  std::size_t window = 500;                   ///< newest settled days that are shown, a type
  std::chrono::seconds keep{90 * 24 * 3600};  ///< from when the forecast was made
};

/// Settles forecasts whose days have come, one thread in the background; of all processes of a
/// fleet each takes what no other has leased. Shows, by asset type, what came of the newest: read
/// from the store, so that all processes show the same, and a new one as well.
class Settler {
 public:
  Settler(std::shared_ptr<storage::Store> store, std::shared_ptr<telemetry::Metrics> metrics,
          SettlerOptions options = {}, const Clock& clock = system_clock());
  ~Settler();
  Settler(const Settler&) = delete;
  Settler& operator=(const Settler&) = delete;

 private:
  /// What came of the newest settled days of an asset type.
  struct Window {
    std::size_t days = 0;
    std::array<double, 4> coverage{};  ///< shares, by evaluation::kCoverages
    double crps_ratio = 0;             ///< NaN where the walk was never wrong
    double absolute_error = 0;
  };
  struct Shown {
    mutable std::mutex mutex;
    std::vector<Window> by_type;  ///< by AssetType
  };

  void run();
  Result<void> look();
  /// False once nothing was left to be settled.
  Result<bool> settle_some();
  Result<void> read_windows();
  Result<void> prune();
  void show(const domain::AssetRow& asset);
  void note(const Result<void>& done);

  const std::shared_ptr<storage::Store> store_;
  const std::shared_ptr<telemetry::Metrics> metrics_;
  const SettlerOptions options_;
  const Clock& clock_;
  std::vector<telemetry::Metrics::Counter> settled_;  ///< by AssetType
  const std::shared_ptr<Shown> shown_ = std::make_shared<Shown>();

  // Of the thread alone.
  storage::HeadsMark mark_;  ///< up to which all is settled
  SteadyTime looked_{};
  SteadyTime read_{};
  SteadyTime pruned_{};
  bool ailing_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace ara::live
