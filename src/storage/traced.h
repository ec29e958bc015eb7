#pragma once

#include <memory>
#include <string_view>

#include "storage/store.h"

namespace ara::storage {

/// The same store, each call a span of the trace that the calling thread works for. `system` is its
/// name in OpenTelemetry's conventions, a literal. Which role the server has that answers, the
/// pools of connections note (DbTimer).
std::unique_ptr<Store> traced(std::unique_ptr<Store> store, std::string_view system);

}  // namespace ara::storage
