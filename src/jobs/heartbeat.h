#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "storage/jobs.h"

namespace ara::jobs {

/// How long leases last, and how often they are renewed.
struct Pulse {
  std::chrono::milliseconds lease{5000};
  std::chrono::milliseconds beat{1000};
  std::chrono::milliseconds least{200};  ///< between two writes, however fast progress comes
};

/// Keeps one lease of a job alive from a thread of its own, and writes the progress it is told.
class Heartbeat {
 public:
  Heartbeat(storage::JobStore& store, const storage::JobRow& leased, Pulse pulse,
            const Clock& clock);
  ~Heartbeat() { stop(); }
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  /// Kept within 0 to 1 and 200 bytes; what is not finite is left out. Thread-safe.
  void progress(double fraction, std::string_view message);

  /// Whether the job is another's by now, or nobody's. Thread-safe.
  bool lost() const { return lost_; }
  /// Until when the lease lasts if nothing more is written.
  SteadyTime until() const { return until_.load(); }

  /// No more is written once this returns.
  void stop();

 private:
  void run();
  void touch(double fraction, std::string message);

  storage::JobStore& store_;
  const storage::JobTicket ticket_;
  const Pulse pulse_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool told_ = false;  ///< there is progress that was not written yet
  double fraction_;
  std::string message_;
  std::atomic<bool> lost_ = false;
  std::atomic<SteadyTime> until_;
  std::thread thread_;
};

}  // namespace ara::jobs
