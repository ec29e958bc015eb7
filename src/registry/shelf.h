#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "models/trees.h"
#include "onnx/user_model.h"
#include "registry/artefacts.h"

namespace ara::registry {

/// What a fit needs beside bars and market: a row, and the trees that were trained for it, if any.
struct Recipe {
  const models::ModelRow* row = nullptr;
  std::string artefact;  ///< hash of what was learned, a user's graph or trees; empty: nothing was
  std::shared_ptr<const models::Trees> trees;
};

/// Where a model comes from by its name: the catalog, or the users' models that were added to a
/// folder. There each has a folder of its own, named by the model and its content and never
/// changed; beside them are the trees of the catalog's models, as Artefacts keep them.
///
/// A graph is read when it is first asked for and kept from then on, so that rows stay valid as
/// long as the shelf. Trees are in memory once, as long as a recipe holds them, as a champion's
/// does; and some, for a while, after they were last asked for, so that a rollback or a backtest
/// reads no file. Every call may be made from any thread.
class Shelf {
 public:
  /// The catalog, and manifests by their path.
  Shelf() = default;
  /// The same and `folder`, which need not exist before something is added. Trees that nobody
  /// holds are kept for `keep`, at most kMostKept of them.
  explicit Shelf(std::string folder, std::chrono::seconds keep = std::chrono::hours(24),
                 const Clock& clock = system_clock())
      : folder_(std::move(folder)),
        artefacts_(folder_ + "/" + kTreesFolder),
        keep_(keep),
        clock_(&clock) {}

  /// Checks a manifest and the graph beside it and copies both; adding them again changes nothing.
  /// Errors as onnx::load, and Code::io.
  Result<const onnx::UserModel*> add(const std::string& manifest_path);

  /// A name in the catalog; the name of a user's model, with enough of the content's hash behind a
  /// hyphen where several have it, e.g. "my_mlp-0f3a"; or the path of a manifest, ending ".toml".
  /// Code::invalid on field "model"; the error lists the names.
  Result<const models::ModelRow*> find(std::string_view name) const;

  /// The one that a version records. Code::unsupported for a model that this program does not know,
  /// Code::not_found where a file is not here, Code::corrupt where it is not as it was.
  Result<Recipe> find(std::string_view name, const std::string& artefact) const;

  /// Keeps trained trees, the bytes that training::train gives, and reads them: their artefact and
  /// they themselves, without a row. Code::unavailable for a shelf without a folder, Code::io;
  /// errors of models::Trees::parse and check_gbm.
  Result<Recipe> keep_trees(std::string_view bytes) const;

  /// What a version records of a row: the hash of a user's model, nothing for one of the catalog.
  std::string artefact_of(const models::ModelRow& row) const;

  static constexpr std::size_t kMostKept = 8;
  static constexpr const char* kTreesFolder = "trees";  ///< without a hyphen, as models' have

 private:
  Result<const onnx::UserModel*> loaded(const std::string& manifest_path) const;
  Result<std::shared_ptr<const models::Trees>> trees(const std::string& artefact) const;
  Result<std::shared_ptr<const models::Trees>> read_trees(const std::string& artefact) const;
  std::shared_ptr<const models::Trees> share(const std::string& artefact,
                                             std::shared_ptr<const models::Trees> made) const;
  void drop_old() const;

  struct Kept {
    std::string artefact;
    std::shared_ptr<const models::Trees> trees;
    SteadyTime until;
  };

  std::string folder_;
  std::optional<Artefacts> artefacts_;
  mutable std::mutex mutex_;
  std::chrono::seconds keep_{0};
  const Clock* clock_ = &system_clock();
  mutable std::vector<Kept> kept_;                                                ///< newest last
  mutable std::map<std::string, std::weak_ptr<const models::Trees>> trees_;       ///< by artefact
  mutable std::map<std::string, std::shared_ptr<const onnx::UserModel>> loaded_;  ///< by path
};

}  // namespace ara::registry
