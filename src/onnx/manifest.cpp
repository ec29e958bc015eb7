#include "onnx/manifest.h"

// Parse errors as values, as in src/config.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0

#include <algorithm>
#include <cmath>
#include <set>
#include <toml++/toml.hpp>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "domain/forecast.h"
#include "features/features.h"
#include "models/model.h"

namespace ara::onnx {
namespace {

/// Names on paper of an enum's values.
template <class T>
using Names = std::vector<std::pair<std::string_view, T>>;

const Names<InputKind> kKinds{{"changes", InputKind::changes}, {"features", InputKind::features}};
const Names<Standardise> kStandardise{{"none", Standardise::none},
                                      {"deviation", Standardise::deviation},
                                      {"fixed", Standardise::fixed}};
const Names<OutputScale> kScales{{"change", OutputScale::change},
                                 {"deviation", OutputScale::deviation}};

/// One table of the file. The first error is kept and everything after it skipped, so that fields
/// are read one below the other; a default stands for what is absent.
class Reader {
 public:
  Reader(const toml::table* table, std::string prefix)
      : table_(table), prefix_(std::move(prefix)) {}

  std::string text(std::string_view key, std::optional<std::string> otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return absent(key, std::move(otherwise), "a text in quotes");
    if (const auto* value = node->as_string(); value != nullptr && !value->get().empty()) {
      return value->get();
    }
    refuse(key, written(*node), "a text in quotes");
    return {};
  }

  std::size_t count(std::string_view key, std::optional<std::size_t> otherwise, std::size_t least,
                    std::size_t most) {
    const std::string allowed = ara::format("an integer from {} to {}", least, most);
    const toml::node* node = find(key);
    if (node == nullptr) return absent(key, otherwise, allowed);
    const auto* value = node->as_integer();
    if (value != nullptr && value->get() >= static_cast<std::int64_t>(least) &&
        value->get() <= static_cast<std::int64_t>(most)) {
      return static_cast<std::size_t>(value->get());
    }
    refuse(key, written(*node), allowed);
    return least;
  }

  double number(std::string_view key, double otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    const auto value = node->value<double>();
    if (value && std::isfinite(*value)) return *value;
    refuse(key, written(*node), "a finite number");
    return otherwise;
  }

  /// Numbers in square brackets; empty where absent.
  std::vector<double> numbers(std::string_view key) {
    std::vector<double> all;
    const toml::node* node = find(key);
    if (node == nullptr) return all;
    const toml::array* array = node->as_array();
    if (array == nullptr) refuse(key, written(*node), "numbers in square brackets");
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
      const auto value = (*array)[i].value<double>();
      if (!value || !std::isfinite(*value)) refuse(key, written((*array)[i]), "finite numbers");
      all.push_back(value.value_or(0));
    }
    return all;
  }

  std::vector<std::string> texts(std::string_view key) {
    std::vector<std::string> all;
    const toml::node* node = find(key);
    if (node == nullptr) return all;
    const toml::array* array = node->as_array();
    if (array == nullptr) refuse(key, written(*node), "texts in square brackets");
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
      const auto value = (*array)[i].value<std::string>();
      if (!value) refuse(key, written((*array)[i]), "texts");
      all.push_back(value.value_or(""));
    }
    return all;
  }

  template <class T>
  T choice(std::string_view key, const Names<T>& names, std::optional<T> otherwise) {
    std::string allowed = "one of";
    for (const auto& [name, value] : names) {
      allowed += (allowed.size() > 6 ? ", " : " ") + std::string(name);
    }
    const toml::node* node = find(key);
    if (node == nullptr) return absent(key, otherwise, allowed);
    const auto text = node->value<std::string>();
    for (const auto& [name, value] : names) {
      if (text == name) return value;
    }
    refuse(key, written(*node), allowed);
    return names.front().second;
  }

  Reader table(std::string_view key) {
    const toml::node* node = find(key);
    const toml::table* inner = node == nullptr ? nullptr : node->as_table();
    if (inner == nullptr) refuse(key, "", ara::format("a table, [{}]", key));
    return {inner, std::string(key) + "."};
  }

  void refuse(std::string_view key, std::string_view value, std::string_view allowed) {
    if (!error_) error_ = invalid(prefix_ + std::string(key), value, allowed).error();
  }

  /// The first error, or that a key is not known.
  std::optional<Error> error() {
    for (auto it = table_ ? table_->begin() : toml::table::const_iterator{};
         table_ && !error_ && it != table_->end(); ++it) {
      const std::string key(it->first.str());
      if (known_.contains(key)) continue;
      const std::vector<std::string> all(known_.begin(), known_.end());
      std::string allowed = "one of";
      for (const std::string& name : all) {
        allowed += (name == all.front() ? " " : ", ") + name;
      }
      error_ = invalid(prefix_ + key, key, allowed).error();
    }
    return error_;
  }

 private:
  const toml::node* find(std::string_view key) {
    known_.emplace(key);
    return table_ == nullptr ? nullptr : table_->get(key);
  }

  template <class T>
  T absent(std::string_view key, std::optional<T> otherwise, std::string_view allowed) {
    if (!otherwise) refuse(key, "", allowed);
    return otherwise.value_or(T{});
  }

  static std::string written(const toml::node& node) {
    if (const auto text = node.value<std::string>()) return *text;
    if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
    if (const auto number = node.value<double>()) return ara::format("{}", *number);
    return node.is_array() ? "[…]" : "…";
  }

