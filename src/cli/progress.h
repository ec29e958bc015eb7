#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

namespace ara::cli {

/// How far a long command is: a bar on standard error where that is a terminal, nothing elsewhere.
/// Any thread may advance it; it is gone when this object is.
class Progress {
 public:
  Progress(std::size_t total, std::string_view unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// One more is done; `note` is shown behind the count.
  void advance(std::string_view note = {});

 private:
  std::size_t total_;
  std::string unit_;
  bool shown_;
  std::mutex mutex_;
  std::size_t done_ = 0;
};

}  // namespace ara::cli
