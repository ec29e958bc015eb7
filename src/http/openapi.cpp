#include "http/openapi.h"

#include <map>
#include <vector>

#include "http/json.h"

namespace ara::http {
namespace {

std::string_view title_of(int status) {
  switch (status) {
    case 304:
      return "Not modified: the entity tag in If-None-Match still names the forecast";
    case 404:
      return "No bars of this symbol are stored";
    case 413:
      return "The body is over the limit";
    case 415:
      return "The body is not application/json";
    case 422:
      return "An input is not valid; `field` names it";
    case 503:
      return "Busy or not ready; Retry-After says when to try again";
    default:
      return "A problem";
  }
}

void write_schema(JsonObject schema, const Parameter& parameter) {
  schema.text("type", parameter.type);
  const bool text = parameter.type == "string";
  if (parameter.minimum) schema.integer(text ? "minLength" : "minimum", *parameter.minimum);
  if (parameter.maximum) schema.integer(text ? "maxLength" : "maximum", *parameter.maximum);
  if (!parameter.choices.empty()) {
    JsonArray choices = schema.array("enum");
    for (const std::string& choice : parameter.choices) choices.text(choice);
  }
  if (!parameter.default_value.empty()) schema.raw("default", parameter.default_value);
}

void write_parameters(JsonObject& operation, const Route& route) {
  JsonArray list = operation.array("parameters");
  for (const Parameter& parameter : route.parameters) {
    if (parameter.in == In::body) continue;
    JsonObject item = list.object();
    item.text("name", parameter.name)
        .text("in", parameter.in == In::path ? "path" : "query")
        .text("description", parameter.description)
        .boolean("required", parameter.required);
    write_schema(item.object("schema"), parameter);
  }
}

void write_body(JsonObject& operation, const Route& route) {
  JsonObject body = operation.object("requestBody");
  body.boolean("required", true);
  JsonObject schema = body.object("content").object("application/json").object("schema");
  schema.text("type", "object");
  JsonObject properties = schema.object("properties");
  for (const Parameter& parameter : route.parameters) {
    JsonObject property = properties.object(parameter.name);
    write_schema(property, parameter);
    property.text("description", parameter.description);
  }
  JsonArray required = schema.array("required");
  for (const Parameter& parameter : route.parameters) {
    if (parameter.required) required.text(parameter.name);
  }
}

void refer(JsonObject content, std::string_view media_type, std::string_view schema) {
  JsonObject media = content.object(media_type);
  if (schema.empty()) {
    media.object("schema").text("type", "string");
  } else {
    media.object("schema").text("$ref", "#/components/schemas/" + std::string(schema));
  }
}

void write_operation(JsonObject operation, const Route& route) {
  operation.text("summary", route.summary);
  write_parameters(operation, route);
  if (route.method == Method::post) write_body(operation, route);
  JsonObject responses = operation.object("responses");
  JsonObject success = responses.object("200");
  success.text("description", route.summary);
  refer(success.object("content"), route.media_type, route.schema);
  for (const int status : route.failures) {
    JsonObject failure = responses.object(std::to_string(status));
    failure.text("description", title_of(status));
    if (status != 304) refer(failure.object("content"), "application/problem+json", "Problem");
  }
}

}  // namespace

std::string make_openapi(const Features& features, std::string_view version) {
  JsonDocument document;
  JsonObject top = document.top();
  top.text("openapi", "3.1.0");
  top.object("info")
      .text("title", "ARA")
      .text("version", version)
      .text("description", "Forecasts of financial time series, as distributions");
  std::map<std::string_view, std::vector<const Route*>> by_path;
  for (const Route& route : routes()) {
    if (features.has(route.feature)) by_path[route.path].push_back(&route);
  }
  JsonObject paths = top.object("paths");
  for (const auto& [path, operations] : by_path) {
    JsonObject item = paths.object(path);
    for (const Route* route : operations) {
      write_operation(item.object(route->method == Method::get ? "get" : "post"), *route);
    }
  }
  JsonObject components = top.object("components").object("schemas");
  for (const Schema& schema : schemas()) components.raw(schema.name, schema.json);
  return document.write();
}

}  // namespace ara::http
