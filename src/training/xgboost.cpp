#include "training/xgboost.h"

#include <dlfcn.h>
#include <xgboost/c_api.h>

#include <cmath>
#include <limits>

#include "base/format.h"

namespace ara::training {
namespace {

constexpr const char* kLibrary = "libxgboost.so.0";

/// The functions of the C API that are used here.
struct Api {
  decltype(&XGBGetLastError) last_error = nullptr;
  decltype(&XGDMatrixCreateFromMat_omp) make_matrix = nullptr;
  decltype(&XGDMatrixSetFloatInfo) set_floats = nullptr;
  decltype(&XGDMatrixFree) free_matrix = nullptr;
  decltype(&XGBoosterCreate) make_booster = nullptr;
  decltype(&XGBoosterFree) free_booster = nullptr;
  decltype(&XGBoosterSetParam) set_parameter = nullptr;
  decltype(&XGBoosterSetAttr) set_attribute = nullptr;
  decltype(&XGBoosterUpdateOneIter) update = nullptr;
  decltype(&XGBoosterSaveModelToBuffer) save = nullptr;
  decltype(&XGBoosterLoadModelFromBuffer) load = nullptr;
  decltype(&XGBoosterPredictFromDMatrix) predict = nullptr;
  decltype(&XGBoosterPredictFromDense) predict_in_place = nullptr;
};

/// Stays open until the process ends.
Result<Api> open_library() {
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(Code::unavailable,
                ara::format("training needs XGBoost 2 or 3, which could not be loaded ({}); Debian "
                            "has it in the package libxgboost0",
                            dlerror()));
  }
  Api api;
  std::string missing;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    if (function == nullptr) missing = name;
  };
  find(api.last_error, "XGBGetLastError");
  find(api.make_matrix, "XGDMatrixCreateFromMat_omp");
  find(api.set_floats, "XGDMatrixSetFloatInfo");
  find(api.free_matrix, "XGDMatrixFree");
  find(api.make_booster, "XGBoosterCreate");
  find(api.free_booster, "XGBoosterFree");
  find(api.set_parameter, "XGBoosterSetParam");
  find(api.set_attribute, "XGBoosterSetAttr");
  find(api.update, "XGBoosterUpdateOneIter");
  find(api.save, "XGBoosterSaveModelToBuffer");
  find(api.load, "XGBoosterLoadModelFromBuffer");
  find(api.predict, "XGBoosterPredictFromDMatrix");
  find(api.predict_in_place, "XGBoosterPredictFromDense");
  if (!missing.empty()) {
    return fail(Code::unavailable, ara::format("{} has no function {}", kLibrary, missing));
  }
  return api;
}

const Result<Api>& api() {
  static const Result<Api> opened = open_library();
  return opened;
}

Result<void> check(const Api& lib, int status) {
  if (status == 0) return {};
  return fail(Code::internal, ara::format("XGBoost: {}", printable(lib.last_error(), 500)));
}

/// Frees what XGBoost made.
struct Free {
  int (*with)(void*);
  void operator()(void* made) const { with(made); }
};
using Owned = std::unique_ptr<void, Free>;

Result<Owned> make_matrix(const Api& lib, const Table& table, int threads) {
  void* made = nullptr;
  const auto status =
      check(lib, lib.make_matrix(table.values.data(), table.rows(), table.columns,
                                 std::numeric_limits<float>::quiet_NaN(), &made, threads));
  if (!status) return std::unexpected(status.error());
  return Owned(made, Free{lib.free_matrix});
}

std::string levels_of(const Boosting& boosting) {
  std::string text;
  for (double level : boosting.levels) text += ara::format("{}{}", text.empty() ? "" : ",", level);
  return "[" + text + "]";
}

std::map<std::string, std::string> parameters_of(const Boosting& boosting) {
  const auto text = [](auto value) { return ara::format("{}", value); };
  std::map<std::string, std::string> all{
      {"booster", "gbtree"},
      {"tree_method", "hist"},
      {"objective", boosting.levels.empty() ? "reg:squarederror" : "reg:quantileerror"},
      {"max_depth", text(boosting.depth)},
      {"eta", text(boosting.eta)},
      {"min_child_weight", text(boosting.min_child_weight)},
      {"lambda", text(boosting.lambda)},
      {"subsample", text(boosting.subsample)},
      {"colsample_bynode", text(boosting.colsample_bynode)},
      {"max_bin", text(boosting.max_bin)},
      {"nthread", text(boosting.threads)},
      {"seed", text(boosting.seed & 0x7fffffff)},  // XGBoost's is a signed 32-bit number
      {"verbosity", "0"},
  };
  if (!boosting.levels.empty()) all.emplace("quantile_alpha", levels_of(boosting));
  return all;
}

}  // namespace

