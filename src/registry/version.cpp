#include "registry/version.h"

#include <yyjson.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>

#include "base/find_named.h"
#include "base/format.h"
#include "base/hash.h"

namespace ara::registry {
namespace {

/// The members of the document's objects of numbers.
std::array<std::string, evaluation::kPeerNames.size()> peer_names() {
  std::array<std::string, evaluation::kPeerNames.size()> names;
  std::ranges::copy(evaluation::kPeerNames, names.begin());
  return names;
}
std::array<std::string, evaluation::kCoverages.size()> coverage_names() {
  std::array<std::string, evaluation::kCoverages.size()> names;
  std::ranges::transform(evaluation::kCoverages, names.begin(),
                         [](int percent) { return std::to_string(percent); });
  return names;
}

constexpr std::array kBands{Band{"1-5", 1, 5}, Band{"6-10", 6, 10}, Band{"11-30", 11, 30}};
static_assert(kBands.back().last == domain::ForecastKey::kMaxHorizon);

/// A JSON object being written.
class Writer {
 public:
  Writer(yyjson_mut_doc* doc, yyjson_mut_val* value) : doc_(doc), value_(value) {}

  void text(std::string_view name, std::string_view value) {
    yyjson_mut_obj_add(value_, key(name), yyjson_mut_strncpy(doc_, value.data(), value.size()));
  }
  void count(std::string_view name, std::uint64_t value) {
    yyjson_mut_obj_add(value_, key(name), yyjson_mut_uint(doc_, value));
  }
  void number(std::string_view name, double value) {
    yyjson_mut_obj_add(value_, key(name), yyjson_mut_real(doc_, value));
  }
  void flag(std::string_view name, bool value) {
    yyjson_mut_obj_add(value_, key(name), yyjson_mut_bool(doc_, value));
  }
  Writer object(std::string_view name) {
    yyjson_mut_val* made = yyjson_mut_obj(doc_);
    yyjson_mut_obj_add(value_, key(name), made);
    return {doc_, made};
  }
  template <std::size_t N>
  void numbers(std::string_view name, const std::array<std::string, N>& names,
               const std::array<double, N>& values) {
    Writer inner = object(name);
    for (std::size_t i = 0; i < N; ++i) inner.number(names[i], values[i]);
  }
  yyjson_mut_val* array(std::string_view name) {
    yyjson_mut_val* made = yyjson_mut_arr(doc_);
    yyjson_mut_obj_add(value_, key(name), made);
    return made;
  }

 private:
  yyjson_mut_val* key(std::string_view name) {
    return yyjson_mut_strncpy(doc_, name.data(), name.size());
  }

  yyjson_mut_doc* doc_;
  yyjson_mut_val* value_;
};

/// Reads members of one object; the first that is missing or of another type is remembered.
class Reader {
 public:
  Reader(yyjson_val* object, std::string& missing) : object_(object), missing_(missing) {
    if (!yyjson_is_obj(object)) note("object");
  }

  std::string text(std::string_view name) {
    yyjson_val* value = get(name);
    if (!yyjson_is_str(value)) return note(name), "";
    return {yyjson_get_str(value), yyjson_get_len(value)};
  }
  std::uint64_t count(std::string_view name) {
    yyjson_val* value = get(name);
    if (!yyjson_is_uint(value)) note(name);
    return yyjson_get_uint(value);
  }
  double number(std::string_view name) {
    yyjson_val* value = get(name);
    if (yyjson_is_null(value)) return std::nan("");  // what is not finite is written so
    if (!yyjson_is_num(value)) note(name);
    return yyjson_get_num(value);
  }
  bool flag(std::string_view name) {
    yyjson_val* value = get(name);
    if (!yyjson_is_bool(value)) note(name);
    return yyjson_get_bool(value);
  }
  domain::Date date(std::string_view name) {
    const auto read = domain::parse_iso_date(text(name));
    if (!read) note(name);
    return read ? *read : domain::Date{};
  }
  template <std::size_t N>
  std::array<double, N> numbers(std::string_view name, const std::array<std::string, N>& names) {
    Reader inner(get(name), missing_);
    std::array<double, N> values{};
    for (std::size_t i = 0; i < N; ++i) values[i] = inner.number(names[i]);
    return values;
  }
  yyjson_val* get(std::string_view name) {
    return yyjson_obj_getn(object_, name.data(), name.size());
  }

 private:
  void note(std::string_view name) {
    if (missing_.empty()) missing_ = name;
  }

