#pragma once

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace ara::cli {

/// Calls work(i) once for each i below `count`, on up to `threads` threads; `work` writes to a
/// place of its own for each i, so results do not depend on the number of threads. It must not
/// throw.
template <class Work>
void for_each_index(std::size_t count, std::size_t threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> others;
  for (std::size_t k = 1; k < threads && k < count; ++k) others.emplace_back(run);
  run();
}

}  // namespace ara::cli
