#include <algorithm>

#include "base/text.h"
#include "http/app.h"
#include "http/input.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/resources.h"

namespace ara::http {
namespace {

void write_row(JsonObject item, const storage::SymbolRow& row) {
  item.text("symbol", row.symbol.text())
      .text("asset_type", describe(row.asset_type).name)
      .text("interval", "1d")
      .integer("bars", static_cast<std::int64_t>(row.bars))
      .text("first", domain::to_iso(domain::date_of(row.first)))
      .text("last", domain::to_iso(domain::date_of(row.last)))
      .text("revision", to_string(row.revision));
}

Reply list_symbols(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  auto rows = app.store->symbols({exchange.deadline});
  if (!rows) return problem(app, exchange, rows.error());
  const std::string prefix = to_upper(input->text("prefix"));
  const std::string type = input->text("asset_type");
  std::erase_if(*rows, [&](const storage::SymbolRow& row) {
    return !row.symbol.text().starts_with(prefix) ||
           (!type.empty() && describe(row.asset_type).name != type);
  });
  const Page page(*input);
  JsonDocument document;
  JsonObject top = document.top();
  JsonArray list = top.array("symbols");
  const std::size_t first = std::min(rows->size(), page.offset());
  const std::size_t last = std::min(rows->size(), first + page.limit());
  for (std::size_t i = first; i < last; ++i) write_row(list.object(), (*rows)[i]);
  page.write(top, rows->size());
  return fresh_reply(document);
}

Reply show_symbol(App& app, Exchange& exchange) {
  const auto symbol = Input::read(exchange, *exchange.route).and_then([](const Input& input) {
    return input.symbol("symbol");
  });
  if (!symbol) return problem(app, exchange, symbol.error());
  const auto row = app.store->find_symbol(*symbol, {exchange.deadline});
  if (!row) return problem(app, exchange, row.error());
  if (!*row) {
    return problem(app, exchange,
                   Error{Code::not_found, "There are no bars of " + symbol->text(), "symbol",
                         symbol->text(), "a symbol that GET /api/v1/symbols lists"});
  }
  JsonDocument document;
  write_row(document.top(), **row);
  return fresh_reply(document);
}

constexpr std::string_view kSymbol = R"json({
  "type": "object",
  "required": ["symbol", "asset_type", "interval", "bars", "first", "last", "revision"],
  "properties": {
    "symbol": {"type": "string"},
    "asset_type": {"type": "string"},
    "interval": {"type": "string", "enum": ["1d"]},
    "bars": {"type": "integer", "minimum": 1},
    "first": {"type": "string", "format": "date"},
    "last": {"type": "string", "format": "date"},
    "revision": {"type": "string"}
  }
})json";

constexpr std::string_view kSymbols = R"json({
  "type": "object",
  "required": ["symbols", "total", "page", "page_size"],
  "properties": {
    "symbols": {"type": "array", "items": {"$ref": "#/components/schemas/Symbol"}},
    "total": {"type": "integer", "minimum": 0},
    "page": {"type": "integer", "minimum": 1},
    "page_size": {"type": "integer", "minimum": 1}
  }
})json";

}  // namespace

Resource symbols_resource() {
  std::vector<std::string> types;
  for (const domain::AssetRow& row : domain::asset_types()) types.emplace_back(row.name);
  return {
      .tag = "symbols",
      .about = "The series that are stored",
      .routes = {{.path = "/api/v1/symbols",
                  .summary = "The stored symbols, in alphabetical order",
                  .parameters = with_pages({{.name = "prefix",
                                             .type = "string",
                                             .description = "What their names begin with; any case",
                                             .maximum = domain::Symbol::kMaxLength},
                                            {.name = "asset_type",
                                             .type = "string",
                                             .description = "Only symbols of this type",
                                             .choices = types}},
                                           "Symbols on a page", 1000, "100"),
                  .schema = "Symbols",
                  .failures = {422, 503},
                  .work = list_symbols},
                 {.path = "/api/v1/symbols/{symbol}",
                  .summary = "What is stored of one symbol",
                  .parameters = {{.name = "symbol",
                                  .in = In::path,
                                  .type = "string",
                                  .description = "Any case",
                                  .required = true,
                                  .minimum = 1,
                                  .maximum = domain::Symbol::kMaxLength,
                                  .example = "\"AAPL\""}},
                  .schema = "Symbol",
                  .failures = {404, 422, 503},
                  .work = show_symbol}},
      .schemas = {{"Symbol", kSymbol}, {"Symbols", kSymbols}}};
}

}  // namespace ara::http
