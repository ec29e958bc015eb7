#pragma once

#include <cstddef>

namespace ara::models {

/// The longer period of a series whose season is a day, the week; 0 where the season is no day that
/// one knows of (24, 48, 96 … bars, at most one in five minutes) or `size` bars hold fewer than
/// `least` weeks.
inline int week_of(int season, std::size_t size, double least) {
  constexpr int kMost = 288;
  if (season <= 0 || season > kMost || season % 24 != 0) return 0;
  return static_cast<double>(size) >= least * 7 * season ? 7 * season : 0;
}

}  // namespace ara::models
