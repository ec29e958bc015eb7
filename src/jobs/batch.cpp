// The kind "batch": {"symbols": [...], "days": 5, "analysis_level": "standard",
// "include_explanations": true}. The result holds the forecasts themselves, since the store keeps
// them no longer than a cache would.

#include "base/format.h"
#include "jobs/forecasts.h"
#include "jobs/payload.h"

namespace ara::jobs {
namespace {

constexpr std::size_t kMostSymbols = 100;

Result<std::vector<serve::ForecastRequest>> read_batch(std::string_view payload) {
  auto in = Payload::parse(payload);
  if (!in) return std::unexpected(std::move(in.error()));
  const auto symbols = in->texts("symbols");
  const auto days = static_cast<int>(in->integer("days", domain::ForecastKey::kDefaultHorizon, 1,
                                                 domain::ForecastKey::kMaxHorizon));
  const auto level =
      in->take(domain::parse_analysis_level(
                   in->text("analysis_level", domain::to_string(domain::AnalysisLevel::standard))),
               domain::AnalysisLevel::standard);
  const bool explanations = in->flag("include_explanations", true);
  if (symbols.empty() || symbols.size() > kMostSymbols) {
    in->note(invalid("symbols", ara::format("{} of them", symbols.size()),
                     ara::format("1 to {} symbols", kMostSymbols))
                 .error());
  }
  std::vector<serve::ForecastRequest> requests;
  for (const std::string& text : symbols) {
    auto symbol = domain::Symbol::parse(text);
    if (!symbol) return std::unexpected(std::move(symbol.error()));
    requests.push_back({.symbol = std::move(*symbol),
                        .days = days,
                        .level = level,
                        .explanations = explanations,
                        .asset_type = std::nullopt});
  }
  return in->check().transform([&] { return std::move(requests); });
}

}  // namespace

Result<Prepared> prepare_batch(std::string_view payload, const registry::Shelf&) {
  const auto requests = read_batch(payload);
  if (!requests) return std::unexpected(requests.error());
  std::vector<std::string> symbols;
  for (const auto& request : *requests) symbols.push_back(request.symbol.text());
  const serve::ForecastRequest& first = requests->front();
  return Prepared{
      ara::format(R"({{"symbols":{},"days":{},"analysis_level":"{}","include_explanations":{}}})",
                  json_texts(symbols), first.days, domain::to_string(first.level),
                  first.explanations),
      {}};
}

Result<std::string> run_batch(std::string_view payload, Context& context) {
  const auto requests = read_batch(payload);
  if (!requests) return std::unexpected(requests.error());
  auto forecasts = Forecasts::start(context);
  if (!forecasts) return std::unexpected(std::move(forecasts.error()));
  std::vector<std::string> made, failed;
  for (const serve::ForecastRequest& request : *requests) {
    if (context.cancelled()) break;
    const double done = static_cast<double>(made.size() + failed.size());
    context.progress(done / static_cast<double>(requests->size()), request.symbol.text());
    const auto row = forecasts->make(request);
    if (row) {
      made.push_back(row->bytes);
      continue;
    }
    const Code code = row.error().code;
    if (code != Code::not_found && code != Code::invalid) return std::unexpected(row.error());
    failed.push_back(ara::format(R"({{"symbol":{},"error":{}}})", json_text(request.symbol.text()),
                                 json_text(row.error().message)));
  }
  return ara::format(
      R"({{"total_count":{},"successful_count":{},"failed_count":{},"failed":{},"predictions":{}}})",
      requests->size(), made.size(), failed.size(), json_array(failed), json_array(made));
}

}  // namespace ara::jobs
