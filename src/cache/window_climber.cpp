#include "cache/window_climber.h"

#include <algorithm>
#include <cmath>

namespace ara::cache {
namespace {

constexpr double kFirstStep = 0.0625;
constexpr double kDecay = 0.95;
/// A change of the hit rate that tells that the requests have changed: search afresh.
constexpr double kRestart = 0.05;
/// Hit rate that each unit of share has to earn: among steady keys a sample's noise outweighs what
/// a wider window loses, and the search would drift (0.3: each step has to gain 2 points).
constexpr double kPrice = 0.3;
/// Requests between two looks: so many, and so many times the entries held.
constexpr std::uint64_t kLeastSample = 5000;
constexpr std::uint64_t kSamplesEach = 10;

}  // namespace

bool WindowClimber::observe(std::uint64_t hits, std::uint64_t misses, std::uint64_t entries) {
  const std::uint64_t sample = hits + misses - requests_;
  if (sample < std::max(kLeastSample, kSamplesEach * entries)) return false;
  const double rate = static_cast<double>(hits - hits_) / static_cast<double>(sample);
  const double change = rate - last_rate_;
  const double gain = change - kPrice * (share_ - last_share_);
  hits_ = hits;
  requests_ = hits + misses;
  last_rate_ = rate;
  last_share_ = share_;
  if (step_ == 0) {
    step_ = kFirstStep;
  } else {
    const double direction = std::copysign(1.0, gain >= 0 ? step_ : -step_);
    step_ = direction * (std::abs(change) >= kRestart ? kFirstStep : std::abs(step_) * kDecay);
  }
  share_ = std::clamp(share_ + step_, kLeast, kMost);
  return share_ != last_share_;
}

}  // namespace ara::cache
