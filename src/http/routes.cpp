#include "http/routes.h"

#include <utility>

#include "http/resources.h"

namespace ara::http {
namespace {

std::vector<Resource> make_resources() {
  // The most asked-for first: the table is searched from its top.
  return {
      predict_resource(),   batch_resource(),     predictions_resource(), bars_resource(),
      symbols_resource(),   portfolio_resource(), market_resource(),      jobs_resource(),
      training_resource(),  backtests_resource(), models_resource(),      deployment_resource(),
      sentiment_resource(), auth_resource(),      api_keys_resource(),    users_resource(),
      streams_resource(),   webhooks_resource(),  health_resource(),      docs_resource(),
      about_resource(),
  };
}

std::vector<Route> make_routes() {
  std::vector<Route> all;
  for (const Resource& resource : resources()) {
    for (Route route : resource.routes) {
      route.tag = resource.tag;
      all.push_back(std::move(route));
    }
  }
  return all;
}

/// Whether `path` fits `pattern`; what stands in the place of the braces, or an empty text.
std::optional<std::string_view> fit(std::string_view pattern, std::string_view path) {
  const std::size_t brace = pattern.find('{');
  if (brace == std::string_view::npos) {
    return pattern == path ? std::optional<std::string_view>("") : std::nullopt;
  }
  if (!path.starts_with(pattern.substr(0, brace))) return std::nullopt;
  const std::string_view rest = pattern.substr(pattern.find('}') + 1);
  std::string_view segment = path.substr(brace);
  if (!segment.ends_with(rest)) return std::nullopt;
  segment.remove_suffix(rest.size());
  if (segment.empty() || segment.find('/') != std::string_view::npos) return std::nullopt;
  return segment;
}

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::remove:
      return "DELETE";
    case Method::other:
      break;
  }
  return "OTHER";
}

std::span<const Resource> resources() {
  static const std::vector<Resource> table = make_resources();
  return table;
}

std::span<const Route> routes() {
  static const std::vector<Route> table = make_routes();
  return table;
}

Match match(Method method, std::string_view path, const Features& features) {
  Match found;
  for (const Route& route : routes()) {
    const auto parameter = fit(route.path, path);
    if (!parameter || !features.has(route.feature)) continue;
    if (route.method == method) return {&route, *parameter, {}};
    found.allow += found.allow.empty() ? "" : ", ";
    found.allow += route.method == Method::get ? "GET, HEAD" : to_string(route.method);
  }
  return found;
}

}  // namespace ara::http
