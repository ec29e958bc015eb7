#pragma once

#include <optional>
#include <string>
#include <vector>

#include "doctor/facts.h"

/// What the measured load asks for: whether to scale, and how large things should be.
namespace ara::doctor {

// The guide's thresholds, and what is aimed at.
inline constexpr double kBusyShare = 0.7;   ///< of processors, and of requests that can be done
inline constexpr double kFullShare = 0.8;   ///< of memory and of a server's connections
inline constexpr double kAimedShare = 0.6;  ///< of processors, after servers were added

/// One of the guide's five triggers.
struct Trigger {
  std::string name;
  std::optional<double> value;  ///< the worst of all nodes or servers; nothing where not known
  double threshold = 0;
  std::string unit;  ///< "ratio", "seconds", "per minute"

  bool met() const { return value && *value > threshold; }
};
std::vector<Trigger> triggers_of(const Facts& facts);

struct Verdict {
  std::string direction;  ///< "none", "out", "in", "up", "database"
  std::string why;
};
Verdict verdict_of(const Facts& facts);

/// Servers with which the processors would be at kAimedShare; at least one.
int servers_for(const Facts& facts);

struct Setting {
  std::string name;
  std::string value;
  std::string now;  ///< of the settings this command was given; empty for what is no setting of ARA
  std::string why;
};
struct RightSize {
  std::string why_not;            ///< too little was measured; then there are no settings
  std::vector<Setting> settings;  ///< of every node
  /// CPU and memory to ask for and to be limited to, as Kubernetes writes them.
  std::vector<Setting> resources;
};
RightSize right_size(const Facts& facts);

/// CACHE_SIZE_MB that holds what was asked for within the ttl; nothing where that is not known.
std::optional<std::uint64_t> cache_megabytes(const Facts& facts);
/// POSTGRES_CONNECTIONS, of the whole fleet.
std::uint32_t connections_for(const Facts& facts);

}  // namespace ara::doctor
