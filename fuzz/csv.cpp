// Bytes as a CSV file. The first byte chooses the options, the others are the text. Whatever it is,
// reading it ends without a crash; what is accepted holds sound bars, and these, written plainly
// and read again, are the same.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/format.h"
#include "ingest/parse.h"

namespace {

using namespace ara;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

ingest::Options options_of(std::uint8_t choice) {
  ingest::Options options;
  options.name = "X.csv";
  if (choice & 1) options.on_error = ingest::OnError::skip;
  if (choice & 2) options.symbol = *domain::Symbol::parse("GIVEN");
  if (choice & 4) options.today = domain::Date{std::chrono::year{2024} / 1 / 1};
  const auto types = domain::asset_types();
  const std::size_t type = (choice >> 3) & 7;
  if (type < types.size()) options.asset_type = types[type].type;
  if (choice >> 6) options.date_order = static_cast<ingest::DateOrder>((choice >> 6) - 1);
  return options;
}

void check_bars(const ingest::ParsedSeries& series) {
  const domain::Bar* previous = nullptr;
  for (const domain::Bar& bar : series.bars) {
    require(std::isfinite(bar.close), "a close is finite");
    require(series.asset_type == domain::AssetType::commodity || bar.close > 0,
            "a close is positive");
    require(!(bar.high < bar.low - 1e-5 * std::max(std::abs(bar.high), std::abs(bar.low))),
            "a high is not below its low");
    require(!(bar.volume < 0), "a volume is not negative");
    require(previous == nullptr || previous->time < bar.time, "days ascend strictly");
    previous = &bar;
  }
}

/// The bars as the plainest file there is.
std::string write_plainly(const ingest::ParsedSeries& series) {
  std::string text = "date,open,high,low,close,adj_close,volume\n";
  const auto cell = [](double value) {
    return std::isnan(value) ? std::string() : ara::format("{}", value);
  };
  for (const domain::Bar& bar : series.bars) {
    text += ara::format("{},{},{},{},{},{},{}\n", domain::to_iso(domain::date_of(bar.time)),
                        cell(bar.open), cell(bar.high), cell(bar.low), cell(bar.close),
                        cell(bar.adjusted_close), cell(bar.volume));
  }
  return text;
}

void check_written_and_read_again(const ingest::ParsedSeries& series) {
  ingest::Options options;
  options.symbol = series.symbol;
  options.asset_type = series.asset_type;
  options.on_error = ingest::OnError::skip;
  const auto again = ingest::parse_csv(write_plainly(series), options);
  require(again.has_value() && again->accepted(), "what was accepted is accepted again");
  require(std::ranges::equal(again->series.at(0).bars, series.bars, domain::same_bar),
          "what was accepted reads the same again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ingest::Options options = options_of(data[0]);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto parsed = ingest::parse_csv(text, options);
  if (!parsed) {
    require(!parsed.error().message.empty(), "an error says what is wrong");
    return 0;
  }
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  for (const ingest::Finding& finding : parsed->findings.list()) {
    require(finding.row >= 1 && finding.row <= finding.last_row && finding.last_row <= lines,
            "a finding's rows are in the text");
  }
  if (!parsed->accepted()) return 0;
  require(parsed->bars() > 0, "an accepted file has bars");
  require(options.on_error == ingest::OnError::skip ||
              parsed->findings.count(ingest::Severity::error) == 0,
          "a file accepted as it is has no errors");
  for (const ingest::ParsedSeries& series : parsed->series) {
    check_bars(series);
    check_written_and_read_again(series);
  }
  return 0;
}
