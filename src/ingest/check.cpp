#include "ingest/check.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/format.h"
#include "domain/calendar.h"

namespace ara::ingest {
namespace {

using domain::AssetType;
using domain::Bar;

constexpr double kRounding = 1e-5;

bool same_number(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

/// The order of high, low, open and close; absent ones are in order.
std::optional<std::string> range_fault(const Bar& bar) {
  const double slack = kRounding * std::max(std::abs(bar.high), std::abs(bar.low));
  if (bar.high < bar.low - slack) {
    return ara::format("high {} is below low {}", bar.high, bar.low);
  }
  const struct {
    const char* name;
    double value;
  } within[] = {{"open", bar.open}, {"close", bar.close}};
  for (const auto& [name, value] : within) {
    const double tolerance = kRounding * std::abs(value);
    if (value > bar.high + tolerance) {
      return ara::format("{} {} is above high {}", name, value, bar.high);
    }
    if (value < bar.low - tolerance) {
      return ara::format("{} {} is below low {}", name, value, bar.low);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Fault> check_bar(const Bar& bar, AssetType asset_type) {
  const struct {
    const char* name;
    double value;
  } prices[] = {{"open", bar.open},
                {"high", bar.high},
                {"low", bar.low},
                {"close", bar.close},
                {"adjusted close", bar.adjusted_close}};
  if (asset_type != AssetType::commodity) {
    for (const auto& [name, value] : prices) {
      if (value <= 0) return Fault{Kind::not_positive, ara::format("{} is {}", name, value)};
    }
  }
  if (bar.volume < 0) {
    return Fault{Kind::negative_volume, ara::format("volume is {}", bar.volume)};
  }
  if (auto fault = range_fault(bar)) return Fault{Kind::range, std::move(*fault)};
  return std::nullopt;
}

std::size_t order_rows(std::vector<Row>& rows, Findings& findings) {
  std::size_t forward = 0;
  std::size_t backward = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    forward += rows[i - 1].bar.time < rows[i].bar.time;
    backward += rows[i - 1].bar.time > rows[i].bar.time;
  }
  if (rows.empty() || forward == rows.size() - 1) return 0;
  if (backward == rows.size() - 1) {
    std::ranges::reverse(rows);
    return 0;
  }
  if (forward > 0 && backward > 0) {
    const bool newest_first = backward > forward;
    for (std::size_t i = 1; i < rows.size(); ++i) {
      const auto& before = rows[newest_first ? i : i - 1].bar.time;
      const auto& after = rows[newest_first ? i - 1 : i].bar.time;
      if (before <= after) continue;
      findings.add(Kind::unsorted, rows[i].line,
                   ara::format("out of order from here on ({} steps in all); sorted",
                               std::min(forward, backward)));
      break;
    }
  }
  std::ranges::sort(rows, [](const Row& a, const Row& b) {
    return a.bar.time != b.bar.time ? a.bar.time < b.bar.time : a.line < b.line;
  });
  std::size_t other_times = 0;
  std::size_t kept = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const Row& first = rows[kept];
    if (rows[i].bar.time != first.bar.time) {
      rows[++kept] = rows[i];
      continue;
    }
    other_times += rows[i].second_of_day != first.second_of_day;
    const std::string day = domain::to_iso(domain::date_of(first.bar.time));
    if (domain::same_bar(rows[i].bar, first.bar)) {
      findings.add(Kind::duplicate, rows[i].line,
                   ara::format("{} again, equal to row {}; left out", day, first.line));
    } else {
      findings.add(Kind::conflicting_duplicate, rows[i].line,
                   ara::format("{} again, with other values than row {}", day, first.line));
    }
  }
  rows.resize(kept + 1);
  return other_times;
}

namespace {

struct Between {
  std::size_t first;
  std::size_t last;
};

Between lines_of(const Row& a, const Row& b) {
  return {std::min(a.line, b.line), std::max(a.line, b.line)};
}

/// How many missing sessions in a row are not worth a word, where the calendar is known to be short
/// of closed days.
int unreported(domain::Market market, domain::Date from) {
  using namespace std::chrono;
  // The sources of commodity spot prices leave out Good Friday, the day after Thanksgiving and a
  // few more.
  if (market == domain::Market::us_futures) return 2;
  // New York closed on Lincoln's birthday, Columbus Day, Veterans Day and election days, one by one
  // until 1968; QuantLib does not know them.
  if (market == domain::Market::us_equities && from < sys_days{1969y / January / 1}) return 1;
  return 0;
}

void find_gaps(const Group& group, domain::Market market, Findings& findings) {
  const std::vector<Row>& rows = group.rows;
  std::vector<domain::Date> in_error = group.in_error;
  std::ranges::sort(in_error);
  in_error.erase(std::ranges::unique(in_error).begin(), in_error.end());
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const domain::Date from = domain::date_of(rows[i - 1].bar.time);
    const domain::Date to = domain::date_of(rows[i].bar.time);
    const auto apart = (to - from).count();
    if (apart == 1) continue;
    if (apart == 3 && market != domain::Market::always_open &&
        std::chrono::weekday{from} == std::chrono::Friday) {
      continue;  // a weekend; asking the calendar costs more than all the rest
    }
    const auto known =
        std::ranges::lower_bound(in_error, to) - std::ranges::upper_bound(in_error, from);
    const int missing = domain::sessions_between(market, from, to) - static_cast<int>(known);
    if (missing <= unreported(market, from)) continue;
    const auto [first, last] = lines_of(rows[i - 1], rows[i]);
    findings.add({Kind::gap, Severity::warning, first, last,
                  ara::format("{} session{} missing between {} and {}", missing,
                              missing == 1 ? "" : "s", domain::to_iso(from), domain::to_iso(to))});
  }
}

void find_off_sessions(const std::vector<Row>& rows, domain::Market market, Findings& findings) {
  if (market == domain::Market::always_open) return;
  // New York traded on Saturdays until 1952-09-27.
  using namespace std::chrono;
  constexpr domain::Date kSaturdaysEnd = sys_days{1952y / September / 29};
  std::size_t count = 0;
  const Row* first = nullptr;
  for (const Row& row : rows) {
    const domain::Date day = domain::date_of(row.bar.time);
    const weekday on{day};
    if (on != Sunday && (on != Saturday || day < kSaturdaysEnd)) continue;
    if (++count == 1 || row.line < first->line) first = &row;
  }
  if (count == 0) return;
  findings.add(
      Kind::off_session, first->line,
      ara::format("{} bar{} on Saturday or Sunday, when this market is closed; the first "
                  "is {}",
                  count, count == 1 ? "" : "s", domain::to_iso(domain::date_of(first->bar.time))));
}

bool same_prices(const Bar& a, const Bar& b) {
  return a.close == b.close && same_number(a.open, b.open) && same_number(a.high, b.high) &&
         same_number(a.low, b.low);
}

/// Five equal bars, or ten equal closes where there is only a close, do not happen by chance in a
/// series that is traded.
void find_stale(const std::vector<Row>& rows, Findings& findings) {
  std::size_t start = 0;
  for (std::size_t i = 1; i <= rows.size(); ++i) {
    if (i < rows.size() && same_prices(rows[i].bar, rows[start].bar)) continue;
    const Bar& bar = rows[start].bar;
    const std::size_t limit = std::isnan(bar.high) ? 10 : 5;
    if (i - start >= limit) {
      const auto [first, last] = lines_of(rows[start], rows[i - 1]);
      findings.add({Kind::stale, Severity::warning, first, last,
                    ara::format("the same prices (close {}) {} sessions running, {} to {}",
                                bar.close, i - start, domain::to_iso(domain::date_of(bar.time)),
                                domain::to_iso(domain::date_of(rows[i - 1].bar.time)))});
    }
    start = i;
  }
}

struct Split {
  int new_shares;
  int old_shares;
};
constexpr std::array kSplits{Split{3, 2},  Split{2, 1},  Split{5, 2},  Split{3, 1},  Split{4, 1},
                             Split{5, 1},  Split{6, 1},  Split{7, 1},  Split{8, 1},  Split{10, 1},
                             Split{12, 1}, Split{15, 1}, Split{20, 1}, Split{25, 1}, Split{30, 1},
                             Split{40, 1}, Split{50, 1}, Split{100, 1}};

/// The median of log(value / level) over up to five rows from `begin` on, or before it.
double drift_from(double level, const std::vector<Row>& rows, std::size_t begin, std::size_t end) {
  std::array<double, 5> drift{};
  std::size_t n = 0;
  for (std::size_t i = begin; i < end && n < drift.size(); ++i) {
    drift[n++] = std::log(domain::value_close(rows[i].bar) / level);
  }
  if (n == 0) return 0;
  std::sort(drift.begin(), drift.begin() + static_cast<std::ptrdiff_t>(n));
  return drift[n / 2];
}

/// Whether more than a long weekend lies before the row, in which anything can have happened.
bool far_apart(const std::vector<Row>& rows, std::size_t i) {
  return rows[i].bar.time - rows[i - 1].bar.time > std::chrono::days{7};
}

/// A split that the values were not adjusted for shows as an overnight jump by its ratio, at the
/// open already, on an otherwise ordinary day, from an ordinary level to one that lasts. A crash
/// goes by no such ratio, or swings widely on its day; a bad price comes back.
std::optional<std::string> split_between(const std::vector<Row>& rows, std::size_t i) {
  constexpr double kSwing = 0.15;  // log of high / low on an ordinary day
  constexpr double kLasting = 0.2;
  const Bar& bar = rows[i].bar;
  const double before = domain::value_close(rows[i - 1].bar);
  const double after = domain::value_close(bar);
  const double close_jump = std::log(after / before);
  if (std::abs(close_jump) < 0.3) return std::nullopt;
  if (far_apart(rows, i)) return std::nullopt;
  const double open_jump =
      std::isnan(bar.open) ? close_jump : std::log(bar.open * (after / bar.close) / before);
  if (std::log(bar.high / bar.low) > kSwing) return std::nullopt;
  for (const Split& split : kSplits) {
    const double ratio = std::log(static_cast<double>(split.new_shares) / split.old_shares);
    const double tolerance = std::min(0.07 * ratio, 0.1);
    if (std::abs(std::abs(open_jump) - ratio) > tolerance ||
        std::abs(std::abs(close_jump) - ratio) > 2 * tolerance || open_jump * close_jump < 0) {
      continue;
    }
    const std::size_t earlier = i > 5 ? i - 5 : 0;
    if (std::abs(drift_from(after, rows, i + 1, rows.size())) > kLasting ||
        std::abs(drift_from(before, rows, earlier, i)) > kLasting) {
      return std::nullopt;
    }
    const bool forward = open_jump < 0;
    return ara::format("{}:{}", forward ? split.new_shares : split.old_shares,
                       forward ? split.old_shares : split.new_shares);
  }
  return std::nullopt;
}

/// No market moves tenfold in a session: the source changed its unit or its scale.
constexpr double kTenfold = 10;

void find_jumps(const std::vector<Row>& rows, bool splits, bool keep, Findings& findings) {
  const Severity severity = keep ? Severity::warning : Severity::error;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::size_t line = rows[i].line;
    const double before = domain::value_close(rows[i - 1].bar);
    const double after = domain::value_close(rows[i].bar);
    const auto step = [&] {
      return ara::format("{} to {} overnight ({})", before, after,
                         domain::to_iso(domain::date_of(rows[i].bar.time)));
    };
    if (const auto split = splits ? split_between(rows, i) : std::nullopt) {
      findings.add({Kind::unadjusted_split, severity, line, line,
                    step() + " looks like a " + *split +
                        " split that the prices before it were not adjusted for"});
    } else if (before > 0 && after > 0 && std::max(after / before, before / after) > kTenfold &&
               !far_apart(rows, i)) {
      findings.add({Kind::jump, severity, line, line, step() + " is more than tenfold"});
    }
  }
}

}  // namespace

void check_series(const Group& group, AssetType asset_type, bool keep_jumps, Findings& findings) {
  const domain::Market market = domain::describe(asset_type).market;
  find_gaps(group, market, findings);
  find_off_sessions(group.rows, market, findings);
  find_stale(group.rows, findings);
  find_jumps(group.rows, asset_type == AssetType::stock, keep_jumps, findings);
}

}  // namespace ara::ingest
