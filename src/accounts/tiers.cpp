#include "accounts/tiers.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace ara::accounts {
namespace {

constexpr std::size_t kLongestName = 32;
constexpr long long kHighest = 10'000'000;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

/// Takes what stands before `mark` off the front of `rest`.
std::string_view take(std::string_view& rest, char mark) {
  const std::size_t at = std::min(rest.find(mark), rest.size());
  const std::string_view piece = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return trim(piece);
}

bool parse_tier(std::string_view text, Tier& tier) {
  tier.name = take(text, '=');
  const std::size_t slashes = static_cast<std::size_t>(std::ranges::count(text, '/'));
  constexpr std::array kFields{&Tier::per_minute, &Tier::per_day, &Tier::batch,
                               &Tier::backtest_days, &Tier::portfolio_assets};
  if (!is_name(tier.name) || slashes + 1 != kFields.size()) return false;
  for (const auto field : kFields) {
    const auto number = parse_integer(take(text, '/'));
    if (!number || *number < 1 || *number > kHighest) return false;
    tier.*field = static_cast<int>(*number);
  }
  return true;
}

}  // namespace

Result<Tiers> Tiers::parse(std::string_view text) {
  Tiers tiers;
  std::string_view rest = text;
  do {
    Tier tier;
    if (!parse_tier(take(rest, ','), tier) || tiers.find(tier.name) != nullptr ||
        tiers.rows_.size() == kMost) {
      return invalid("tiers", text, kAllowed);
    }
    tiers.rows_.push_back(std::move(tier));
  } while (!rest.empty());
  return tiers;
}

const Tier* Tiers::find(std::string_view name) const {
  const auto found = std::ranges::find(rows_, name, &Tier::name);
  return found == rows_.end() ? nullptr : &*found;
}

Result<const Tier*> Tiers::parse_name(std::string_view name) const {
  if (const Tier* tier = find(name)) return tier;
  std::string allowed = "one of";
  for (const Tier& tier : rows_) {
    allowed += (&tier == &rows_.front() ? " " : ", ") + tier.name;
  }
  return invalid("tier", name, allowed);
}

}  // namespace ara::accounts
