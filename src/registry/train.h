#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "registry/shelf.h"
#include "registry/version.h"
#include "training/global_model.h"

namespace ara::registry {

struct TrainOptions {
  domain::AssetType asset_type = domain::AssetType::stock;
  Band band;
  std::uint64_t seed = 1;                       ///< which symbols are judged on
  std::size_t symbols = 12;                     ///< judged on, at most
  std::size_t origins = 250;                    ///< of each
  std::vector<const models::ModelRow*> models;  ///< candidates; the champion joins them
  std::string command;                          ///< recorded in the versions
  /// Called with a version before it is promoted; an error of it ends the training. May be empty.
  std::function<Result<void>(const Version& heir)> before_promotion;
  training::Options trees{};  ///< how; `until` and `seed` are not looked at
  /// Holds the candidates that are users' models, and keeps trees.
  std::shared_ptr<const Shelf> shelf = std::make_shared<const Shelf>();
  /// Calls work(i) for each i below count, in any order, on any threads; empty: one by one.
  std::function<void(std::size_t count, const std::function<void(std::size_t)>& work)> for_each;
  /// Told how much is done of how much, from any thread.
  std::function<void(std::size_t done, std::size_t of)> progress;
  /// Asked between pieces of work, from any thread: true ends the training, Code::unavailable. May
  /// be empty.
  std::function<bool()> stopped;
  /// Writes what came of it: the versions, and who of them is promoted (empty: nobody). Where this
  /// is empty, put_models and promote_model do.
  std::function<Result<void>(std::vector<storage::ModelVersionRow> versions, std::string promoted)>
      settle;
};

/// What came of a training. All of it but the times follows from the bars and the options.
struct Trained {
  std::uint64_t market_revision = 0;  ///< of the factor that was closed; 0: none
  std::vector<std::string> symbols;   ///< judged on
  std::vector<std::string> notes;     ///< sentences: what could not be trained or judged, and why
  std::vector<Version> versions;      ///< best first, those refused last
  std::string champion;               ///< id of who serves the band now; empty: the built-in model
  bool promoted = false;              ///< whether that changed
};

/// Closes the market factor of the asset type, walks all candidates forward over a sample of its
/// symbols, registers each as a version, refused by the gate or not, and promotes the one with the
/// lowest CRPS relative to the historical distribution if there is no champion, or none as good. A
/// champion stays if its model is still the best: nothing in it would change.
///
/// For rows that use trees, the global model is trained first, on the symbols of the type and on
/// their bars up to the first origin of the walk: what is judged came later for every symbol. A row
/// that can do without is judged both with and without. Where XGBoost or enough bars are missing, a
/// note says so and the rest goes on. A champion whose trees have seen what is judged stays, since
/// nothing can be compared with it fairly. Code::not_found where no symbol of the type has enough
/// bars; Code::unavailable where only trees were asked for, and XGBoost is missing.
Result<Trained> train(storage::Store& store, const TrainOptions& options, const Clock& clock);

}  // namespace ara::registry
