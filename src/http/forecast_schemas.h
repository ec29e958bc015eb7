#pragma once

#include <vector>

#include "http/openapi.h"

namespace ara::http {

/// A forecast as it is sent, and its parts.
std::vector<Schema> forecast_schemas();

}  // namespace ara::http
