#include "storage/models_check.h"

#include <algorithm>
#include <array>

#include "base/find_named.h"
#include "base/format.h"

namespace ara::storage {
namespace {

struct StatusRow {
  ModelStatus status;
  std::string_view name;
};

constexpr std::array kStatuses{
    StatusRow{ModelStatus::candidate, "candidate"},
    StatusRow{ModelStatus::champion, "champion"},
    StatusRow{ModelStatus::retired, "retired"},
    StatusRow{ModelStatus::refused, "refused"},
};

}  // namespace

std::string_view to_string(ModelStatus status) {
  return std::ranges::find(kStatuses, status, &StatusRow::status)->name;
}

Result<ModelStatus> parse_model_status(std::string_view name) {
  const auto row = find_named(kStatuses, "status", name);
  if (!row) return std::unexpected(row.error());
  return (*row)->status;
}

Result<void> check_new_version(const ModelVersionRow& row) {
  if (row.status == ModelStatus::candidate || row.status == ModelStatus::refused) return {};
  return invalid("status", to_string(row.status), "candidate or refused, as a new version is");
}

Result<void> check_same_version(const ModelVersionRow& stored, const ModelVersionRow& row) {
  if (stored.model == row.model && stored.asset_type == row.asset_type && stored.band == row.band &&
      stored.document == row.document) {
    return {};
  }
  return fail(Code::conflict, "a model '" + printable(row.id) +
                                  "' with other content is stored already; versions do not change");
}

std::unexpected<Error> no_model(const std::string& id) {
  return fail(Code::not_found, "There is no model '" + printable(id) + "'");
}

Result<void> check_change(const ModelVersionRow& row, ModelStatus to) {
  const bool promoted = to == ModelStatus::champion;
  if (promoted ? row.status == ModelStatus::candidate : row.status != ModelStatus::refused) {
    return {};
  }
  return fail(Code::conflict, ara::format("{} is {}{}{} and cannot be {}", row.id,
                                          to_string(row.status), row.reason.empty() ? "" : ": ",
                                          row.reason, promoted ? "promoted" : "retired"));
}

}  // namespace ara::storage
