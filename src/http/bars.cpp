#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/format.h"
#include "http/app.h"
#include "http/input.h"
#include "http/job_view.h"
#include "http/json.h"
#include "http/problem.h"
#include "http/reply.h"
#include "http/resources.h"
#include "ingest/check.h"
#include "live/live.h"

namespace ara::http {
namespace {

using domain::Bar;

constexpr double kMostBars = 5000;
constexpr double kMostPage = 10'000;
constexpr std::string_view kCsv = "text/csv; charset=utf-8";

/// The numbers of a bar, in the order in which they are told.
struct BarField {
  std::string_view name;
  std::string_view description;
  double Bar::* member;
};
constexpr std::array kFields{
    BarField{"open", "Null or absent where the source has none", &Bar::open},
    BarField{"high", "Null or absent where the source has none", &Bar::high},
    BarField{"low", "Null or absent where the source has none", &Bar::low},
    BarField{"close", "Not adjusted", &Bar::close},
    BarField{"adjusted_close", "Adjusted for splits and dividends", &Bar::adjusted_close},
    BarField{"volume", "Units traded", &Bar::volume},
};

/// The bars of one symbol in a request, in the order in which they came.
struct Batch {
  domain::AssetType asset_type = domain::AssetType::stock;
  std::vector<std::pair<std::size_t, Bar>> bars;  ///< with their places in the list
};

std::string place(std::size_t index, std::string_view field = {}) {
  return ara::format("bars[{}]{}{}", index, field.empty() ? "" : ".", field);
}

Result<Bar> read_bar(const Input& input, std::size_t index, WallTime now) {
  Bar bar{.time = *input.date("date")};
  if (bar.time > now + std::chrono::days{1}) {
    return invalid(place(index, "date"), input.text("date"), "a day that is not in the future");
  }
  for (const BarField& field : kFields) {
    if (const auto value = input.maybe_number(field.name)) bar.*field.member = *value;
  }
  return bar;
}

/// What a symbol that is not stored yet is taken for.
Result<domain::AssetType> asset_type_of(App& app, const domain::Symbol& symbol, const Input& input,
                                        const Call& call) {
  if (input.given("asset_type")) return domain::parse_asset_type(input.text("asset_type"));
  const auto row = app.store->find_symbol(symbol, call);
  if (!row) return std::unexpected(row.error());
  return *row ? (*row)->asset_type : domain::AssetType::stock;
}

Result<std::map<domain::Symbol, Batch>> read_batches(App& app, const Input& input,
                                                     const Call& call) {
  std::map<domain::Symbol, Batch> batches;
  const auto items = input.objects("bars");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool own = items[i].given("symbol");
    if (!own && !input.given("symbol")) {
      return invalid(place(i, "symbol"), "", "a symbol, here or beside the list");
    }
    auto symbol = own ? items[i].symbol("symbol") : input.symbol("symbol");
    if (!symbol) return std::unexpected(std::move(symbol.error()));
    const auto bar = read_bar(items[i], i, app.clock.now());
    if (!bar) return std::unexpected(bar.error());
    auto [batch, added] = batches.try_emplace(*symbol);
    if (added) {
      const auto type = asset_type_of(app, *symbol, input, call);
      if (!type) return std::unexpected(type.error());
      batch->second.asset_type = *type;
    }
    if (const auto fault = ingest::check_bar(*bar, batch->second.asset_type)) {
      return invalid(place(i), fault->message,
                     "positive prices, open and close between low and high, volume of at least 0");
    }
    batch->second.bars.emplace_back(i, *bar);
  }
  return batches;
}

/// In order of time; a day twice is refused unless it is the same bar.
Result<std::vector<Bar>> in_order(Batch& batch) {
  std::ranges::stable_sort(batch.bars, {}, [](const auto& item) { return item.second.time; });
  std::vector<Bar> bars;
  for (const auto& [index, bar] : batch.bars) {
    if (!bars.empty() && bars.back().time == bar.time) {
      if (domain::same_bar(bars.back(), bar)) continue;
      return invalid(place(index, "date"), domain::to_iso(domain::date_of(bar.time)),
                     "one bar for a day; another one of that day is in the list");
    }
    bars.push_back(bar);
  }
  return bars;
}

Reply answer(const App& app, const Exchange& exchange,
             const std::vector<storage::SymbolBars>& written,
             const std::vector<storage::PutOutcome>& outcomes) {
  JsonDocument document;
  JsonObject top = document.top();
  JsonArray results = top.array("results");
  for (std::size_t i = 0; i < written.size(); ++i) {
    results.object()
        .text("symbol", written[i].symbol.text())
        .text("asset_type", describe(written[i].asset_type).name)
        .integer("inserted", static_cast<std::int64_t>(outcomes[i].inserted))
        .integer("corrected", static_cast<std::int64_t>(outcomes[i].corrected))
        .integer("unchanged", static_cast<std::int64_t>(outcomes[i].unchanged))
        .text("revision", to_string(outcomes[i].revision));
  }
  top.text("timestamp", to_rfc3339(app.clock.now())).text("request_id", exchange.id.text());
  return private_reply(document);
}

Reply post_bars(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const Call call{exchange.deadline};
  auto batches = read_batches(app, *input, call);
  if (!batches) return problem(app, exchange, batches.error());
  std::vector<std::vector<Bar>> held;
  std::vector<storage::SymbolBars> parts;
  held.reserve(batches->size());
  for (auto& [symbol, batch] : *batches) {
    auto bars = in_order(batch);
    if (!bars) return problem(app, exchange, bars.error());
    held.push_back(std::move(*bars));
    parts.push_back({symbol, batch.asset_type, held.back()});
  }
  const auto outcomes = app.store->put_all_bars(parts, call);
  if (!outcomes) return problem(app, exchange, outcomes.error());
  app.service->bars_changed();
  if (app.live) app.live->feed.bars_changed();
  refresh_forecasts(app, parts, *outcomes, call);
  return answer(app, exchange, parts, *outcomes);
}

std::string csv_of(const domain::Series& series) {
  std::string text = "date";
  for (const BarField& field : kFields) text += "," + std::string(field.name);
  text += "\n";
  for (const Bar& bar : series.bars) {
    text += domain::to_iso(domain::date_of(bar.time));
    for (const BarField& field : kFields) {
      const double value = bar.*field.member;
      text += std::isfinite(value) ? ara::format(",{}", value) : ",";
    }
    text += "\n";
  }
  return text;
}

std::string json_of(const domain::Series& series, const std::optional<std::string>& next) {
  JsonDocument document;
  JsonObject top = document.top();
  top.text("symbol", series.symbol.text())
      .text("asset_type", describe(series.asset_type).name)
      .text("revision", to_string(series.revision))
      .integer("count", static_cast<std::int64_t>(series.bars.size()));
  JsonArray list = top.array("bars");
  for (const Bar& bar : series.bars) {
    JsonObject item = list.object();
    item.text("date", domain::to_iso(domain::date_of(bar.time)));
    for (const BarField& field : kFields) item.exact(field.name, bar.*field.member);
  }
  if (next) {
    top.text("next", *next);
  } else {
    top.null("next");
  }
  return document.write();
}

Reply get_bars(App& app, Exchange& exchange) {
  const auto input = Input::read(exchange, *exchange.route);
  if (!input) return problem(app, exchange, input.error());
  const auto symbol = input->symbol("symbol");
  if (!symbol) return problem(app, exchange, symbol.error());
  const auto limit = static_cast<std::size_t>(input->integer("limit"));
  storage::BarRange range{
      .from = {}, .to = {}, .limit = limit + 1};  // one more tells of a next page
  if (const auto start = input->date("start")) range.from = *start;
  if (const auto end = input->date("end")) range.to = *end;
  if (range.from && range.to && *range.from > *range.to) {
    return problem(app, exchange,
                   invalid("start", input->text("start"), "a day not after `end`").error());
  }
  auto series = app.store->bars(*symbol, range, {exchange.deadline});
  if (!series) {
    Error error = series.error();
    error.field = "symbol";
    return problem(app, exchange, error);
  }
  std::optional<std::string> next;
  if (series->bars.size() > limit) {
    next = domain::to_iso(domain::date_of(series->bars.back().time));
    series->bars.pop_back();
  }
  Reply reply{.headers = "cache-control: no-cache\r\n", .body = {}, .shared = {}};
  if (input->text("format") == "csv") {
    reply.content_type = kCsv;
    reply.body = csv_of(*series);
    if (next) reply.headers += "x-next-start: " + *next + "\r\n";
  } else {
    reply.body = json_of(*series, next);
  }
  return reply;
}

std::vector<Parameter> bar_fields() {
  std::vector<Parameter> fields{{.name = "date",
                                 .type = "string",
                                 .description = "Session, in the market's own date",
                                 .required = true,
                                 .format = "date"},
                                {.name = "symbol",
                                 .type = "string",
                                 .description = "If not the one beside the list",
                                 .minimum = 1,
                                 .maximum = domain::Symbol::kMaxLength}};
  for (const BarField& field : kFields) {
    fields.push_back({.name = field.name,
                      .type = "number",
                      .description = field.description,
                      .required = field.name == "close"});
  }
  return fields;
}

std::vector<std::string> asset_type_names() {
  std::vector<std::string> names;
  for (const domain::AssetRow& row : domain::asset_types()) names.emplace_back(row.name);
  return names;
}

Route post_route() {
  return {.method = Method::post,
          .path = "/api/v1/bars",
          .access = Access::user,
          .summary = "Adds or corrects bars, of one symbol or several; all of them or none",
          .parameters = {{.name = "symbol",
                          .in = In::body,
                          .type = "string",
                          .description = "Of all bars that name none themselves",
                          .minimum = 1,
                          .maximum = domain::Symbol::kMaxLength,
                          .example = "\"DEMO\""},
                         {.name = "asset_type",
                          .in = In::body,
                          .type = "string",
                          .description = "By default as stored, stock for a new symbol",
                          .choices = asset_type_names()},
                         {.name = "bars",
                          .in = In::body,
                          .type = "array",
                          .description = "In any order; sending the same again changes nothing",
                          .required = true,
                          .minimum = 1,
                          .maximum = kMostBars,
                          .items = "object",
                          .fields = bar_fields(),
                          .example = R"([{"date":"2024-01-02","open":10,"high":11,"low":9.5,)"
                                     R"("close":10.5,"volume":1000}])"}},
          .max_body = Route::kLargestBody,
          .schema = "BarsWritten",
          .failures = {409, 413, 415, 422, 503},
          .work = post_bars};
}

Route get_route() {
  return {.path = "/api/v1/bars/{symbol}",
          .summary = "The bars of a symbol, oldest first",
          .parameters = {{.name = "symbol",
                          .in = In::path,
                          .type = "string",
                          .description = "A stored series, e.g. AAPL; any case",
                          .required = true,
                          .minimum = 1,
                          .maximum = domain::Symbol::kMaxLength,
                          .example = "\"AAPL\""},
                         {.name = "start",
                          .type = "string",
                          .description = "First day; a page's `next` is the start of the next page",
                          .aliases = {"start_date"},
                          .format = "date"},
                         {.name = "end",
                          .type = "string",
                          .description = "Last day",
                          .aliases = {"end_date"},
                          .format = "date"},
                         {.name = "limit",
                          .type = "integer",
                          .description = "Bars on a page",
                          .minimum = 1,
                          .maximum = kMostPage,
                          .default_value = "1000",
                          .example = "5"},
                         {.name = "format",
                          .type = "string",
                          .description = "csv has `next` in the header X-Next-Start",
                          .choices = {"json", "csv"},
                          .default_value = "\"json\""}},
          .other_media_type = kCsv,
          .schema = "Bars",
          .failures = {404, 422, 503},
          .work = get_bars};
}

constexpr std::string_view kWritten = R"json({
  "type": "object",
  "required": ["results", "timestamp", "request_id"],
  "properties": {
    "results": {
      "type": "array",
      "items": {
        "type": "object",
        "required": ["symbol", "asset_type", "inserted", "corrected", "unchanged", "revision"],
        "properties": {
          "symbol": {"type": "string"},
          "asset_type": {"type": "string"},
          "inserted": {"type": "integer", "minimum": 0},
          "corrected": {"type": "integer", "minimum": 0},
          "unchanged": {"type": "integer", "minimum": 0},
          "revision": {"type": "string", "description": "As min_revision of a forecast it makes sure that these bars are seen"}
        }
      }
    },
    "timestamp": {"type": "string", "format": "date-time"},
    "request_id": {"type": "string"}
  }
})json";

constexpr std::string_view kBars = R"json({
  "type": "object",
  "required": ["symbol", "asset_type", "revision", "count", "bars", "next"],
  "properties": {
    "symbol": {"type": "string"},
    "asset_type": {"type": "string"},
    "revision": {"type": "string"},
    "count": {"type": "integer", "minimum": 0},
    "bars": {
      "type": "array",
      "items": {
        "type": "object",
        "required": ["date", "open", "high", "low", "close", "adjusted_close", "volume"],
        "properties": {
          "date": {"type": "string", "format": "date"},
          "open": {"type": ["number", "null"]},
          "high": {"type": ["number", "null"]},
          "low": {"type": ["number", "null"]},
          "close": {"type": "number"},
          "adjusted_close": {"type": ["number", "null"]},
          "volume": {"type": ["number", "null"]}
        }
      }
    },
    "next": {"type": ["string", "null"], "format": "date", "description": "The start of the next page; null on the last"}
  }
})json";

}  // namespace

Resource bars_resource() {
  return {.tag = "bars",
          .about = "The bars that forecasts are made from",
          .routes = {post_route(), get_route()},
          .schemas = {{"BarsWritten", kWritten}, {"Bars", kBars}}};
}

}  // namespace ara::http
