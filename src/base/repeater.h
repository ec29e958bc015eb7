#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace ara {

/// Does a thing on a thread of its own, at once and then again and again with a pause between. A
/// member of this type comes last: what is done may use all the others.
class Repeater {
 public:
  Repeater(std::chrono::milliseconds pause, std::function<void()> thing);
  /// Waits for what is being done.
  ~Repeater();
  Repeater(const Repeater&) = delete;
  Repeater& operator=(const Repeater&) = delete;

  /// It is done no more; does not wait.
  void stop();

 private:
  void run();

  const std::chrono::milliseconds pause_;
  const std::function<void()> thing_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ara
