#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace ara::cache {

/// Short messages between the nodes of a fleet. A message that is sent is heard soon by whoever
/// listens then, its sender too; it may be lost, and it may be heard twice.
class Channel {
 public:
  virtual ~Channel() = default;

  /// Blocks. An error means that nobody, or not everybody, heard it.
  virtual Result<void> send(std::string_view message, const Call& call) = 0;

  /// Called from a thread of the channel, which waits for it; to be set once.
  using Listener = std::function<void(std::string_view message)>;
  virtual void listen(Listener listener) = 0;
  /// The listener is not called any more once this has returned.
  virtual void stop() = 0;
};

}  // namespace ara::cache
