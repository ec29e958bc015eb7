// ara db
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "base/format.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/table.h"
#include "storage/reshard.h"

namespace ara::cli {
namespace {

using storage::ReshardAction;
using storage::ReshardProgress;

struct DbOptions {
  std::string add;
  std::string remove;
  std::string hosts;
  bool json = false;
};

std::string percent_of(int part, int whole) {
  return ara::format("{:.0f} %", whole == 0 ? 100.0 : 100.0 * part / whole);
}

/// One line on standard error: written over where that is a terminal, else each tenth.
class ReshardLine {
 public:
  void show(const ReshardProgress& now) {
    const int tenth = now.slots == 0 ? 10 : 10 * now.slots_moved / now.slots;
    if (!shown_ && tenth == last_) return;
    last_ = tenth;
    const std::string line =
        ara::format("{} of {} slots moved ({}): {} symbols, {} bars, {} forecasts", now.slots_moved,
                    now.slots, percent_of(now.slots_moved, now.slots), now.rows.symbols,
                    now.rows.bars, now.rows.forecasts);
    std::fputs((shown_ ? "\r" + line + "\x1b[K" : line + "\n").c_str(), stderr);
    std::fflush(stderr);
  }
  ~ReshardLine() {
    if (shown_ && last_ >= 0) std::fputs("\r\x1b[K", stderr);
  }

