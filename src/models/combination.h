#pragma once

#include <string_view>

#include "models/fits.h"

namespace ara::models {

/// A combination of those of the named rows that have bars enough, and trees where they need them;
/// at least one must. See
/// combination.cpp.
Fitted combine(const ModelRow& row, const Sample& sample, const Setting& setting,
               std::span<const std::string_view> names);

}  // namespace ara::models
