#include "http/openapi.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "http/json.h"
#include "http/resources.h"

namespace ara::http {
namespace {

std::string_view title_of(int status) {
  switch (status) {
    case 304:
      return "Not modified: the entity tag in If-None-Match still names the answer";
    case 401:
      return "No credentials, or none that are valid";
    case 403:
      return "The account may not do this";
    case 404:
      return "What the request names is not here";
    case 409:
      return "This contradicts what is stored";
    case 413:
      return "The body is over the limit";
    case 415:
      return "The body is not application/json";
    case 422:
      return "An input is not valid; `field` names it";
    case 426:
      return "The path is a WebSocket";
    case 429:
      return "Over the account's limit; Retry-After says when to try again";
    case 501:
      return "Not offered here";
    case 503:
      return "Busy or not ready; Retry-After says when to try again";
    default:
      return "A problem";
  }
}

void write_bounds(JsonObject& schema, const Parameter& parameter, std::string_view least,
                  std::string_view most) {
  const auto write = [&](std::string_view name, double bound) {
    schema.raw(name, ara::format("{:.15g}", bound));
  };
  if (parameter.minimum) write(least, *parameter.minimum);
  if (parameter.maximum) write(most, *parameter.maximum);
}

void write_fields(JsonObject& schema, const std::vector<Parameter>& rows);

/// A value that is not an array or map itself.
void write_item(JsonObject schema, const Parameter& parameter, std::string_view type) {
  schema.text("type", type);
  if (!parameter.choices.empty()) {
    JsonArray choices = schema.array("enum");
    for (const std::string& choice : parameter.choices) choices.text(choice);
  }
  if (type == "object") write_fields(schema, parameter.fields);
}

void write_schema(JsonObject schema, const Parameter& parameter) {
  if (parameter.type == "array") {
    schema.text("type", "array");
    write_bounds(schema, parameter, "minItems", "maxItems");
    write_item(schema.object("items"), parameter, parameter.items);
  } else if (parameter.type == "object" && parameter.fields.empty()) {
    schema.text("type", "object");
    write_bounds(schema, parameter, "minProperties", "maxProperties");
    write_item(schema.object("additionalProperties"), parameter, parameter.items);
  } else {
    const bool text = parameter.type == "string";
    write_bounds(schema, parameter, text ? "minLength" : "minimum", text ? "maxLength" : "maximum");
    if (!parameter.format.empty()) schema.text("format", parameter.format);
    write_item(schema, parameter, parameter.type);
  }
  if (!parameter.default_value.empty()) schema.raw("default", parameter.default_value);
}

void write_fields(JsonObject& schema, const std::vector<Parameter>& rows) {
  JsonObject properties = schema.object("properties");
  for (const Parameter& row : rows) {
    JsonObject property = properties.object(row.name);
    write_schema(property, row);
    property.text("description", row.description);
  }
  JsonArray required = schema.array("required");
  for (const Parameter& row : rows) {
    if (row.required) required.text(row.name);
  }
}

std::vector<Parameter> rows_in_body(const Route& route) {
  std::vector<Parameter> rows;
  for (const Parameter& row : route.parameters) {
    if (row.in == In::body) rows.push_back(row);
  }
  return rows;
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
    if (parameter.type == "array") item.text("style", "form").boolean("explode", false);
    write_schema(item.object("schema"), parameter);
    if (!parameter.example.empty()) item.raw("example", parameter.example);
  }
}

void write_body(JsonObject& operation, const Route& route) {
  const std::vector<Parameter> rows = rows_in_body(route);
  if (rows.empty()) return;
  JsonObject body = operation.object("requestBody");
  body.boolean("required", std::ranges::any_of(rows, &Parameter::required));
  JsonObject media = body.object("content").object("application/json");
  JsonObject schema = media.object("schema");
  schema.text("type", "object");
  write_fields(schema, rows);
  JsonObject example = media.object("example");
  for (const Parameter& row : rows) {
    if (!row.example.empty()) example.raw(row.name, row.example);
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
  operation.array("tags").text(route.tag);
  operation.text("summary", route.summary);
  write_parameters(operation, route);
  write_body(operation, route);
  JsonObject responses = operation.object("responses");
  JsonObject success = responses.object(std::to_string(route.success));
  success.text("description", route.summary);
  if (route.success >= 200 && route.success != 204) {
    JsonObject content = success.object("content");
    refer(content, route.media_type, route.schema);
    if (!route.other_media_type.empty()) refer(content, route.other_media_type, {});
  }
  std::set<int> failures(route.failures.begin(), route.failures.end());
  if (route.access != Access::open) {
    failures.insert({401, 429, 503});
    if (route.access != Access::readonly) failures.insert(403);
    JsonArray ways = operation.array("security");
    ways.object().array("token");
    ways.object().array("key");
  }
  for (const int status : failures) {
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
  JsonArray tags = top.array("tags");
  std::set<std::string_view> told;
  for (const Resource& resource : resources()) {
    if (!told.insert(resource.tag).second) continue;
    tags.object().text("name", resource.tag).text("description", resource.about);
  }
  std::map<std::string_view, std::vector<const Route*>> by_path;
  for (const Route& route : routes()) {
    if (features.has(route.feature)) by_path[route.path].push_back(&route);
  }
  JsonObject paths = top.object("paths");
  for (const auto& [path, operations] : by_path) {
    JsonObject item = paths.object(path);
    for (const Route* route : operations) {
      write_operation(item.object(to_lower(to_string(route->method))), *route);
    }
  }
  JsonObject components = top.object("components");
  JsonObject named = components.object("schemas");
  for (const Schema& schema : schemas()) named.raw(schema.name, schema.json);
  JsonObject security = components.object("securitySchemes");
  security.object("token")
      .text("type", "http")
      .text("scheme", "bearer")
      .text("bearerFormat", "JWT");
  security.object("key").text("type", "apiKey").text("in", "header").text("name", "X-API-Key");
  return document.write();
}

}  // namespace ara::http
