#include "cli/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/text.h"
#include "cli/command.h"

namespace ara::cli {
namespace {

bool colour_on(int descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return isatty(descriptor) == 1 && !(no_color && *no_color) &&
         !(term && std::string_view(term) == "dumb");
}

int width_of(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  const auto value = columns ? parse_integer(columns) : std::nullopt;
  return value && *value > 0 && *value < 10'000 ? static_cast<int>(*value) : 80;
}

}  // namespace

Look standard_output() {
  return {colour_on(STDOUT_FILENO), width_of(STDOUT_FILENO)};
}

Result<void> emit(std::string_view text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    if (errno == EPIPE) return {};
    return fail(Code::io, std::string("Cannot write to standard output: ") + std::strerror(errno));
  }
  return {};
}

int emit_or_report(const Result<std::string>& text) {
  const auto written = text.and_then([](const std::string& made) { return emit(made); });
  return written ? 0 : report(written.error());
}

std::string paint(std::string_view text, std::string_view style, bool colour) {
  if (!colour || style.empty()) return std::string(text);
  return "\x1b[" + std::string(style) + "m" + std::string(text) + "\x1b[0m";
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string wrap(std::string_view text, std::size_t width) {
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const auto space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    if (column > 0 && column + 1 + display_width(word) > width) {
      out += '\n';
      column = 0;
    } else if (column > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += display_width(word);
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return out;
}

int report(const Error& error) {
  const std::string line =
      paint("error:", "1;31", colour_on(STDERR_FILENO)) + " " + error.message + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
  return describe(error.code).exit_status;
}

}  // namespace ara::cli
