#pragma once

#include <algorithm>
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

/// One input of a route: what is checked (input.h) and what /openapi.json tells, from the same row.
struct Parameter {
  std::string_view name;
  In in = In::query;
  /// Of JSON Schema: "string", "integer", "number", "boolean"; in a body also "array" (of `items`)
  /// and "object" (of `fields`, or where there are none, of any names with values of `items`).
  std::string_view type;
  std::string_view description;
  bool required = false;
  std::optional<double> minimum =
      {};  ///< of a number; of a text's length; of an array's or map's count
  std::optional<double> maximum = {};
  std::vector<std::string> choices = {};
  std::string_view default_value = {};  ///< as JSON, e.g. "\"standard\""; empty for none
  std::string_view items = {};          ///< the type of each value of an array or map
  std::vector<Parameter> fields = {};   ///< of an object, or of each item of an array of objects
  std::vector<std::string_view> aliases = {};  ///< other names that clients of the original send
  std::string_view format = {};                ///< "date" is checked; others only tell
  std::string_view example = {};  ///< as JSON; what /openapi.json shows and a test sends
};

/// Whether clients may call it so.
inline bool is_called(const Parameter& parameter, std::string_view name) {
  return parameter.name == name || std::ranges::contains(parameter.aliases, name);
}

/// Who may call a route: everyone, or accounts of a role and those above it.
enum class Access {
  open,      ///< everyone, without a credential; nothing is counted
  readonly,  ///< what reads, or asks for a forecast
  user,      ///< what has an owner
  admin,     ///< what all share: models and accounts
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
  static constexpr std::size_t kMaxParameters = 16;
  static constexpr std::size_t kLargestBody = 1024 * 1024;

  Method method = Method::get;
  std::string_view path;  ///< with at most one whole segment in braces; also the metrics' label
  Access access = Access::readonly;
  Feature feature = Feature::always;
  std::string_view summary;
  std::vector<Parameter> parameters;  ///< a route without any of In::query ignores its query
  std::size_t max_body = 64 * 1024;   ///< bytes; at most kLargestBody
  int success = 200;
  std::string_view media_type = "application/json";  ///< of a successful answer
  std::string_view other_media_type = {};            ///< of the same in another form, on demand
  std::string_view schema = {};  ///< the component that the answer is; empty where it is no JSON
  std::vector<int> failures;     ///< statuses it can end in besides `success`

  /// Runs on the event loop: answers at once without blocking, or leaves it to `slow` or `work`.
  /// Null where nothing can be answered at once.
  std::optional<Reply> (*fast)(App& app, Exchange& exchange) = nullptr;
  /// Begins what takes longer, without blocking.
  void (*slow)(App& app, Exchange& exchange, Respond respond) = nullptr;
  /// Plain blocking code, run in the slow lane.
  Reply (*work)(App& app, Exchange& exchange) = nullptr;

  /// Where `fast` has answered nothing, Exchange::carried holds a streams::Join, and the connection
  /// is the hub's from then on (takeover.h).
  bool takes_over = false;

  std::string_view tag = {};  ///< of its resource; set by the table
};

/// All rows of all resources (resources.h).
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
