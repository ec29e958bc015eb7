#pragma once

#include "storage/rows.h"

/// What every store looks at before it writes versions of models.
namespace ara::storage {

/// Code::invalid unless the status is one that a new version may have.
Result<void> check_new_version(const ModelVersionRow& row);

/// Code::conflict where `row` has the id of `stored` and other content.
Result<void> check_same_version(const ModelVersionRow& stored, const ModelVersionRow& row);

/// Code::not_found.
std::unexpected<Error> no_model(const std::string& id);

/// Only a candidate becomes champion, and all but what was refused may be retired; else
/// Code::conflict.
Result<void> check_change(const ModelVersionRow& row, ModelStatus to);

}  // namespace ara::storage
