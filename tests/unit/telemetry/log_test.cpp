#include "telemetry/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <thread>

#include "base/text.h"

namespace ara::telemetry {
namespace {

std::string captured(const std::function<void()>& action) {
  testing::internal::CaptureStderr();
  action();
  return testing::internal::GetCapturedStderr();
}

std::string utf8(unsigned code) {  // of the first 128 code points, all that is escaped
  return std::string(1, static_cast<char>(code));
}

/// Reads a JSON string (RFC 8259) at the start of `text` and removes it; nothing if it is not one.
std::optional<std::string> take_string(std::string_view& text) {
  const auto take = [&](std::size_t count) {
    const std::string_view taken = text.substr(0, count);
    text.remove_prefix(taken.size());
    return taken;
  };
  if (take(1) != "\"") return std::nullopt;
  std::string out;
  while (!text.empty()) {
    if (text[0] == '"') return take(1), out;
    const std::size_t length = utf8_length(text);
    if (length == 0 || static_cast<unsigned char>(text[0]) < 0x20) return std::nullopt;
    const std::string_view piece = take(length);
    if (piece != "\\") {
      out += piece;
      continue;
    }
    const std::string_view escape = take(1);
    if (escape == "\"" || escape == "\\") {
      out += escape;
    } else if (escape == "u") {
      const std::string digits(take(4));
      if (digits.find_first_not_of("0123456789abcdef") != digits.npos || digits.size() != 4) {
        return std::nullopt;
      }
      out += utf8(static_cast<unsigned>(std::stoul(digits, nullptr, 16)));
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

/// A line as an object of strings, in the form the log writes; fails the test otherwise.
std::map<std::string, std::string> parse_line(std::string_view line) {
  std::map<std::string, std::string> fields;
  const std::string whole(line);
  for (char before = '{'; !line.empty() && line[0] == before; before = ',') {
    line.remove_prefix(1);
    const auto name = take_string(line);
    if (!name || line.empty() || line[0] != ':') break;
    line.remove_prefix(1);
    const auto value = take_string(line);
    if (!value) break;
    EXPECT_TRUE(fields.emplace(*name, *value).second) << "twice in: " << whole;
  }
  EXPECT_EQ(line, "}") << "not JSON: " << whole;
  return fields;
}

class Log : public testing::Test {
 protected:
  void TearDown() override { set_log_level(LogLevel::info); }
};

TEST_F(Log, ALineIsOneObject) {
  const std::string text = captured([] {
    log(LogLevel::warning, "Cannot read the store", {{"path", "/tmp/x"}, {"tries", "3"}});
  });
  ASSERT_TRUE(text.ends_with("}\n"));
  const auto fields = parse_line(std::string_view(text).substr(0, text.size() - 1));
  EXPECT_EQ(fields.size(), 5U);
  EXPECT_EQ(fields.at("level"), "warning");
  EXPECT_EQ(fields.at("message"), "Cannot read the store");
  EXPECT_EQ(fields.at("path"), "/tmp/x");
  EXPECT_EQ(fields.at("tries"), "3");
  const std::string& time = fields.at("time");
  ASSERT_EQ(time.size(), std::string_view("2026-11-24T06:06:22.125Z").size());
  EXPECT_EQ(time[10], 'T');
  EXPECT_EQ(time.back(), 'Z');
}

TEST_F(Log, HostileBytesStayWithinTheirString) {
  std::string all;
  for (int i = 0; i < 128; ++i) all += static_cast<char>(i);
  all += "Grüße € 𝄞";
  const std::string text = captured([&] { log(LogLevel::error, all, {{all, all}}); });
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  const auto fields = parse_line(std::string_view(text).substr(0, text.size() - 1));
  EXPECT_EQ(fields.at("message"), all);
  EXPECT_EQ(fields.at(all), all);
}

TEST_F(Log, WhatIsNotUtf8IsReplaced) {
  const std::string_view kReplacement = "\xEF\xBF\xBD";
  for (const std::string_view bad : {"\xFF", "\xC0", "\xC3", "\xE2\x82", "\xED\xA0\x80", "\x80",
                                     "\xF4\x90\x80\x80", "\xC0\xAF"}) {
    const std::string text =
        captured([&] { log(LogLevel::error, "a" + std::string(bad) + "b", {}); });
    std::string expected = "a";
    for (std::size_t i = 0; i < bad.size(); ++i) expected += kReplacement;
    const auto fields = parse_line(std::string_view(text).substr(0, text.size() - 1));
    EXPECT_EQ(fields.at("message"), expected + "b");
  }
}

TEST_F(Log, FormatsNothing) {
  const std::string text = captured([] { log(LogLevel::error, "{} {0} %v %s 100%", {}); });
  EXPECT_NE(text.find("{} {0} %v %s 100%"), text.npos);
}

TEST_F(Log, TheLevelFilters) {
  const auto lines_at = [](LogLevel level) {
    set_log_level(level);
    return std::ranges::count(captured([] {
                                log(LogLevel::debug, "m");
                                log(LogLevel::info, "m");
                                log(LogLevel::warning, "m");
                                log(LogLevel::error, "m");
                                log(LogLevel::off, "never");
                              }),
                              '\n');
  };
  EXPECT_EQ(lines_at(LogLevel::debug), 4);
  EXPECT_EQ(lines_at(LogLevel::info), 3);
  EXPECT_EQ(lines_at(LogLevel::warning), 2);
  EXPECT_EQ(lines_at(LogLevel::error), 1);
  EXPECT_EQ(lines_at(LogLevel::off), 0);
}

TEST_F(Log, LinesOfManyThreadsDoNotMix) {
  const std::string text = captured([] {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([t] {
        for (int i = 0; i < 200; ++i) {
          log(LogLevel::info, std::string(300, static_cast<char>('a' + t)), {{"i", "x"}});
        }
      });
    }
    for (std::thread& each : threads) each.join();
  });
  std::istringstream in(text);
  int lines = 0;
  for (std::string line; std::getline(in, line); ++lines) {
    const auto message = parse_line(line).at("message");
    EXPECT_EQ(message, std::string(300, message[0]));
  }
  EXPECT_EQ(lines, 800);
}

}  // namespace
}  // namespace ara::telemetry
