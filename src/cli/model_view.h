#pragma once

#include <string>

#include "cli/json.h"
#include "registry/version.h"

/// Versions of models as `ara models` and `ara train` show them.
namespace ara::cli {

/// All there is to know of a version.
yyjson_mut_val* to_json(Json& json, const registry::Version& version);

/// A table of versions, one a line, in their order.
std::string version_table(std::span<const registry::Version> versions, bool colour);

/// One version on a page: what it is, how it scored, what the gate asked.
std::string version_page(const registry::Version& version, bool colour);

}  // namespace ara::cli
