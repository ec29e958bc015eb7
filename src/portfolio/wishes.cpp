#include "portfolio/wishes.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "base/text.h"

namespace ara::portfolio {
namespace {

constexpr double kSumTolerance = 0.01;

std::string field_of(std::string_view field, std::string_view name) {
  return ara::format("{}.{}", field, name);
}

/// The place of a symbol among the assets.
Result<std::size_t> place_of(const History& history, std::string_view symbol,
                             const std::string& field) {
  const auto found = std::ranges::find(history.assets, symbol);
  if (found != history.assets.end()) {
    return static_cast<std::size_t>(found - history.assets.begin());
  }
  return invalid(field, symbol, "symbols that `assets` lists");
}

Result<void> check_limit(const std::string& field, double limit) {
  if (limit >= 0 && limit <= 2) return {};
  return invalid(field, ara::format("{}", limit), "a number from 0 to 2");
}

Result<void> add_sectors(const Wishes& wishes, const History& history, Constraints& into) {
  std::vector<std::pair<std::string, std::size_t>> members;  // sector, asset
  for (const auto& [symbol, sector] : wishes.sectors) {
    const auto place = place_of(history, to_upper(symbol), field_of("sectors", symbol));
    if (!place) return std::unexpected(place.error());
    members.emplace_back(sector, *place);
  }
  for (const auto& [sector, limit] : wishes.sector_limits) {
    GroupLimit group{.name = field_of("sector_limits", sector), .members = {}, .limit = limit};
    const std::string field = field_of("constraints", group.name);
    if (auto fine = check_limit(field, limit); !fine) return fine;
    for (const auto& [of, asset] : members) {
      if (of == sector) group.members.push_back(asset);
    }
    if (group.members.empty()) {
      return invalid(field, sector,
                     "sectors that `sectors` gives to an asset, e.g. {\"AAPL\": \"tech\"}");
    }
    into.groups.push_back(std::move(group));
  }
  return {};
}

Result<void> add_classes(const Wishes& wishes, const History& history, Constraints& into) {
  for (const auto& [name, limit] : wishes.asset_class_limits) {
    GroupLimit group{.name = field_of("asset_class_limits", name), .members = {}, .limit = limit};
    const std::string field = field_of("constraints", group.name);
    if (auto fine = check_limit(field, limit); !fine) return fine;
    auto type = domain::parse_asset_type(name);
    if (!type) {
      type.error().field = field;
      return std::unexpected(std::move(type.error()));
    }
    for (std::size_t i = 0; i < history.assets.size(); ++i) {
      if (history.asset_types[i] == *type) group.members.push_back(i);
    }
    into.groups.push_back(std::move(group));
  }
  return {};
}

double sum_of(const BySymbol& all) {
  double sum = 0;
  for (const auto& [symbol, value] : all) sum += value;
  return sum;
}

/// Weights that need not make up the whole.
Result<BySymbol> partial_weights(std::string_view field,
                                 std::span<const std::pair<std::string, double>> given) {
  auto weights = by_symbol(field, given, -1, 2);
  if (weights && sum_of(*weights) > 1 + kSumTolerance) {
    return invalid(field, ara::format("a sum of {}", sum_of(*weights)),
                   "weights that sum to at most 1, within 0.01; what is left is cash");
  }
  return weights;
}

}  // namespace

Result<BySymbol> by_symbol(std::string_view field,
                           std::span<const std::pair<std::string, double>> given, double least,
                           double most) {
  BySymbol all;
  for (const auto& [name, value] : given) {
    auto symbol = domain::Symbol::parse(name);
    if (!symbol) {
      symbol.error().field = field_of(field, name);
      return std::unexpected(std::move(symbol.error()));
    }
    if (!(value >= least && value <= most)) {
      return invalid(field_of(field, name), ara::format("{}", value),
                     ara::format("a number from {} to {}", least, most));
    }
    if (value_of(all, symbol->text())) {
      return invalid(field_of(field, name), name, "each symbol once");
    }
    all.emplace_back(symbol->text(), value);
  }
  return all;
}

std::optional<double> value_of(const BySymbol& all, std::string_view symbol) {
  const auto found = std::ranges::find(all, symbol, &BySymbol::value_type::first);
  if (found == all.end()) return std::nullopt;
  return found->second;
}

Result<Vector> weights_of(std::string_view field, const BySymbol& given, const History& history,
                          bool complete) {
  Vector weights = Vector::Zero(history.returns.cols());
  for (const auto& [symbol, weight] : given) {
    const auto place = place_of(history, symbol, field_of(field, symbol));
    if (!place) return std::unexpected(place.error());
    weights(static_cast<Eigen::Index>(*place)) = weight;
  }
  for (const std::string& asset : history.assets) {
    if (complete && !value_of(given, asset)) {
      return invalid(field_of(field, asset), "", "a weight for each of `assets`");
    }
  }
  if (std::abs(weights.sum() - 1) > kSumTolerance) {
    return invalid(field, ara::format("a sum of {}", weights.sum()),
                   "weights that sum to 1, within 0.01");
  }
  return weights / weights.sum();
}

Result<Order> order_of(const Wishes& wishes, const History& history) {
  const auto method = find_method(wishes.method);
  if (!method) return std::unexpected(method.error());
  const auto tolerance = find_tolerance(wishes.tolerance);
  if (!tolerance) return std::unexpected(tolerance.error());
  Order order{.method = *method,
              .tolerance = *tolerance,
              .constraints = wishes.constraints,
              .views = {},
              .reference = {}};
  if (auto added = add_sectors(wishes, history, order.constraints); !added) {
    return std::unexpected(std::move(added.error()));
  }
  if (auto added = add_classes(wishes, history, order.constraints); !added) {
    return std::unexpected(std::move(added.error()));
  }
  const auto views = by_symbol("expected_returns", wishes.expected_returns, -1, 10);
  if (!views) return std::unexpected(views.error());
  for (const auto& [symbol, expected] : *views) {
    const auto place = place_of(history, symbol, field_of("expected_returns", symbol));
    if (!place) return std::unexpected(place.error());
    order.views.push_back({*place, expected});
  }
  const auto market = by_symbol("market_weights", wishes.market_weights, 0, 1);
  if (!market) return std::unexpected(market.error());
  if (market->empty()) return order;
  auto reference = weights_of("market_weights", *market, history, false);
  if (!reference) return std::unexpected(std::move(reference.error()));
  order.reference = std::move(*reference);
  return order;
}

Result<std::vector<Holding>> holdings_of(
    std::span<const std::pair<std::string, double>> current_weights,
    std::span<const std::pair<std::string, double>> target_weights,
    std::span<const std::pair<std::string, double>> current_prices) {
  const auto prices = by_symbol("current_prices", current_prices, 1e-9, 1e12);
  if (!prices) return std::unexpected(prices.error());
  const auto current = partial_weights("current_weights", current_weights);
  if (!current) return std::unexpected(current.error());
  const auto target = partial_weights("target_weights", target_weights);
  if (!target) return std::unexpected(target.error());
  std::vector<Holding> holdings;
  for (const BySymbol* one : {&*current, &*target}) {
    for (const auto& [symbol, weight] : *one) {
      if (std::ranges::contains(holdings, symbol, &Holding::symbol)) continue;
      const auto price = value_of(*prices, symbol);
      if (!price) return invalid("current_prices." + symbol, "", "the price of each symbol");
      holdings.push_back({.symbol = symbol,
                          .current_weight = value_of(*current, symbol).value_or(0),
                          .target_weight = value_of(*target, symbol).value_or(0),
                          .price = *price});
    }
  }
  return holdings;
}

}  // namespace ara::portfolio