  yyjson_val* object_;
  std::string& missing_;
};

void write_scores(Writer out, const Scores& scores) {
  out.count("symbols", scores.symbols);
  out.count("origins", scores.origins);
  out.number("crps", scores.crps);
  out.numbers("crps_ratio", peer_names(), scores.crps_ratio);
  out.numbers("dm_statistics", peer_names(), scores.dm_statistics);
  out.numbers("coverage", coverage_names(), scores.coverage);
}

Scores read_scores(Reader in) {
  Scores scores;
  scores.symbols = in.count("symbols");
  scores.origins = in.count("origins");
  scores.crps = in.number("crps");
  scores.crps_ratio = in.numbers("crps_ratio", peer_names());
  scores.dm_statistics = in.numbers("dm_statistics", peer_names());
  scores.coverage = in.numbers("coverage", coverage_names());
  return scores;
}

std::string id_of(const std::string& model, const std::string& hash) {
  return model + "-" + hash.substr(0, 12);
}

}  // namespace

std::span<const Band> bands() {
  return kBands;
}

const Band& band_of(int horizon) {
  const auto found = std::ranges::find_if(kBands, [=](const Band& b) { return horizon <= b.last; });
  return found == kBands.end() ? kBands.back() : *found;
}

Result<const Band*> find_band(std::string_view name) {
  return find_named(kBands, "band", name);
}

std::string to_document(const Version& version) {
  const std::unique_ptr<yyjson_mut_doc, decltype(&yyjson_mut_doc_free)> owner(
      yyjson_mut_doc_new(nullptr), &yyjson_mut_doc_free);
  yyjson_mut_doc* doc = owner.get();
  yyjson_mut_val* top = yyjson_mut_obj(doc);
  yyjson_mut_doc_set_root(doc, top);
  Writer root(doc, top);
  root.text("model", version.model);
  root.text("asset_type", domain::describe(version.asset_type).name);
  root.text("band", version.band.name);
  root.text("code", version.code);
  root.text("first", domain::to_iso(version.first));
  root.text("last", domain::to_iso(version.last));
  root.count("symbols", version.symbols);
  root.count("bars", version.bars);
  root.text("content", ara::format("{:016x}", version.content));
  root.count("seed", version.seed);
  root.text("command", version.command);
  root.text("artefact", version.artefact);
  write_scores(root.object("scores"), version.scores);
  yyjson_mut_val* checks = root.array("checks");
  for (const Check& check : version.checks) {
    Writer item(doc, yyjson_mut_arr_add_obj(doc, checks));
    item.text("name", check.name);
    item.number("value", check.value);
    item.number("limit", check.limit);
    item.flag("passed", check.passed);
    item.text("says", check.says);
  }
  std::size_t length = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      yyjson_mut_write(doc, YYJSON_WRITE_INF_AND_NAN_AS_NULL, &length), &std::free);
  return text ? std::string(text.get(), length) : std::string();
}

std::string Version::hash() const {
  return to_hex(stable_hash128(to_document(*this)));
}

std::string Version::id() const {
  return id_of(model, hash());
}

storage::ModelVersionRow to_row(const Version& version) {
  return {.id = version.id(),
          .model = version.model,
          .asset_type = version.asset_type,
          .band = std::string(version.band.name),
          .document = to_document(version),
          .created = version.created,
          .status = version.status,
          .reason = version.reason,
          .changed = version.changed};
}

Result<Version> from_row(const storage::ModelVersionRow& row) {
  const std::unique_ptr<yyjson_doc, decltype(&yyjson_doc_free)> doc(
      yyjson_read(row.document.data(), row.document.size(), YYJSON_READ_NOFLAG), &yyjson_doc_free);
  std::string missing;
  Reader root(yyjson_doc_get_root(doc.get()), missing);
  Version version;
  version.model = root.text("model");
  const auto asset_type = domain::parse_asset_type(root.text("asset_type"));
  const auto band = find_band(root.text("band"));
  if (!asset_type) missing = "asset_type";
  if (!band) missing = "band";
  version.code = root.text("code");
  version.first = root.date("first");
  version.last = root.date("last");
  version.symbols = root.count("symbols");
  version.bars = root.count("bars");
  const auto content = hash_from_hex(std::string(16, '0') + root.text("content"));
  if (!content) missing = "content";
  version.seed = root.count("seed");
  version.command = root.text("command");
  version.artefact = root.text("artefact");
  version.scores = read_scores(Reader(root.get("scores"), missing));
  std::size_t index = 0, count = 0;
  yyjson_val* item = nullptr;
  yyjson_arr_foreach(root.get("checks"), index, count, item) {
    Reader check(item, missing);
    version.checks.push_back({check.text("name"), check.number("value"), check.number("limit"),
                              check.flag("passed"), check.text("says")});
  }
  if (!missing.empty()) {
    return fail(Code::corrupt, "the document of model " + printable(row.id) + " lacks '" + missing +
                                   "' or has another kind of thing there");
  }
  version.content = content->low;
  version.asset_type = *asset_type;
  version.band = **band;
  version.created = row.created;
  version.status = row.status;
  version.reason = row.reason;
  version.changed = row.changed;
  if (const std::string named = id_of(row.model, to_hex(stable_hash128(row.document)));
      named != row.id) {
    return fail(Code::corrupt, "the stored model " + printable(row.id) +
                                   " is not what its id names; its content is " + named);
  }
  return version;
}

Result<Version> find_version(storage::Store& store, std::string_view text, const Call& call) {
  const std::string id(text);
  const auto exact = store.find_model(id, call);
  if (!exact) return std::unexpected(exact.error());
  if (*exact) return from_row(**exact);
  constexpr std::size_t kNamed = 4;
  storage::ModelFilter filter;
  filter.id_prefix = id;
  filter.limit = kNamed;
  const auto rows = store.models(filter, call);
  if (!rows) return std::unexpected(rows.error());
  if (rows->size() == 1) return from_row(rows->front());
  if (rows->empty() || id.empty()) {
    return std::unexpected(Error{Code::not_found, "There is no model '" + printable(text) + "'",
                                 "id", printable(text), "an id that `ara models list` shows"});
  }
  std::string names;
  for (const auto& row : *rows) names += (names.empty() ? "" : ", ") + row.id;
  return invalid(
      "id", text,
      "more of the id; several begin so: " + names + (rows->size() == kNamed ? ", …" : ""));
}

}  // namespace ara::registry
