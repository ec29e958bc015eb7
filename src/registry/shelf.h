#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "onnx/user_model.h"

namespace ara::registry {

/// Where a model's row comes from by its name: the catalog, or the users' models that were added to
/// a folder. There each has a folder of its own, named by the model and its content and never
/// changed. A graph is read when it is first asked for and kept from then on, so that rows stay
/// valid as long as the shelf. Every call may be made from any thread.
class Shelf {
 public:
  /// The catalog, and manifests by their path.
  Shelf() = default;
  /// The same and `folder`, which need not exist before something is added.
  explicit Shelf(std::string folder) : folder_(std::move(folder)) {}

  /// Checks a manifest and the graph beside it and copies both; adding them again changes nothing.
  /// Errors as onnx::load, and Code::io.
  Result<const onnx::UserModel*> add(const std::string& manifest_path);

  /// A name in the catalog; the name of a user's model, with enough of the content's hash behind a
  /// hyphen where several have it, e.g. "my_mlp-0f3a"; or the path of a manifest, ending ".toml".
  /// Code::invalid on field "model"; the error lists the names.
  Result<const models::ModelRow*> find(std::string_view name) const;

  /// The one that a version records. Code::not_found where it is not here.
  Result<const models::ModelRow*> find(std::string_view name, std::string_view artefact) const;

  /// What a version records of a row: the hash of a user's model, nothing for one of the catalog.
  std::string artefact_of(const models::ModelRow& row) const;

 private:
  Result<const onnx::UserModel*> loaded(const std::string& manifest_path) const;

  std::string folder_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<const onnx::UserModel>> loaded_;  ///< by path
};

}  // namespace ara::registry
