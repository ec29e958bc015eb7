#include "registry/shelf.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/format.h"
#include "models/gbm.h"

namespace ara::registry {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDigits = 12;  ///< of the hash, in a folder's name
constexpr const char* kManifest = "manifest.toml";

/// The names of the folders within; none where there is no such folder.
std::vector<std::string> entries(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.find('-') != std::string::npos) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

std::string entry_of(std::string_view name, std::string_view artefact) {
  return ara::format("{}-{}", name, artefact.substr(0, kDigits));
}

}  // namespace

Result<const onnx::UserModel*> Shelf::loaded(const std::string& manifest_path) const {
  const std::lock_guard lock(mutex_);
  const auto found = loaded_.find(manifest_path);
  if (found != loaded_.end()) return found->second.get();
  auto model = onnx::load(manifest_path);
  if (!model) return std::unexpected(std::move(model.error()));
  return loaded_.emplace(manifest_path, std::move(*model)).first->second.get();
}

Result<const onnx::UserModel*> Shelf::add(const std::string& manifest_path) {
  const auto model = onnx::load(manifest_path);
  if (!model) return std::unexpected(model.error());
  const onnx::UserModel& made = **model;
  const fs::path to = fs::path(folder_) / entry_of(made.name, to_hex(made.content()));
  // Whole or not at all: a folder beside it takes its name when both files are there.
  const fs::path part = to.string() + ara::format(".{}.part", getpid());
  std::error_code error;
  if (!fs::exists(to, error)) {
    const fs::path graph = fs::path(manifest_path).parent_path() / made.manifest().file;
    fs::create_directories(part, error);
    if (!error) fs::copy_file(manifest_path, part / kManifest, error);
    if (!error) fs::copy_file(graph, part / made.manifest().file, error);
    if (!error) fs::rename(part, to, error);
    std::error_code ignored;
    if (error) fs::remove_all(part, ignored);
    if (error && !fs::exists(to, ignored)) {
      return fail(Code::io,
                  ara::format("{} cannot be kept in {}: {}", made.name, folder_, error.message()));
    }
  }
  return loaded((to / kManifest).string());
}

Result<const models::ModelRow*> Shelf::find(std::string_view name) const {
  const auto row = models::find_model(name);
  if (row) return row;
  if (name.ends_with(".toml")) return loaded(std::string(name));
  std::vector<std::string> fitting;
  std::string names;
  for (const std::string& entry : entries(folder_)) {
    names += ", " + entry;
    const std::string_view model = std::string_view(entry).substr(0, entry.find('-'));
    const bool by_hash = name.size() > model.size() && entry.starts_with(name);
    if (name == model || by_hash) fitting.push_back(entry);
  }
  if (fitting.size() == 1) return loaded((fs::path(folder_) / fitting[0] / kManifest).string());
  Error error = row.error();
  error.allowed += names + ", or the path of a manifest, ending .toml";
  return invalid("model", name, fitting.empty() ? error.allowed : "more of its hash" + names);
}

Result<Recipe> Shelf::find(std::string_view name, const std::string& artefact) const {
  if (const auto row = models::find_model(name)) {
    Recipe recipe{.row = *row, .artefact = artefact, .trees = {}};
    if (artefact.empty()) return recipe;
    auto held = trees(artefact);
    if (!held) return std::unexpected(std::move(held.error()));
    recipe.trees = std::move(*held);
    return recipe;
  }
  if (artefact.empty()) {
    return fail(Code::unsupported, ara::format("This program has no model '{}'", printable(name)));
  }
  const fs::path path = fs::path(folder_) / entry_of(name, artefact) / kManifest;
  const auto model = loaded(path.string());
  if (!model) return std::unexpected(model.error());
  if (to_hex((*model)->content()) != artefact) {
    return fail(Code::corrupt,
                ara::format("{} is not what it was when it was added: its content is "
                            "{}, not {}",
                            path.string(), to_hex((*model)->content()), artefact));
  }
  return Recipe{.row = *model, .artefact = artefact, .trees = {}};
}

Result<std::shared_ptr<const models::Trees>> Shelf::trees(const std::string& artefact) const {
  if (auto held = share(artefact, nullptr)) return held;
  auto made = read_trees(artefact);
  if (!made) return made;
  return share(artefact, std::move(*made));
}

Result<std::shared_ptr<const models::Trees>> Shelf::read_trees(const std::string& artefact) const {
  if (!artefacts_) return fail(Code::not_found, "There is no folder of models to find trees in");
  const auto file = artefacts_->open(artefact);
  if (!file) return std::unexpected(file.error());
  auto parsed = models::Trees::parse((*file)->bytes());
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  if (auto fits = models::check_gbm(*parsed); !fits) return std::unexpected(fits.error());
  return std::make_shared<const models::Trees>(std::move(*parsed));
}

/// The trees that are in memory already, else `made`, which others share from now on. What is given
/// counts as just asked for.
std::shared_ptr<const models::Trees> Shelf::share(const std::string& artefact,
                                                  std::shared_ptr<const models::Trees> made) const {
  const std::lock_guard lock(mutex_);
  drop_old();
  std::erase_if(trees_, [](const auto& one) { return one.second.expired(); });
  const auto found = trees_.find(artefact);
  auto given = found == trees_.end() ? nullptr : found->second.lock();
  if (!given) given = std::move(made);
  if (!given) return nullptr;
  trees_[artefact] = given;
  std::erase_if(kept_, [&](const Kept& one) { return one.artefact == artefact; });
  kept_.push_back({artefact, given, clock_->steady() + keep_});
  drop_old();
  return given;
}

void Shelf::drop_old() const {
  const SteadyTime now = clock_->steady();
  std::erase_if(kept_, [&](const Kept& one) { return one.until <= now; });
  if (kept_.size() > kMostKept) kept_.erase(kept_.begin());
}

Result<Recipe> Shelf::keep_trees(std::string_view bytes) const {
  if (!artefacts_) return fail(Code::unavailable, "There is no folder of models to keep trees in");
  auto artefact = artefacts_->put(bytes);
  if (!artefact) return std::unexpected(std::move(artefact.error()));
  auto held = trees(*artefact);
  if (!held) return std::unexpected(std::move(held.error()));
  return Recipe{.row = nullptr, .artefact = std::move(*artefact), .trees = std::move(*held)};
}

std::string Shelf::artefact_of(const models::ModelRow& row) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, model] : loaded_) {
    if (model.get() == &row) return to_hex(model->content());
  }
  return {};
}

}  // namespace ara::registry
