#pragma once

#include <optional>
#include <string_view>

namespace ara::config {

enum class Elsewhere {
  unused,  ///< a setting of the original or of a fleet, without effect in this version
  tls,     ///< asks for TLS, which the proxy in front gives
};

/// What a name means that is no setting here but known from ARA's elders or its kin; nothing for
/// all other names.
std::optional<Elsewhere> known_elsewhere(std::string_view name);

}  // namespace ara::config
