#include "jobs/payload.h"

#include "base/format.h"

namespace ara::jobs {

Result<Payload> Payload::parse(std::string_view json) {
  yyjson_doc* doc = yyjson_read(json.data(), json.size(), YYJSON_READ_NOFLAG);
  if (!yyjson_is_obj(yyjson_doc_get_root(doc))) {
    yyjson_doc_free(doc);
    return invalid("payload", json, "a JSON object");
  }
  return Payload(doc);
}

yyjson_val* Payload::get(std::string_view name) {
  asked_.emplace(name);
  yyjson_val* value = yyjson_obj_getn(yyjson_doc_get_root(doc_.get()), name.data(), name.size());
  return yyjson_is_null(value) ? nullptr : value;
}

void Payload::note(Error error) {
  if (fault_) fault_ = std::unexpected(std::move(error));
}

void Payload::wrong(std::string_view name, yyjson_val* value, std::string_view allowed) {
  const std::unique_ptr<char, decltype(&std::free)> shown(yyjson_val_write(value, 0, nullptr),
                                                          &std::free);
  note(invalid(name, shown ? shown.get() : "", allowed).error());
}

bool Payload::has(std::string_view name) {
  return get(name) != nullptr;
}

std::string Payload::text(std::string_view name, std::string_view fallback) {
  yyjson_val* value = get(name);
  if (value == nullptr) return std::string(fallback);
  if (!yyjson_is_str(value)) wrong(name, value, "a string");
  return {yyjson_is_str(value) ? yyjson_get_str(value) : "", yyjson_get_len(value)};
}

std::vector<std::string> Payload::texts(std::string_view name) {
  std::vector<std::string> all;
  yyjson_val* value = get(name);
  if (value == nullptr) return all;
  if (!yyjson_is_arr(value)) wrong(name, value, "an array of strings");
  std::size_t index = 0, count = 0;
  yyjson_val* item = nullptr;
  yyjson_arr_foreach(value, index, count, item) {
    if (!yyjson_is_str(item)) {
      wrong(name, value, "an array of strings");
      break;
    }
    all.emplace_back(yyjson_get_str(item), yyjson_get_len(item));
  }
  return all;
}

std::int64_t Payload::integer(std::string_view name, std::int64_t fallback, std::int64_t least,
                              std::int64_t most) {
  yyjson_val* value = get(name);
  if (value == nullptr) return fallback;
  const std::int64_t number = yyjson_get_sint(value);
  if (yyjson_is_int(value) && number >= least && number <= most) return number;
  wrong(name, value, ara::format("an integer from {} to {}", least, most));
  return fallback;
}

double Payload::number(std::string_view name, double fallback) {
  yyjson_val* value = get(name);
  if (value == nullptr) return fallback;
  if (!yyjson_is_num(value)) wrong(name, value, "a number");
  return yyjson_get_num(value);
}

bool Payload::flag(std::string_view name, bool fallback) {
  yyjson_val* value = get(name);
  if (value == nullptr) return fallback;
  if (!yyjson_is_bool(value)) wrong(name, value, "true or false");
  return yyjson_get_bool(value);
}

Result<void> Payload::check() {
  std::size_t index = 0, count = 0;
  yyjson_val *key = nullptr, *value = nullptr;
  yyjson_obj_foreach(yyjson_doc_get_root(doc_.get()), index, count, key, value) {
    const std::string_view name(yyjson_get_str(key), yyjson_get_len(key));
    if (asked_.contains(name)) continue;
    std::string allowed = "one of";
    for (const std::string& known : asked_) allowed += " " + known;
    note(invalid("payload", name, allowed).error());
  }
  return fault_;
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : printable(text, text.size() * 4 + 1)) {  // no control characters are left
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string json_texts(const std::vector<std::string>& texts) {
  std::vector<std::string> items;
  for (const std::string& text : texts) items.push_back(json_text(text));
  return json_array(items);
}

std::string json_array(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) {
    if (out.size() > 1) out += ',';
    out += item;
  }
  return out + "]";
}

}  // namespace ara::jobs
