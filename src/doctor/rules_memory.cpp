// What is found about memory.
#include <algorithm>
#include <array>
#include <cmath>

#include "doctor/finding.h"
#include "doctor/words.h"

namespace ara::doctor {
namespace {

constexpr double kLeak = 4.0 * 1024 * 1024;  ///< bytes in the whole window, whatever its length
/// Seconds in which a process takes what it goes on with: no growth of them tells anything.
constexpr double kWarmUp = 30;
constexpr double kLeastPart = 0.15;  ///< of the growth, in each third of the window
/// What an entry of a cache costs around it: fragments, and copies on their way in.
constexpr double kAround = 1.5;
constexpr double kDescriptorShare = 0.8;

/// Memory that no cache has, at a moment between the points.
double unexplained(const MemoryPoint& point) {
  return point.resident - kAround * point.caches;
}

const MemoryPoint& nearest(const std::vector<MemoryPoint>& points, double at) {
  return *std::ranges::min_element(
      points, {}, [at](const MemoryPoint& point) { return std::abs(point.at - at); });
}

}  // namespace

Notes growing_memory(const Facts& facts) {
  Notes notes;
  for (const NodeLook& node : facts.nodes) {
    if (!node.reachable() || node.memory.size() < 4 || node.age.value_or(kWarmUp) < kWarmUp) {
      continue;
    }
    const double end = node.memory.back().at;
    std::array<double, 4> levels{};
    for (std::size_t i = 0; i < levels.size(); ++i) {
      levels[i] = unexplained(nearest(node.memory, end * static_cast<double>(i) / 3));
    }
    const double grown = levels[3] - levels[0];
    if (grown < kLeak) continue;
    const bool steady = std::ranges::all_of(std::array{0, 1, 2}, [&](int third) {
      const auto i = static_cast<std::size_t>(third);
      return levels[i + 1] - levels[i] >= kLeastPart * grown;
    });
    if (!steady) continue;
    notes.push_back(
        {Severity::warning, node.url,
         ara::format("resident memory grew by {} in {:.0f} s ({}/min), in each third of that time, "
                     "to {}; the caches account for {} of it",
                     size(node.memory.back().resident - node.memory.front().resident), end,
                     size(60 * grown / end), size(node.memory.back().resident),
                     size(std::max(0.0, node.memory.back().caches - node.memory.front().caches))),
         "Look again under the same load with --seconds 600: growth that goes on is a leak; report "
         "it, and restart the node until it is mended."});
  }
  return notes;
}

Notes many_descriptors(const Facts& facts) {
  Notes notes;
  for (const NodeLook& node : facts.nodes) {
    if (!node.reachable()) continue;
    const auto open = node.window.now("process_open_fds");
    const auto most = node.window.now("process_max_fds");
    if (!open || !most || *open <= kDescriptorShare * *most) continue;
    notes.push_back(
        {Severity::error, node.url,
         ara::format("{:.0f} of {:.0f} file descriptors are open, {:.0f} of them by "
                     "streams",
                     *open, *most, node.window.now("ara_stream_connections").value_or(0)),
         "Raise LimitNOFILE (ulimit -n) of the server."});
  }
  return notes;
}

}  // namespace ara::doctor
