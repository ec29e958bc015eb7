#pragma once

#include <mutex>

namespace ara::cache {

/// A mutex that tries for a while before it sleeps: what it guards takes a fraction of a
/// microsecond, going to sleep and waking several.
class SpinMutex {
 public:
  void lock() {
    for (int i = 0; i < kTries; ++i) {
      if (mutex_.try_lock()) return;
      for (int pause = 0; pause < kPauses; ++pause) relax();
    }
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }

 private:
  static constexpr int kTries = 50;
  static constexpr int kPauses = 4;

  static void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  std::mutex mutex_;
};

}  // namespace ara::cache
