#pragma once

#include <chrono>

namespace ara::storage {

/// How long to wait for a lock, a connection or an answer when the caller gave no deadline.
inline constexpr std::chrono::seconds kPatience{60};

}  // namespace ara::storage
