#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "domain/date.h"
#include "domain/symbol.h"
#include "http/exchange.h"
#include "http/routes.h"

namespace ara::http {

/// What a request gives, each value checked by the row of the route that lists it; the reader of a
/// value need not ask again whether it is there, of its type and in its range. Asking for a name
/// that the route does not list, or as another type than its row says, is a defect (it throws
/// std::logic_error, which a test of the route meets at once).
///
/// JSON members that no row lists are passed over, as clients of the original may send more, and a
/// null is as if not given where a member may be left out and has no default. Query parameters that
/// no row lists are refused: they are typing errors.
class Input {
 public:
  struct Value;
  using Members = std::vector<std::pair<std::string, Value>>;

  /// Reads path, query and, if the route has parameters there, a JSON body. Code::invalid names the
  /// field ("days", "constraints.min_weight", "bars[3].close"); a body that is too large or no JSON
  /// is Code::too_large or Code::media_type.
  static Result<Input> read(const Exchange& exchange, const Route& route);

  /// Whether it was given; a default value is not given.
  bool given(std::string_view name) const;

  // As given, or else the default; where there is none either: empty, 0, false.
  std::string text(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  bool flag(std::string_view name) const;
  std::optional<double> maybe_number(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  std::vector<double> numbers(std::string_view name) const;
  /// A map of numbers, in the order in which it was sent.
  std::vector<std::pair<std::string, double>> number_map(std::string_view name) const;
  std::vector<std::pair<std::string, std::string>> text_map(std::string_view name) const;
  Input object(std::string_view name) const;
  std::vector<Input> objects(std::string_view name) const;

  // Texts of a stricter form: Code::invalid on their field.
  Result<domain::Symbol> symbol(std::string_view name) const;
  Result<std::vector<domain::Symbol>> symbols(std::string_view name) const;
  std::optional<domain::Date> date(std::string_view name) const;

 private:
  Input(const std::vector<Parameter>& rows, std::string prefix);

  const Parameter& row(std::string_view name) const;
  const Value* find(std::string_view name) const;
  template <class T>
  const T* get(std::string_view name) const;
  Result<void> set(const Parameter& row, Value value);
  Result<void> complete() const;

  friend class JsonReader;

  const std::vector<Parameter>* rows_;  ///< of a route, which lives as long as the program
  std::string prefix_;                  ///< of the names in errors
  std::vector<std::pair<const Parameter*, Value>> values_;
};

/// One value of any type; an object of known fields is an Input of its own.
struct Input::Value {
  std::variant<bool, std::int64_t, double, std::string, std::vector<Value>, Members,
               std::shared_ptr<const Input>>
      it;
};

}  // namespace ara::http
