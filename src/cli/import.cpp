#include "cli/import.h"

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/format.h"
#include "cli/import_report.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "ingest/parse.h"
#include "ingest/source.h"

namespace ara::cli {
namespace {

/// As typed, not yet checked.
struct Arguments {
  std::vector<std::string> paths;
  std::string symbol;
  std::string asset_type;
  std::string date_order;
  std::string on_error = "stop";
  bool dry_run = false;
  bool json = false;
};

constexpr std::string_view kFooter =
    "PATH is a CSV file (also .csv.gz), a folder with the folders in it, or - for standard input.\n"
    "A file lands whole or not at all; importing it again changes nothing.\n"
    "\nExit status:\n"
    "  0  every file landed\n"
    "  2  a file was refused by the checks, or an argument is wrong\n"
    "  3  a path does not exist\n"
    "  5  the symbol is stored with another asset type\n"
    "  8  a file or the store could not be read or written\n"
    "  others as for every command";

/// A file that was read, and the bars in it, on their way to the store.
struct Loaded {
  ImportedFile file;
  std::vector<ingest::ParsedSeries> series;
};

Loaded load(const std::string& path, ingest::Options options) {
  Loaded loaded;
  loaded.file.path = path;
  options.name = path;
  const auto text = ingest::read_text(path);
  if (!text) {
    loaded.file.error = text.error();
    return loaded;
  }
  auto parsed = ingest::parse_csv(*text, options);
  if (!parsed) {
    loaded.file.error = parsed.error();
    return loaded;
  }
  loaded.file.rows = parsed->rows;
  loaded.file.findings = std::move(parsed->findings);
  loaded.file.refusal = std::move(parsed->refusal);
  for (const ingest::ParsedSeries& series : parsed->series) {
    loaded.file.series.push_back({series.symbol, series.asset_type, series.bars.size(), {}});
  }
  if (loaded.file.accepted()) loaded.series = std::move(parsed->series);
  return loaded;
}

/// Writes the bars of one file in one go, and what came of it into `file`.
Result<void> write(storage::Store& store, Loaded& loaded) {
  std::vector<storage::SymbolBars> batch;
  batch.reserve(loaded.series.size());
  for (const ingest::ParsedSeries& series : loaded.series) {
    batch.push_back({series.symbol, series.asset_type, series.bars});
  }
  auto outcomes = store.put_all_bars(batch, Call{});
  if (!outcomes) return std::unexpected(outcomes.error());
  for (std::size_t i = 0; i < outcomes->size(); ++i) {
    loaded.file.series[i].outcome = (*outcomes)[i];
  }
  return {};
}

/// Whether an error is the store's own, so that the files that follow would meet it too.
bool ends_import(Code code) {
  return code != Code::conflict && code != Code::invalid;
}

ImportReport import_files(const std::vector<std::string>& files, const ingest::Options& options,
                          storage::Store* store) {
  ImportReport report;
  report.dry_run = store == nullptr;
  report.skips_errors = options.on_error == ingest::OnError::skip;
  Progress progress(files.size(), "files");
  std::size_t rows = 0;
  // While one file is written the next is read; no more than these two are in memory.
  const auto start = [&](std::size_t i) {
    return std::async(std::launch::async, load, files[i], options);
  };
  std::future<Loaded> next = start(0);
  for (std::size_t i = 0; i < files.size(); ++i) {
    Loaded loaded = next.get();
    if (i + 1 < files.size()) next = start(i + 1);
    if (store != nullptr && loaded.file.accepted()) {
      if (const auto written = write(*store, loaded); !written) {
        loaded.file.error = written.error();
        if (ends_import(written.error().code)) report.error = written.error();
      }
    }
    rows += loaded.file.rows;
    progress.advance(ara::format("{} rows", rows));
    report.files.push_back(std::move(loaded.file));
    if (report.error) break;
  }
  return report;
}

Result<ingest::Options> to_options(const Arguments& arguments, std::size_t files) {
  ingest::Options options;
  if (!arguments.symbol.empty()) {
    if (files > 1) {
      return invalid("symbol", arguments.symbol,
                     ara::format("no --symbol: it is for one file, and there are {}", files));
    }
    auto symbol = domain::Symbol::parse(arguments.symbol);
    if (!symbol) return std::unexpected(symbol.error());
    options.symbol = std::move(*symbol);
  }
  if (!arguments.asset_type.empty()) {
    const auto type = domain::parse_asset_type(arguments.asset_type);
    if (!type) return std::unexpected(type.error());
    options.asset_type = *type;
  }
  if (!arguments.date_order.empty()) {
    const auto order = ingest::parse_date_order(arguments.date_order);
    if (!order) return std::unexpected(order.error());
    options.date_order = *order;
  }
  if (arguments.on_error == "skip") {
    options.on_error = ingest::OnError::skip;
  } else if (arguments.on_error != "stop") {
    return invalid("on_error", arguments.on_error, "stop or skip");
  }
  options.today = std::chrono::floor<std::chrono::days>(system_clock().now());
  return options;
}

Result<ImportReport> run_import(const Arguments& arguments, const Context& context) {
  const auto files = ingest::find_files(arguments.paths);
  if (!files) return std::unexpected(files.error());
  auto options = to_options(arguments, files->size());
  if (!options) return std::unexpected(options.error());
  std::shared_ptr<storage::Store> store;
  if (!arguments.dry_run) {
    auto opened = context.open_store(context.config);
    if (!opened) return std::unexpected(opened.error());
    store = std::move(*opened);
    // What is known of a symbol goes before a guess from a few new bars.
    options->known_type =
        [store](const domain::Symbol& symbol) -> std::optional<domain::AssetType> {
      const auto row = store->find_symbol(symbol, Call{});
      if (!row || !*row) return std::nullopt;
      return (*row)->asset_type;
    };
  }
  return import_files(*files, *options, store.get());
}

int run(const Arguments& arguments, const Context& context) {
  auto done = run_import(arguments, context);
  ImportReport report;
  if (done) {
    report = std::move(*done);
  } else {
    report.dry_run = arguments.dry_run;
    report.error = done.error();
  }
  if (report.error) cli::report(*report.error);
  int written = 0;
  if (arguments.json) {
    written = emit_or_report(to_json(report) + "\n");
  } else if (!report.files.empty()) {
    written = emit_or_report(to_text(report, standard_output().colour));
  }
  if (written != 0) return written;
  return report.exit_status();
}

}  // namespace

std::function<int()> enrol_import(CLI::App& subcommand, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  subcommand.add_option("PATH", arguments->paths, "Files, folders, or - for standard input")
      ->required();
  subcommand.add_option("--symbol", arguments->symbol,
                        "Whose bars they are; else a symbol column or the file's name says it");
  subcommand.add_option("--asset-type", arguments->asset_type,
                        "stock, crypto, forex, index or commodity; else it is guessed");
  subcommand.add_option("--date-order", arguments->date_order,
                        "ymd, dmy or mdy, for dates that can be read in several ways");
  subcommand.add_option("--on-error", arguments->on_error,
                        "stop refuses a file with a row in error (the default), skip leaves such "
                        "rows out");
  subcommand.add_flag("--dry-run", arguments->dry_run, "Read and check, and write nothing");
  subcommand.add_flag("--json", arguments->json, "One JSON object on standard output");
  subcommand.footer(std::string(kFooter));
  return [arguments, &context] { return run(*arguments, context); };
}

}  // namespace ara::cli
