#pragma once

#include <memory>
#include <string_view>

#include "storage/store.h"

namespace ara::storage {

/// The same store, each call a span of the trace that the calling thread works for. `system` is its
/// name in OpenTelemetry's conventions, a literal.
std::unique_ptr<Store> traced(std::unique_ptr<Store> store, std::string_view system);

/// Which server answers the call under way: "embedded", "primary" or "replica". For the span of the
/// call; the last one counts, as one that failed may be followed by another.
void note_role(std::string_view role);

}  // namespace ara::storage
