#pragma once

#include <chrono>

namespace ara::http {

/// Turns SIGTERM and SIGINT into something a thread can wait for. While one exists, a first such
/// signal asks to stop; a second one ends the process at once. One at a time in a process.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();  ///< gives the signals their former meaning back
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  /// Waits for the signal; true once it has come.
  bool wait_for(std::chrono::milliseconds time) const;
};

}  // namespace ara::http