Result<void> available() {
  if (!api()) return std::unexpected(api().error());
  return {};
}

Result<std::string> boost(const Table& table, const Boosting& boosting,
                          const std::map<std::string, std::string, std::less<>>& notes) {
  if (table.rows() == 0 || table.values.size() % table.columns != 0 ||
      table.targets.size() != table.rows()) {
    return invalid("rows",
                   ara::format("{} values, {} targets", table.values.size(), table.targets.size()),
                   "at least one row, whole rows, and a target for each");
  }
  if (!api()) return std::unexpected(api().error());
  const Api& lib = *api();
  auto matrix = make_matrix(lib, table, boosting.threads);
  if (!matrix) return std::unexpected(matrix.error());
  auto status = check(
      lib, lib.set_floats(matrix->get(), "label", table.targets.data(), table.targets.size()));
  void* made = nullptr;
  DMatrixHandle train = matrix->get();
  if (status) status = check(lib, lib.make_booster(&train, 1, &made));
  if (!status) return std::unexpected(status.error());
  const Owned booster(made, Free{lib.free_booster});
  for (const auto& [name, value] : parameters_of(boosting)) {
    if (status) status = check(lib, lib.set_parameter(made, name.c_str(), value.c_str()));
  }
  for (int round = 0; round < boosting.rounds && status; ++round) {
    status = check(lib, lib.update(made, round, train));
  }
  for (const auto& [name, value] : notes) {
    if (status) status = check(lib, lib.set_attribute(made, name.c_str(), value.c_str()));
  }
  bst_ulong size = 0;
  const char* bytes = nullptr;
  if (status) status = check(lib, lib.save(made, R"({"format": "json"})", &size, &bytes));
  if (!status) return std::unexpected(status.error());
  return std::string(bytes, size);
}

struct Booster::Handle {
  const Api* lib;
  Owned booster;
  int threads;
};

Result<Booster> Booster::load(std::string_view json, int threads) {
  if (!api()) return std::unexpected(api().error());
  const Api& lib = *api();
  void* made = nullptr;
  auto status = check(lib, lib.make_booster(nullptr, 0, &made));
  if (!status) return std::unexpected(status.error());
  auto handle = std::make_shared<Handle>(&lib, Owned(made, Free{lib.free_booster}), threads);
  status = check(lib, lib.load(made, json.data(), json.size()));
  if (status) {
    status = check(lib, lib.set_parameter(made, "nthread", std::to_string(threads).c_str()));
  }
  if (!status) return std::unexpected(status.error());
  return Booster(std::move(handle));
}

Result<std::vector<float>> Booster::predict(std::span<const float> values,
                                            std::size_t columns) const {
  const std::string array = ara::format(
      R"({{"data": [{}, true], "shape": [{}, {}], "typestr": "<f4", "version": 3}})",
      reinterpret_cast<std::uintptr_t>(values.data()), values.size() / columns, columns);
  constexpr const char* kHow =
      R"({"type": 0, "iteration_begin": 0, "iteration_end": 0, "strict_shape": true,
          "cache_id": 0, "missing": NaN})";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* result = nullptr;
  const auto status = check(
      *handle_->lib, handle_->lib->predict_in_place(handle_->booster.get(), array.c_str(), kHow,
                                                    nullptr, &shape, &dimensions, &result));
  if (!status) return std::unexpected(status.error());
  bst_ulong count = 1;
  for (bst_ulong i = 0; i < dimensions; ++i) count *= shape[i];
  return std::vector<float>(result, result + count);
}

Result<std::vector<float>> Booster::contributions(std::span<const float> values,
                                                  std::size_t columns) const {
  const Table table{.values = values, .columns = columns, .targets = {}};
  auto matrix = make_matrix(*handle_->lib, table, handle_->threads);
  if (!matrix) return std::unexpected(matrix.error());
  constexpr const char* kHow =
      R"({"type": 2, "training": false, "iteration_begin": 0, "iteration_end": 0,
          "strict_shape": true})";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* result = nullptr;
  const auto status =
      check(*handle_->lib, handle_->lib->predict(handle_->booster.get(), matrix->get(), kHow,
                                                 &shape, &dimensions, &result));
  if (!status) return std::unexpected(status.error());
  bst_ulong count = 1;
  for (bst_ulong i = 0; i < dimensions; ++i) count *= shape[i];
  return std::vector<float>(result, result + count);
}

}  // namespace ara::training
