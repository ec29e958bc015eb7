#include "registry/train.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <optional>

#include "base/format.h"
#include "models/gbm.h"
#include "models/market.h"
#include "registry/market.h"
#include "registry/train_trees.h"
#include "registry/walk.h"

namespace ara::registry {
namespace {

using storage::ModelStatus;

/// The symbols of one asset type, and what they say of the bars that a version is made from.
struct Universe {
  std::vector<storage::SymbolRow> rows;

  /// Of which symbols the versions were made, and of which state of theirs.
  std::uint64_t content() const {
    std::uint64_t sum = 0;
    for (const storage::SymbolRow& row : rows) {
      sum += mix64(stable_hash64(row.symbol.text()) ^ row.revision.content);
    }
    return sum;
  }
};

Result<Universe> read_universe(storage::Store& store, domain::AssetType asset_type) {
  auto rows = store.symbols(Call{});
  if (!rows) return std::unexpected(std::move(rows.error()));
  Universe universe;
  for (storage::SymbolRow& row : *rows) {
    if (row.asset_type == asset_type) universe.rows.push_back(std::move(row));
  }
  return universe;
}

/// Up to options.symbols of those with enough bars, drawn by the seed; ascending by name.
Result<std::vector<storage::SymbolRow>> sample(const Universe& universe,
                                               const TrainOptions& options) {
  const std::size_t needed =
      evaluation::kFirstOrigin + kLeastDates + static_cast<std::size_t>(options.band.last);
  std::vector<storage::SymbolRow> rows;
  for (const storage::SymbolRow& row : universe.rows) {
    if (row.bars >= needed) rows.push_back(row);
  }
  if (rows.empty()) {
    return fail(Code::not_found, ara::format("There is no {} with at least {} bars to train on",
                                             domain::describe(options.asset_type).name, needed));
  }
  return draw_symbols(std::move(rows), options.symbols, options.seed);
}

/// The newest bars that the walk can use, with the factor at each.
Result<evaluation::Symbol> read_symbol(storage::Store& store, const domain::Symbol& symbol,
                                       const Market& market, const TrainOptions& options) {
  const std::size_t most = options.origins + static_cast<std::size_t>(options.band.last) +
                           evaluation::kRefit + std::max(kHistory, evaluation::kGarchReturns + 1);
  auto series = store.last_bars(symbol, most, Call{});
  if (!series) return std::unexpected(std::move(series.error()));
  evaluation::Symbol made{.name = symbol.text(),
                          .asset_type = series->asset_type,
                          .bars = std::move(series->bars),
                          .market = {}};
  if (!market.points.empty()) made.market = models::market_at(market.points, made.bars);
  return made;
}

/// One training under way.
class Training {
 public:
  Training(storage::Store& store, const TrainOptions& options, const Clock& clock)
      : store_(store),
        options_(options),
        now_(clock.now()),
        roll_{.horizon = options.band.last, .last = options.origins, .history = kHistory} {}

  Result<Trained> run() {
    return prepare()
        .and_then([&] { return read_symbols(); })
        .and_then([&] { return name_candidates(); })
        .and_then([&] { return lay_grounds(); })
        .and_then([&] { return walk(); })
        .and_then([&] { return settle(); })
        .transform([&] { return std::move(trained_); });
  }

 private:
  Result<void> prepare() {
    auto universe = read_universe(store_, options_.asset_type);
    if (!universe) return std::unexpected(std::move(universe.error()));
    universe_ = std::move(*universe);
    auto rows = sample(universe_, options_);
    if (!rows) return std::unexpected(std::move(rows.error()));
    rows_ = std::move(*rows);
    for (const auto& row : rows_) trained_.symbols.push_back(row.symbol.text());
    const auto closed = close_market(store_, options_.asset_type, Call{});
    if (!closed) return std::unexpected(closed.error());
    trained_.market_revision = *closed;
    auto market = read_market(store_, options_.asset_type, Call{});
    if (!market) return std::unexpected(std::move(market.error()));
    market_ = std::move(*market);
    return find_champion();
  }

  Result<void> find_champion() {
    const auto champions = store_.champions(Call{});
    if (!champions) return std::unexpected(champions.error());
    for (const storage::ModelVersionRow& row : *champions) {
      if (row.asset_type != options_.asset_type || row.band != options_.band.name) continue;
      auto version = find_version(store_, row.id, Call{});
      if (!version) return std::unexpected(std::move(version.error()));
      champion_ = std::move(*version);
    }
    return {};
  }

  /// The bars of the symbols that are judged on, and the first day that anything is forecast from.
  Result<void> read_symbols() {
    for (const storage::SymbolRow& row : rows_) {
      auto symbol = read_symbol(store_, row.symbol, market_, options_);
      if (!symbol) return std::unexpected(std::move(symbol.error()));
      const auto roll = evaluation::Roll::make(*symbol, roll_);
      if (!roll) return std::unexpected(roll.error());
      first_origin_ = std::min(first_origin_, roll->date(0));
      symbols_.push_back(std::move(*symbol));
    }
    return {};
  }