  const toml::table* table_;
  std::string prefix_;
  std::set<std::string, std::less<>> known_;
  std::optional<Error> error_;
};

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 40 && name[0] >= 'a' && name[0] <= 'z' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

void read_features(Reader& reader, Manifest::Input& input) {
  const auto& table = features::table();
  const auto names = reader.texts("features");
  for (const std::string& name : names) {
    const auto row = std::ranges::find(table, name, &features::Feature::name);
    if (row == table.end()) {
      std::vector<std::string> known;
      for (const auto& feature : table) known.emplace_back(feature.name);
      const auto near = nearest(name, known, 1);
      reader.refuse("features", name,
                    "names of features" + (near.empty() ? "" : ", such as " + near.front()));
      return;
    }
    input.features.push_back(static_cast<std::size_t>(row - table.begin()));
  }
  if (input.kind == InputKind::changes && !names.empty()) {
    reader.refuse("features", names.front(), "nothing, as the kind is changes");
  }
  if (input.kind == InputKind::features && names.empty()) {
    for (std::size_t i = 0; i < table.size(); ++i) input.features.push_back(i);
  }
}

/// A number for each column: one given stands for all.
std::vector<float> for_columns(Reader& reader, std::string_view key, std::size_t columns,
                               bool wanted, bool positive) {
  auto given = reader.numbers(key);
  if (!wanted) {
    if (!given.empty()) reader.refuse(key, "", "nothing, unless standardise is fixed");
    return {};
  }
  if (given.size() == 1) given.assign(columns, given.front());
  if (given.size() != columns) {
    reader.refuse(key, ara::format("{} numbers", given.size()),
                  ara::format("one number, or one for each of the {} columns", columns));
  }
  if (positive && std::ranges::any_of(given, [](double sd) { return !(sd > 0); })) {
    reader.refuse(key, "", "numbers above 0");
  }
  return {given.begin(), given.end()};
}

Manifest::Input read_input(Reader& reader) {
  Manifest::Input input;
  input.name = reader.text("name", "");
  input.kind = reader.choice<InputKind>("kind", kKinds, std::nullopt);
  const bool changes = input.kind == InputKind::changes;
  input.window = reader.count("window", changes ? std::nullopt : std::optional<std::size_t>(1), 1,
                              Manifest::kMostInput);
  read_features(reader, input);
  if (input.size() > Manifest::kMostInput) {
    reader.refuse("window", std::to_string(input.window),
                  ara::format("at most {} numbers in all", Manifest::kMostInput));
  }
  input.standardise = reader.choice<Standardise>("standardise", kStandardise, Standardise::none);
  if (!changes && input.standardise == Standardise::deviation) {
    reader.refuse("standardise", "deviation", "none or fixed, as the kind is features");
  }
  const bool fixed = input.standardise == Standardise::fixed;
  input.mean = for_columns(reader, "mean", input.columns(), fixed, false);
  input.sd = for_columns(reader, "sd", input.columns(), fixed, true);
  input.missing = static_cast<float>(reader.number("missing", 0));
  return input;
}

Manifest::Output read_output(Reader& reader) {
  Manifest::Output output;
  output.name = reader.text("name", "");
  output.levels = reader.numbers("levels");
  const auto& levels = output.levels;
  const bool ascending = std::ranges::adjacent_find(levels, std::greater_equal<>()) == levels.end();
  if (levels.size() < 3 || levels.size() > 99 || !ascending || !(levels.front() > 0) ||
      !(levels.back() < 1) || !(levels.front() < 0.5) || !(levels.back() > 0.5)) {
    reader.refuse("levels", ara::format("{} numbers", levels.size()),
                  "3 to 99 numbers between 0 and 1, ascending, on both sides of 0.5");
  }
  output.scale = reader.choice<OutputScale>("scale", kScales, OutputScale::change);
  return output;
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text, std::string_view path) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return fail(Code::invalid, ara::format("{}:{}: {}", path, parsed.error().source().begin.line,
                                           printable(parsed.error().description(), 200)));
  }
  Reader reader(&parsed.table(), "");
  Manifest manifest;
  manifest.name = reader.text("name", std::nullopt);
  if (!is_name(manifest.name) || models::find_model(manifest.name)) {
    reader.refuse("name", manifest.name,
                  "up to 40 of a-z, 0-9 and _, a letter first, and no name of a built-in model");
  }
  manifest.title = reader.text("title", manifest.name);
  manifest.source = reader.text("source", "a user's model, in ONNX");
  manifest.file = reader.text("file", std::nullopt);
  if (manifest.file.find('/') != std::string::npos || manifest.file == "manifest.toml") {
    reader.refuse("file", manifest.file, "the name of a file beside the manifest");
  }
  manifest.horizon =
      static_cast<int>(reader.count("horizon", std::nullopt, 1, domain::ForecastKey::kMaxHorizon));
  manifest.min_bars = reader.count("min_bars", 0, 0, 1'000'000);
  manifest.deviation_window = reader.count("deviation_window", 20, 2, 1000);
  Reader input = reader.table("input");
  Reader output = reader.table("output");
  manifest.input = read_input(input);
  manifest.output = read_output(output);
  for (Reader* part : {&reader, &input, &output}) {
    if (auto error = part->error()) {
      error->message = ara::format("{}: {}", path, error->message);
      return std::unexpected(std::move(*error));
    }
  }
  return manifest;
}

}  // namespace ara::onnx
