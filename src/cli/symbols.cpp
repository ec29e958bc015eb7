#include <yyjson.h>

#include <cstdlib>
#include <memory>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/table.h"

namespace ara::cli {
namespace {

struct SymbolsOptions {
  bool json = false;
  bool names = false;
};

std::string as_json(const std::vector<storage::SymbolRow>& rows) {
  const std::unique_ptr<yyjson_mut_doc, decltype(&yyjson_mut_doc_free)> owner(
      yyjson_mut_doc_new(nullptr), &yyjson_mut_doc_free);
  yyjson_mut_doc* doc = owner.get();
  yyjson_mut_val* list = yyjson_mut_arr(doc);
  yyjson_mut_doc_set_root(doc, list);
  for (const storage::SymbolRow& row : rows) {
    yyjson_mut_val* item = yyjson_mut_arr_add_obj(doc, list);
    const auto add = [&](const char* name, std::string_view text) {
      yyjson_mut_obj_add_strncpy(doc, item, name, text.data(), text.size());
    };
    add("symbol", row.symbol.text());
    add("asset_type", domain::describe(row.asset_type).name);
    yyjson_mut_obj_add_uint(doc, item, "bars", row.bars);
    add("first", domain::to_iso(domain::date_of(row.first)));
    add("last", domain::to_iso(domain::date_of(row.last)));
    add("revision", domain::to_string(row.revision));
  }
  const std::unique_ptr<char, decltype(&std::free)> text(
      yyjson_mut_write(doc, YYJSON_WRITE_PRETTY_TWO_SPACES, nullptr), &std::free);
  return std::string(text.get()) + "\n";
}

std::string as_table(const std::vector<storage::SymbolRow>& rows, bool colour) {
  using enum Table::Align;
  Table table({{"Symbol"}, {"Type"}, {"Bars", right}, {"First"}, {"Last"}, {"Revision"}});
  for (const storage::SymbolRow& row : rows) {
    table.add({{row.symbol.text(), "1"},
               {std::string(domain::describe(row.asset_type).name)},
               {std::to_string(row.bars)},
               {domain::to_iso(domain::date_of(row.first))},
               {domain::to_iso(domain::date_of(row.last))},
               {domain::to_string(row.revision)}});
  }
  return table.render(colour);
}

int list_symbols(const SymbolsOptions& options, Context& context) {
  const auto store = context.open_store(context.config);
  if (!store) return report(store.error());
  const auto rows = (*store)->symbols(Call{});
  if (!rows) return report(rows.error());
  if (options.json) return emit_or_report(as_json(*rows));
  if (options.names) {
    std::string out;
    for (const storage::SymbolRow& row : *rows) out += row.symbol.text() + "\n";
    return emit_or_report(out);
  }
  if (rows->empty()) {
    return emit_or_report("There are no symbols in " + context.config.home +
                          " yet. `ara import FILE.csv` brings some in.\n");
  }
  return emit_or_report(as_table(*rows, standard_output().colour));
}

}  // namespace

std::function<int()> enrol_symbols(CLI::App& app, Context& context) {
  const auto options = std::make_shared<SymbolsOptions>();
  auto* json = app.add_flag("--json", options->json, "A JSON array");
  app.add_flag("--names", options->names, "The names alone, one a line")->excludes(json);
  return [options, &context] { return list_symbols(*options, context); };
}

}  // namespace ara::cli