  Result<void> name_candidates() {
    Result<Recipe> trained = Recipe{};
    if (std::ranges::any_of(options_.models, &models::ModelRow::uses_trees)) {
      trained = trees();
      if (!trained && trained.error().code != Code::unavailable &&
          trained.error().code != Code::invalid) {
        return std::unexpected(std::move(trained.error()));
      }
      trained_.notes.push_back(
          trained ? ara::format("The global trees learned from bars up to {}; all that is judged "
                                "came later",
                                domain::to_iso(first_origin_))
                  : "No global trees were trained: " + trained.error().message);
    }
    for (const models::ModelRow* row : options_.models) {
      if (!row->needs_trees) add({row, options_.shelf->artefact_of(*row), {}});
      if (row->uses_trees && trained) add({row, trained->artefact, trained->trees});
    }
    add_champion();
    if (candidates_.empty() && !trained) return std::unexpected(std::move(trained.error()));
    return {};
  }

  /// The global trees, from what came up to the first origin alone.
  Result<Recipe> trees() const {
    training::Options how = options_.trees;
    how.until = first_origin_;
    how.seed = options_.seed;
    const auto bytes = train_trees(store_, universe_.rows, market_.points, how);
    if (!bytes) return std::unexpected(bytes.error());
    return options_.shelf->keep_trees(*bytes);
  }

  void add(Recipe recipe) {
    const bool known = std::ranges::any_of(candidates_, [&](const Recipe& one) {
      return one.row == recipe.row && one.artefact == recipe.artefact;
    });
    if (!known) candidates_.push_back(std::move(recipe));
  }

  void add_champion() {
    if (!champion_) return;
    auto recipe = options_.shelf->find(champion_->model, champion_->artefact);
    if (!recipe) {
      trained_.notes.push_back(ara::format("The champion {} cannot be judged: {}", champion_->id(),
                                           recipe.error().message));
      return;
    }
    Result<domain::Date> until = first_origin_;
    if (recipe->trees) until = models::trained_until(*recipe->trees);
    stays_ = !until || *until > first_origin_;
    if (!stays_) return add(std::move(*recipe));
    trained_.notes.push_back(
        ara::format("The champion {} stays: its trees have seen sessions after {}, so none can be "
                    "compared with it on them; newer bars, or fewer origins, allow that",
                    champion_->id(), domain::to_iso(first_origin_)));
  }

  /// Calls work(i), which gives a Result<void>, for each i; the error of the lowest i, if any.
  template <class Work>
  Result<void> each(std::size_t count, const Work& work) {
    std::vector<Result<void>> results(count);
    const auto one = [&](std::size_t i) {
      results[i] = options_.stopped && options_.stopped()
                       ? fail(Code::unavailable, "The training was stopped")
                       : work(i);
      const std::size_t done = ++done_;
      if (options_.progress) options_.progress(done, rows_.size() * (1 + candidates_.size()));
    };
    if (options_.for_each) {
      options_.for_each(count, one);
    } else {
      for (std::size_t i = 0; i < count; ++i) one(i);
    }
    for (Result<void>& result : results) {
      if (!result) return std::move(result);
    }
    return {};
  }

  Result<void> lay_grounds() {
    grounds_.resize(rows_.size());
    return each(rows_.size(), [&](std::size_t i) -> Result<void> {
      auto ground = Ground::make(std::move(symbols_[i]), roll_);
      if (!ground) return std::unexpected(std::move(ground.error()));
      grounds_[i] = std::move(*ground);
      return {};
    });
  }

  /// Every candidate over every ground; one that cannot be fitted somewhere is refused for it.
  Result<void> walk() {
    const std::size_t wide = grounds_.size();
    std::vector<Result<Evidence>> walked(wide * candidates_.size());
    auto done = each(walked.size(), [&](std::size_t i) -> Result<void> {
      walked[i] = walk(candidates_[i / wide], *grounds_[i % wide]);
      return {};
    });
    if (!done) return done;
    for (std::size_t c = 0; c < candidates_.size(); ++c) {
      trained_.versions.push_back(
          judged(candidates_[c], std::span(walked).subspan(c * wide, wide)));
    }
    std::ranges::stable_sort(trained_.versions, [](const Version& a, const Version& b) {
      return std::pair(a.status == ModelStatus::refused, skill_of(a)) <
             std::pair(b.status == ModelStatus::refused, skill_of(b));
    });
    return {};
  }

