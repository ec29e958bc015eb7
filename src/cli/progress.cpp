#include "cli/progress.h"

#include <unistd.h>

#include <cstdio>

#include "base/format.h"

namespace ara::cli {

Progress::Progress(std::size_t total, std::string_view unit)
    : total_(total), unit_(unit), shown_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (shown_ && done_ > 0) std::fputs("\r\x1b[K", stderr);
}

void Progress::advance(std::string_view note) {
  const std::scoped_lock lock(mutex_);
  ++done_;
  if (!shown_) return;
  constexpr std::size_t kWidth = 30;
  const std::size_t filled = kWidth * done_ / total_;
  const std::string line =
      ara::format("\r[{:<{}}] {}/{} {}{}{}\x1b[K", std::string(filled, '#'), kWidth, done_, total_,
                  unit_, note.empty() ? "" : ", ", note);
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace ara::cli
