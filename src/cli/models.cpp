// ara models
#include <memory>

#include "base/format.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/model_view.h"
#include "cli/output.h"
#include "cli/promotion.h"
#include "cli/table.h"
#include "registry/shelf.h"

namespace ara::cli {
namespace {

using registry::Version;

struct ModelsOptions {
  std::string models_path;  ///< where users' models are kept
  std::string id;
  std::string other;
  std::string reason = "retired by hand";
  std::string asset_type;
  std::string band;
  std::string status;
  std::string limit = "20";
  bool json = false;
};

constexpr long long kMostVersions = 100'000;

Result<storage::ModelFilter> parse_filter(const ModelsOptions& options) {
  storage::ModelFilter filter;
  if (!options.asset_type.empty()) {
    const auto type = domain::parse_asset_type(options.asset_type);
    if (!type) return std::unexpected(type.error());
    filter.asset_type = *type;
  }
  if (!options.band.empty()) {
    const auto band = registry::find_band(options.band);
    if (!band) return std::unexpected(band.error());
    filter.band = (*band)->name;
  }
  if (!options.status.empty()) {
    const auto status = storage::parse_model_status(options.status);
    if (!status) return std::unexpected(status.error());
    filter.status = *status;
  }
  const auto limit = parse_integer(options.limit);
  if (!limit || *limit < 1 || *limit > kMostVersions) {
    return invalid("limit", options.limit, ara::format("an integer from 1 to {}", kMostVersions));
  }
  filter.limit = static_cast<std::size_t>(*limit);
  return filter;
}

Result<std::string> list_models(const ModelsOptions& options, storage::Store& store) {
  auto filter = parse_filter(options);
  if (!filter) return std::unexpected(std::move(filter.error()));
  const std::size_t limit = filter->limit++;  // one more tells whether there are more
  const auto rows = store.models(*filter, Call{});
  if (!rows) return std::unexpected(rows.error());
  std::vector<Version> versions;
  for (const auto& row : std::span(*rows).first(std::min(limit, rows->size()))) {
    auto version = registry::from_row(row);
    if (!version) return std::unexpected(std::move(version.error()));
    versions.push_back(std::move(*version));
  }
  const bool more = rows->size() > limit;
  if (options.json) {
    Json json;
    yyjson_mut_val* root = json.object();
    yyjson_mut_val* array = json.array();
    for (const Version& version : versions) json.append(array, to_json(json, version));
    json.put(root, "models", array);
    json.put(root, "more", json.boolean(more));
    return json.write(root) + "\n";
  }
  if (versions.empty()) return "There are no such models; `ara train` makes some.\n";
  std::string out = version_table(versions, standard_output().colour);
  if (more) out += ara::format("\nThe newest {}; --limit shows more.\n", limit);
  return out;
}

Result<std::string> show_model(const ModelsOptions& options, storage::Store& store) {
  const auto version = registry::find_version(store, options.id, Call{});
  if (!version) return std::unexpected(version.error());
  if (!options.json) return version_page(*version, standard_output().colour);
  Json json;
  return json.write(to_json(json, *version)) + "\n";
}

/// What is better where less is, e.g. a CRPS.
std::string lower(double a, double b) {
  return a < b ? "first" : b < a ? "second" : "";
}

std::string comparison(const Version& a, const Version& b, bool colour) {
  using enum Table::Align;
  Table table({{"Score"}, {a.id(), right}, {b.id(), right}, {"Better"}});
  const auto add = [&](std::string name, double first, double second, std::string better) {
    table.add({{std::move(name)},
               {ara::format("{:.4f}", first)},
               {ara::format("{:.4f}", second)},
               {std::move(better)}});
  };
  for (std::size_t p = 0; p < evaluation::kPeerNames.size(); ++p) {
    const double first = a.scores.crps_ratio[p], second = b.scores.crps_ratio[p];
    add(ara::format("CRPS / {}", evaluation::kPeerNames[p]), first, second, lower(first, second));
  }
  for (std::size_t i = 0; i < evaluation::kCoverages.size(); ++i) {
    const double nominal = evaluation::kCoverages[i] / 100.0;
    const double first = a.scores.coverage[i], second = b.scores.coverage[i];
    add(ara::format("in {} %", evaluation::kCoverages[i]), first, second,
        lower(std::abs(first - nominal), std::abs(second - nominal)));
  }
  std::string out = table.render(colour);
  if (a.content != b.content || a.seed != b.seed || a.asset_type != b.asset_type ||
      a.band.name != b.band.name) {
    out +=
        "\nThey were not judged on the same bars, seed, asset type and sessions, so a difference "
        "may be that of the bars.\n";
  }
  return out;
}

Result<std::string> compare(const ModelsOptions& options, storage::Store& store) {
  const auto first = registry::find_version(store, options.id, Call{});
  if (!first) return std::unexpected(first.error());
  const auto second = registry::find_version(store, options.other, Call{});
  if (!second) return std::unexpected(second.error());
  if (!options.json) return comparison(*first, *second, standard_output().colour);
  Json json;
  yyjson_mut_val* root = json.object();
  json.put(root, "first", to_json(json, *first));
  json.put(root, "second", to_json(json, *second));
  return json.write(root) + "\n";
}

/// The version after what was done to it.
Result<std::string> changed(const ModelsOptions& options, storage::Store& store,
                            const std::string& id, std::string_view what) {
  const auto version = registry::find_version(store, id, Call{});
  if (!version) return std::unexpected(version.error());
  if (!options.json) {
    return ara::format("{} {} {} for {} sessions\n", id, what,
                       domain::describe(version->asset_type).name, version->band.name);
  }
  Json json;
  return json.write(to_json(json, *version)) + "\n";
}

/// An entry of the audit log.
Result<void> note(storage::Store& store, std::string action, const std::string& id,
                  std::string detail) {
  return store.put_audit({.when = system_clock().now(),
                          .actor = "command line",
                          .action = std::move(action),
                          .target = id,
                          .detail = std::move(detail)},
                         Call{});
}

Result<std::string> promote(const ModelsOptions& options, storage::Store& store) {
  const auto version = registry::find_version(store, options.id, Call{});
  if (!version) return std::unexpected(version.error());
  const std::string id = version->id();
  if (version->status == storage::ModelStatus::candidate) {
    const registry::Shelf shelf(options.models_path);
    if (auto ready = prepare(store, shelf, *version); !ready) {
      return std::unexpected(ready.error());
    }
  }
  auto done = store.promote_model(id, system_clock().now(), Call{}).and_then([&] {
    return note(store, "model.promote", id, {});
  });
  if (!done) return std::unexpected(std::move(done.error()));
  return changed(options, store, id, "now serves");
}

Result<std::string> retire(const ModelsOptions& options, storage::Store& store) {
  const auto version = registry::find_version(store, options.id, Call{});
  if (!version) return std::unexpected(version.error());
  const std::string id = version->id();
  auto done = store.retire_model(id, options.reason, system_clock().now(), Call{}).and_then([&] {
    return note(store, "model.retire", id, options.reason);
  });
  if (!done) return std::unexpected(std::move(done.error()));
  return changed(options, store, id, "no longer serves");
}

Result<std::string> add_user_model(const ModelsOptions& options) {
  registry::Shelf shelf(options.models_path);
  const auto added = shelf.add(options.id);
  if (!added) return std::unexpected(added.error());
  const std::string hash = to_hex((*added)->content());
  if (options.json) {
    Json json;
    yyjson_mut_val* root = json.object();
    json.put(root, "model", json.text((*added)->name));
    json.put(root, "artefact", json.text(hash));
    json.put(root, "horizon", json.number(static_cast<std::uint64_t>(*(*added)->horizon)));
    json.put(root, "min_bars", json.number(static_cast<std::uint64_t>((*added)->min_bars)));
    return json.write(root) + "\n";
  }
  return ara::format("{} {} is here; `ara train --model {}` has it judged\n", (*added)->name, hash,
                     (*added)->name);
}

using ModelsAction = Result<std::string> (*)(const ModelsOptions&, storage::Store&);

CLI::App* add(CLI::App& app, ModelsOptions& options, const char* name, const char* help,
              bool takes_id) {
  CLI::App* sub = app.add_subcommand(name, help);
  sub->add_flag("--json", options.json, "JSON");
  if (takes_id) {
    sub->add_option("ID", options.id, "A model's id, or as much of it as no other begins with")
        ->required();
  }
  return sub;
}

}  // namespace

std::function<int()> enrol_models(CLI::App& app, Context& context) {
  app.require_subcommand(1);
  const auto options = std::make_shared<ModelsOptions>();
  std::vector<std::pair<CLI::App*, ModelsAction>> actions;
  CLI::App* sub = add(app, *options, "list", "Models, newest first, and how each stands", false);
  sub->add_option("--asset-type", options->asset_type, "Of one asset type only");
  sub->add_option("--band", options->band, "Of one band of sessions only, e.g. 1-5");
  sub->add_option("--status", options->status, "Of one status only")
      ->type_name("candidate|champion|retired|refused");
  sub->add_option("--limit", options->limit, "So many at most [20]")->type_name("N");
  actions.emplace_back(sub, list_models);
  actions.emplace_back(
      add(app, *options, "show", "One model: data, scores and what the gate asked", true),
      show_model);
  sub = add(app, *options, "compare", "Two models' scores side by side", true);
  sub->add_option("OTHER", options->other, "The other's id")->required();
  actions.emplace_back(sub, compare);
  actions.emplace_back(add(app, *options, "promote", "Make a candidate the one that serves", true),
                       promote);
  sub = add(app, *options, "retire", "Take a model out of service for good", true);
  sub->add_option("--reason", options->reason, "Why, for those who ask later");
  actions.emplace_back(sub, retire);
  CLI::App* user = app.add_subcommand("add", "Take in a model of your own: an ONNX graph");
  user->add_flag("--json", options->json, "JSON");
  user->add_option("MANIFEST", options->id, "A file that describes it; see docs/REGISTRY.md")
      ->required();
  return [options, actions, user, &context] {
    options->models_path = context.config.models_path();
    if (user->parsed()) {
      return emit_or_report(add_user_model(*options));
    }
    const auto store = context.open_store(context.config);
    if (!store) return report(store.error());
    for (const auto& [command, action] : actions) {
      if (!command->parsed()) continue;
      return emit_or_report(action(*options, **store));
    }
    return 0;
  };
}

}  // namespace ara::cli