  Result<Evidence> walk(const Recipe& recipe, const Ground& ground) const {
    const int horizon = recipe.row->horizon.value_or(options_.band.last);
    if (horizon < options_.band.last) {
      return fail(Code::invalid, ara::format("it tells of {} sessions, and the band reaches to {}",
                                             horizon, options_.band.last));
    }
    return ground.walk(*recipe.row, [&](models::Setting setting, domain::Time) {
      setting.trees = recipe.trees;
      return setting;
    });
  }

  static double skill_of(const Version& version) {
    return version.scores.crps_ratio[static_cast<std::size_t>(evaluation::Peer::historical)];
  }

  Version judged(const Recipe& recipe, std::span<Result<Evidence>> walked) const {
    Version version = blank(recipe);
    const auto failed = std::ranges::find_if(walked, [](const auto& one) { return !one; });
    if (failed != walked.end()) {
      version.checks = {{"fits", 0, 1, false, "it cannot be fitted: " + failed->error().message}};
    } else {
      std::vector<Evidence> evidence;
      for (Result<Evidence>& one : walked) evidence.push_back(std::move(*one));
      version.checks = judge(evidence, options_.band.last);
      version.scores = scores_of(evidence, options_.band.last);
    }
    if (const Check* check = first_failed(version.checks)) {
      version.status = ModelStatus::refused;
      version.reason = check->says;
    }
    return version;
  }

  Version blank(const Recipe& recipe) const {
    Version version{.model = std::string(recipe.row->name),
                    .asset_type = options_.asset_type,
                    .band = options_.band,
                    .code = std::string(models::version()),
                    .symbols = universe_.rows.size(),
                    .content = universe_.content(),
                    .seed = options_.seed,
                    .command = options_.command,
                    .artefact = recipe.artefact,
                    .created = now_,
                    .changed = now_};
    domain::Time first = domain::Time::max(), last = domain::Time::min();
    for (const storage::SymbolRow& symbol : universe_.rows) {
      version.bars += symbol.bars;
      first = std::min(first, symbol.first);
      last = std::max(last, symbol.last);
    }
    version.first = domain::date_of(first);
    version.last = domain::date_of(last);
    return version;
  }

  /// Registers the versions and crowns the best, if it is not the champion already.
  Result<void> settle() {
    std::vector<storage::ModelVersionRow> rows;
    for (const Version& version : trained_.versions) rows.push_back(to_row(version));
    if (auto read = read_standing(); !read) return read;
    const auto best = std::ranges::find_if(trained_.versions, [](const Version& version) {
      return version.status == ModelStatus::candidate || version.status == ModelStatus::champion;
    });
    if (champion_) trained_.champion = champion_->id();
    const bool stays =
        stays_ || best == trained_.versions.end() ||
        (champion_ && best->model == champion_->model && best->artefact == champion_->artefact);
    if (stays) return write(std::move(rows), {});
    const std::string id = best->id();
    if (options_.before_promotion) {
      if (auto ready = options_.before_promotion(*best); !ready) return ready;
    }
    if (auto written = write(std::move(rows), id); !written) return written;
    best->status = ModelStatus::champion;
    trained_.champion = id;
    trained_.promoted = true;
    return {};
  }

  Result<void> write(std::vector<storage::ModelVersionRow> rows, std::string promoted) {
    if (options_.settle) return options_.settle(std::move(rows), std::move(promoted));
    auto put = store_.put_models(rows, Call{});
    if (!put || promoted.empty()) return put;
    return store_.promote_model(promoted, now_, Call{}).and_then([&] {
      return store_.put_audit({.when = now_,
                               .actor = "training",
                               .action = "model.promote",
                               .target = std::move(promoted)},
                              Call{});
    });
  }

  /// A version that was registered before keeps how it stood, retired ones included.
  Result<void> read_standing() {
    for (Version& version : trained_.versions) {
      const auto row = store_.find_model(version.id(), Call{});
      if (!row) return std::unexpected(row.error());
      if (!*row) continue;
      version.created = (*row)->created;
      version.status = (*row)->status;
      version.reason = (*row)->reason;
      version.changed = (*row)->changed;
    }
    return {};
  }

  storage::Store& store_;
  const TrainOptions& options_;
  const WallTime now_;
  const evaluation::RollOptions roll_;
  Universe universe_;
  Market market_;
  std::vector<storage::SymbolRow> rows_;  ///< judged on
  std::vector<evaluation::Symbol> symbols_;
  domain::Date first_origin_ = domain::Date::max();
  std::optional<Version> champion_;
  bool stays_ = false;  ///< the champion, as it cannot be compared
  std::vector<Recipe> candidates_;
  std::vector<std::unique_ptr<Ground>> grounds_;
  std::atomic<std::size_t> done_ = 0;
  Trained trained_;
};

}  // namespace

Result<Trained> train(storage::Store& store, const TrainOptions& options, const Clock& clock) {
  return Training(store, options, clock).run();
}

}  // namespace ara::registry
