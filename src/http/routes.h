#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"

namespace ara::http {

struct App;

/// Where a parameter stands in a request.
enum class In { path, query, body };

/// One input of a route: what is checked and what /openapi.json tells, from the same row.
struct Parameter {
  std::string_view name;
  In in = In::query;
  std::string_view type;  ///< of JSON Schema: "integer", "string", "boolean"
  std::string_view description;
  bool required = false;
  std::optional<int> minimum = {};
  std::optional<int> maximum = {};  ///< for a string, of its length
  std::vector<std::string> choices = {};
  std::string_view default_value = {};  ///< as JSON, e.g. "\"standard\""; empty for none
};

/// Whether a route exists at all can be a setting.
enum class Feature { always, docs, metrics };

/// The features that a server has.
struct Features {
  bool docs = true;
  bool metrics = true;

  bool has(Feature feature) const {
    return feature == Feature::always || (feature == Feature::docs ? docs : metrics);
  }
};

/// Takes the final reply, once, on any thread.
using Respond = std::function<void(Reply)>;

/// One row of the table: routing, 404 and 405, the metrics' label, the list under `GET /` and the
/// OpenAPI document all come from it.
struct Route {
  static constexpr std::size_t kMaxParameters = 8;

  Method method = Method::get;
  std::string_view path;  ///< with at most one whole segment in braces; also the metrics' label
  Feature feature = Feature::always;
  std::string_view summary;
  std::vector<Parameter> parameters;  ///< a route without any of In::query ignores its query
  std::string_view media_type;        ///< of a successful answer
  std::string_view schema;            ///< its component in schemas.cpp; empty where it is no JSON
  std::vector<int> failures;          ///< statuses it can end in besides 200

  /// Runs on the event loop: answers at once without blocking, or leaves it to `slow`.
  std::optional<Reply> (*fast)(App& app, Exchange& exchange) = nullptr;
  /// Begins what takes longer; null where `fast` always answers.
  void (*slow)(App& app, Exchange& exchange, Respond respond) = nullptr;
};

std::span<const Route> routes();

/// What a path and method lead to.
struct Match {
  const Route* route = nullptr;  ///< null: 405 where `allow` is set, else 404
  std::string_view parameter;    ///< what the path has in the place of braces, still encoded
  std::string allow;             ///< methods that the path has, e.g. "GET, HEAD"
};

/// Finds a path exactly as it was sent: no other spelling ("//", a slash at the end) is the same.
Match match(Method method, std::string_view path, const Features& features);

}  // namespace ara::http
