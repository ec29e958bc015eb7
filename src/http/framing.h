#pragma once

#include <string_view>

namespace ara::http {

/// What is wrong with one header line, in words for "the header …"; empty where nothing is. Only
/// such faults are looked for by which two readers could see another line, or another length of the
/// request, than each other (RFC 9112, sections 5.1, 5.5 and 11.2). `name` in lower case.
std::string_view header_fault(std::string_view name, std::string_view value);

}  // namespace ara::http