 private:
  const bool shown_ = ::isatty(STDERR_FILENO) == 1;
  int last_ = -1;
};

std::string json_of_reshard(const DbOptions& options, const ReshardProgress& done) {
  Json json;
  yyjson_mut_val* item = json.object();
  json.put(item, "action", json.text(options.add.empty() ? "remove" : "add"));
  json.put(item, "shard", json.text(options.add.empty() ? options.remove : options.add));
  json.put(item, "slots_moved", json.number(static_cast<std::uint64_t>(done.slots_moved)));
  json.put(item, "symbols_moved", json.number(done.rows.symbols));
  json.put(item, "symbols", json.number(done.symbols));
  json.put(item, "bars_moved", json.number(done.rows.bars));
  json.put(item, "forecasts_moved", json.number(done.rows.forecasts));
  json.put(item, "longest_freeze_ms",
           json.number(static_cast<std::uint64_t>(done.longest_freeze.count())));
  return json.write(item) + "\n";
}

Result<std::string> run_reshard(const DbOptions& options, const config::Config& config) {
  const bool adds = !options.add.empty();
  const storage::ReshardRequest request{.action = adds ? ReshardAction::add : ReshardAction::remove,
                                        .name = adds ? options.add : options.remove,
                                        .hosts = options.hosts};
  ReshardLine line;
  const storage::ReshardWatch watch{.progress = [&](const ReshardProgress& now) { line.show(now); },
                                    .stop_before = {}};
  const auto done = storage::reshard(config.store_place(), request, watch);
  if (!done) return std::unexpected(done.error());
  if (options.json) return json_of_reshard(options, *done);
  if (done->slots == 0) {
    return ara::format("There is nothing to do: {} is {} shard.\n", request.name,
                       adds ? "a" : "no");
  }
  return ara::format(
      "Shard {} is {}: {} slots with {} of {} symbols ({:.1f} %), {} bars and {} forecasts were "
      "moved, each row compared; no writer waited longer than {} ms.\n",
      request.name, adds ? "added" : "removed", done->slots_moved, done->rows.symbols,
      done->symbols,
      done->symbols == 0
          ? 0.0
          : 100.0 * static_cast<double>(done->rows.symbols) / static_cast<double>(done->symbols),
      done->rows.bars, done->rows.forecasts, done->longest_freeze.count());
}

std::string json_of_shards(const storage::ShardsReport& report) {
  Json json;
  yyjson_mut_val* item = json.object();
  json.put(item, "epoch", json.number(report.epoch));
  yyjson_mut_val* shards = json.array();
  for (const storage::ShardState& one : report.shards) {
    yyjson_mut_val* shard = json.object();
    json.put(shard, "number", json.number(static_cast<std::uint64_t>(one.row.number)));
    json.put(shard, "name", json.text(one.row.name));
    json.put(shard, "hosts", json.text(one.row.hosts));
    json.put(shard, "slots", json.number(static_cast<std::uint64_t>(one.slots)));
    json.put(shard, "symbols", one.symbols ? json.number(*one.symbols) : json.null());
    yyjson_mut_val* ranges = json.array();
    for (const storage::PlacedSlots& placed : report.placed) {
      if (placed.shard != one.row.number) continue;
      json.append(ranges, json.text(ara::format("{}-{}", placed.slots.first, placed.slots.last)));
    }
    json.put(shard, "ranges", ranges);
    json.append(shards, shard);
  }
  json.put(item, "shards", shards);
  yyjson_mut_val* under_way = json.null();
  if (report.under_way) {
    under_way = json.object();
    json.put(under_way, "action", json.text(to_string(report.under_way->action)));
    json.put(under_way, "shard", json.text(report.under_way->name));
    json.put(under_way, "slots_moved", json.number(static_cast<std::uint64_t>(report.slots_moved)));
    json.put(under_way, "slots", json.number(static_cast<std::uint64_t>(report.slots_to_move)));
  }
  json.put(item, "reshard", under_way);
  return json.write(item) + "\n";
}

Result<std::string> list_shards(const DbOptions& options, const config::Config& config) {
  const auto report = storage::report_shards(config.store_place());
  if (!report) return std::unexpected(report.error());
  if (options.json) return json_of_shards(*report);
  using enum Table::Align;
  Table table({{"Shard", right}, {"Name"}, {"Slots", right}, {"Symbols", right}, {"Servers"}});
  for (const storage::ShardState& one : report->shards) {
    table.add({{std::to_string(one.row.number)},
               {one.row.name, "1"},
               {std::to_string(one.slots)},
               {one.symbols ? std::to_string(*one.symbols) : "unreachable"},
               {one.row.number == 0 ? "POSTGRES_HOST" : one.row.hosts}});
  }
  std::string text = table.render(standard_output().colour);
  text += ara::format("The map is at epoch {}.\n", report->epoch);
  if (report->under_way) {
    const bool adds = report->under_way->action == ReshardAction::add;
    text += ara::format(
        "A reshard is under way, {} of {} slots moved; it goes on with:\n"
        "  ara db reshard --{} {}{}\n",
        report->slots_moved, report->slots_to_move, to_string(report->under_way->action),
        report->under_way->name, adds ? " --hosts " + report->under_way->hosts : "");
  }
  return text;
}

}  // namespace

std::function<int()> enrol_db(CLI::App& app, Context& context) {
  app.require_subcommand(1);
  const auto options = std::make_shared<DbOptions>();
  CLI::App* shards = app.add_subcommand("shards", "The shards, and what each holds");
  shards->add_flag("--json", options->json, "JSON, with the ranges of slots");
  CLI::App* reshard = app.add_subcommand(
      "reshard", "Add or remove a shard while the fleet serves; goes on where it was interrupted");
  CLI::Option* add = reshard->add_option("--add", options->add, "A name for the new shard");
  CLI::Option* hosts = reshard->add_option("--hosts", options->hosts,
                                           "The servers of the new shard, which are empty");
  CLI::Option* remove = reshard->add_option("--remove", options->remove, "The shard to be emptied");
  add->type_name("NAME")->needs(hosts)->excludes(remove);
  hosts->type_name("HOST:PORT,…[/DATABASE]")->needs(add);
  remove->type_name("NAME");
  reshard->add_flag("--json", options->json, "JSON");
  reshard->require_option(1, 3);
  return [options, shards, &context] {
    const config::Config& config = context.config;
    if (shards->parsed()) return emit_or_report(list_shards(*options, config));
    if (options->add.empty() && options->remove.empty()) {
      return report(
          invalid("reshard", "", "--add NAME --hosts HOST:PORT,… or --remove NAME").error());
    }
    return emit_or_report(run_reshard(*options, config));
  };
}

}  // namespace ara::cli
