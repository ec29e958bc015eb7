#pragma once

#include <memory>
#include <string>

#include "base/hash.h"
#include "models/model.h"
#include "onnx/manifest.h"
#include "onnx/runtime.h"

namespace ara::onnx {

/// A user's model: a row like those of the catalog, to be fitted, evaluated, gated and forecast by
/// the same code. Fitting estimates nothing; it folds the state. It outlives the models fitted.
///
/// A forecast is one run of the graph. Quantiles that cross are sorted; levels between and beyond
/// those that the graph answers are interpolated and continued linearly in the normal score. Where
/// the state is too short for the graph (only after Model::restarted), or the graph answers what is
/// no number, a random walk with the deviation of the last changes stands in. Beyond its horizon a
/// forecast goes on as a random walk from the last session that the graph knows.
class UserModel : public models::ModelRow, public std::enable_shared_from_this<UserModel> {
 public:
  /// The tensors are the graph's that the manifest names, `shape` that of the input.
  UserModel(Manifest manifest, Hash128 content, Session session, Tensor input,
            std::vector<std::int64_t> shape, Tensor output);
  UserModel(const UserModel&) = delete;
  UserModel& operator=(const UserModel&) = delete;

  const Manifest& manifest() const { return manifest_; }
  /// Of the manifest and the graph: what names a version.
  const Hash128& content() const { return content_; }

  /// What the graph answers: a number for each level of each session. Code::invalid on field
  /// "output" where there are more or fewer, or on field "file" with the runtime's reason.
  Result<std::vector<float>> run(std::span<const float> input) const;
  /// The same; Code::invalid on field "output" where a number is not finite, too.
  Result<std::vector<float>> answer(std::span<const float> input) const;

 private:
  Manifest manifest_;
  Hash128 content_;
  Session session_;
  Tensor input_;
  std::vector<std::int64_t> shape_;
  Tensor output_;
};

/// Reads a manifest and the graph beside it, and runs that once to see that they agree.
/// Code::not_found for a file that is not there, Code::invalid for one that cannot be used: field
/// "file" (the runtime's reason), "input" or "output" (names, types, shapes), or that of a setting
/// of the manifest.
Result<std::shared_ptr<const UserModel>> load(const std::string& manifest_path);

/// The same from the two files' contents; `path` is for messages.
Result<std::shared_ptr<const UserModel>> load(std::string_view manifest, std::string_view graph,
                                              std::string_view path);

}  // namespace ara::onnx
