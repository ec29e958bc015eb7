#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "evaluation/rolling.h"
#include "models/trees.h"
#include "training/global_model.h"

namespace ara::cli {

/// The trees of the global model as a service would have had them at a time: for each asset type
/// trained on all its symbols up to the end of the year before, each year once, when first asked
/// for. Thread-safe.
class YearlyTrees {
 public:
  /// The symbols outlive this.
  explicit YearlyTrees(std::span<const evaluation::Symbol> symbols);

  /// None where what came before was too little to train on.
  std::shared_ptr<const models::Trees> at(domain::AssetType asset_type, domain::Time time);

 private:
  struct OfType {
    std::vector<training::Series> series;
    std::map<int, std::shared_ptr<const models::Trees>> by_year;
  };

  std::mutex mutex_;
  std::map<domain::AssetType, OfType> types_;
};

}  // namespace ara::cli
