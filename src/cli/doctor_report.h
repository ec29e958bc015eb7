#pragma once

#include <span>
#include <string>

#include "cli/output.h"
#include "doctor/finding.h"

namespace ara::cli {

/// The exit status of `ara doctor` where something was found: none of base/error.cpp.
inline constexpr int kFindingsStatus = 1;

/// What `ara doctor` prints.
std::string doctor_text(const doctor::Facts& facts, std::span<const doctor::Finding> findings,
                        const Look& look);
std::string doctor_json(const doctor::Facts& facts, std::span<const doctor::Finding> findings);

}  // namespace ara::cli
