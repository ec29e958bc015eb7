#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ara::cli {

/// How text for a person may look.
struct Look {
  bool colour = false;
  int width = 80;  ///< columns
};

/// Of standard output: colour where it is a terminal and NO_COLOR is unset or empty; the
/// terminal's width, else $COLUMNS, else 80.
Look standard_output();

/// Writes to standard output, all of it or an error (Code::io). A reader that has seen enough
/// (`ara symbols | head -1`) is no error.
Result<void> emit(std::string_view text);
/// The text, or else why it could not be made or written, reported: the exit status.
int emit_or_report(const Result<std::string>& text);

/// `text` in an SGR style such as "1" (bold) or "38;5;31"; as it is without colour.
std::string paint(std::string_view text, std::string_view style, bool colour);

/// Columns that UTF-8 text takes, counting each code point as one.
std::size_t display_width(std::string_view text);

/// Breaks text at spaces so that lines are at most `width` long where words allow it.
std::string wrap(std::string_view text, std::size_t width);

}  // namespace ara::cli
