#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/routes.h"

namespace ara::http {

/// A named JSON Schema (2020-12) of something that is sent or taken.
struct Schema {
  std::string_view name;
  std::string_view json;
};

/// Those of all resources, and Problem. Tests hold real answers against them.
std::span<const Schema> schemas();

/// The OpenAPI 3.1 document of the routes that a server with these features has.
std::string make_openapi(const Features& features, std::string_view version);

}  // namespace ara::http
