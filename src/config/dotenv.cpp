#include "config/dotenv.h"

#include <optional>

#include "base/format.h"
#include "base/text.h"

namespace ara::config {
namespace {

bool name_character(char c, bool first) {
  const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  return letter || (!first && c >= '0' && c <= '9');
}

class Reader {
 public:
  Reader(std::string_view text, std::string_view place) : text_(text), place_(place) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  Result<std::vector<DotenvEntry>> read() {
    std::vector<DotenvEntry> entries;
    while (at_ < text_.size()) {
      skip_blanks();
      if (peek() == '#') skip_line();
      if (end_of_line()) {
        next_line();
        continue;
      }
      auto entry = assignment();
      if (!entry) return std::unexpected(std::move(entry.error()));
      entries.push_back(std::move(*entry));
    }
    return entries;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\n'; }
  bool end_of_line() const { return peek() == '\n' || (peek() == '\r' && after_is_newline()); }
  bool after_is_newline() const { return at_ + 1 >= text_.size() || text_[at_ + 1] == '\n'; }
  void skip_blanks() {
    while (peek() == ' ' || peek() == '\t') ++at_;
  }
  void skip_line() {
    while (!end_of_line()) ++at_;
  }
  void next_line() {
    if (peek() == '\r') ++at_;
    ++at_;
    ++line_;
  }

  std::unexpected<Error> error(int line, std::string_view what) const {
    return fail(Code::invalid, ara::format("{}:{}: {}", place_, line, what));
  }

  std::string_view name() {
    const std::size_t start = at_;
    while (name_character(peek(), at_ == start)) ++at_;
    return text_.substr(start, at_ - start);
  }

  Result<DotenvEntry> assignment() {
    std::string_view key = name();
    skip_blanks();
    if (key == "export" && peek() != '=') {
      key = name();
      skip_blanks();
    }
    if (key.empty() || peek() != '=') return error(line_, "expected a line like NAME=value");
    ++at_;
    skip_blanks();
    DotenvEntry entry{std::string(key), {}, line_};
    if (peek() == '\'' || peek() == '"') {
      auto value = quoted(peek());
      if (!value) return error(entry.line, "the quote is never closed");
      entry.value = std::move(*value);
      skip_blanks();
      if (peek() == '#') skip_line();
      if (!end_of_line()) return error(line_, "unexpected text after the closing quote");
    } else {
      const std::size_t start = at_;
      while (!end_of_line() && !(peek() == '#' && (at_ == start || blank_before()))) ++at_;
      entry.value = trim(text_.substr(start, at_ - start));
      skip_line();
    }
    next_line();
    return entry;
  }

  bool blank_before() const { return text_[at_ - 1] == ' ' || text_[at_ - 1] == '\t'; }

  std::optional<std::string> quoted(char quote) {
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == quote) {
        ++at_;
        return value;
      }
      if (c == '\n') ++line_;
      if (quote == '"' && c == '\\' && at_ + 1 < text_.size()) {
        static constexpr std::string_view kFrom = "nrt\"\\$", kTo = "\n\r\t\"\\$";
        if (const auto which = kFrom.find(text_[at_ + 1]); which != std::string_view::npos) {
          c = kTo[which];
          ++at_;
        }
      }
      value += c;
    }
    return std::nullopt;
  }

  std::string_view text_;
  std::string_view place_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

Result<std::vector<DotenvEntry>> parse_dotenv(std::string_view text, std::string_view place) {
  return Reader(text, place).read();
}

}  // namespace ara::config
