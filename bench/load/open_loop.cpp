// An HTTP load generator for ARA, which asks on a timetable ("open loop", as users do, who do not
// wait for each other) for a mix of what ARA is asked for, or for given paths. `open_loop --help`.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "base/cpu_time.h"
#include "base/format.h"
#include "load/client.h"
#include "load/mix.h"
#include "load/survey.h"

namespace {

using namespace ara;
using namespace ara::load;
using Clock = std::chrono::steady_clock;

constexpr std::array kPercentiles{50.0, 90.0, 99.0, 99.9, 99.99};

struct Asked {
  std::vector<std::string> targets{"http://127.0.0.1:8000"};
  double seconds = 10;
  double rate = 100;
  std::size_t closed = 0;
  std::string mix = "cached=90,new=5,batch=3,write=2";
  std::string symbols;
  std::string paths;
  std::string token;
  double zipf = 1;
  std::size_t batch = 10;
  std::uint64_t seed = 1;
  std::size_t connections = 1000;
  double timeout = 10;
  bool json = false;
};

void describe(CLI::App& app, Asked& asked) {
  app.description(
      "Asks ARA for a mix of forecasts at a constant rate and tells how long the answers took.\n"
      "Latency is counted from the moment at which a request was due, so a server that stalls\n"
      "cannot hide it. Plain HTTP, from one thread: about 40,000 requests a second.");
  app.add_option("--target", asked.targets, "http://ADDRESS:PORT; several take turns");
  app.add_option("--rate", asked.rate, "Requests a second")->check(CLI::PositiveNumber);
  app.add_option("--closed", asked.closed,
                 "Instead of a rate: so many connections, each asking again as it is answered");
  app.add_option("--seconds", asked.seconds, "For how long")->check(CLI::PositiveNumber);
  app.add_option("--mix", asked.mix,
                 "Shares of: cached (one forecast of a symbol), new (one that was not asked for "
                 "before), batch, write (the last bar of a symbol, changed a little)");
  app.add_option("--symbols", asked.symbols,
                 "File of symbols, a line each, the most popular first; all that the first target "
                 "has, unless given");
  app.add_option("--zipf", asked.zipf,
                 "The symbol of rank r is asked for 1/r^ZIPF as often as the first; 0: all alike")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--batch", asked.batch, "Symbols of a batch")->check(CLI::Range(1, 100));
  app.add_option("--paths", asked.paths, "File of paths to GET in turn, instead of the mix");
  app.add_option("--token", asked.token, "API key (ara_…) or bearer token");
  app.add_option("--connections", asked.connections, "At most so many at a time")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--timeout", asked.timeout, "Seconds after which a request counts as lost")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", asked.seed, "The same seed asks the same");
  app.add_flag("--json", asked.json, "One JSON object, times in milliseconds");
  app.get_formatter()->column_width(28);
}

std::string header_lines(const Asked& asked) {
  std::string lines = "Host: localhost\r\n";
  if (asked.token.starts_with("ara_")) return lines + "X-API-Key: " + asked.token + "\r\n";
  return asked.token.empty() ? lines : lines + "Authorization: Bearer " + asked.token + "\r\n";
}

std::vector<std::string> read_lines(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

Result<Mix> make_mix(const Asked& asked, const Target& target) {
  MixOptions options{.shares = {},
                     .zipf = asked.zipf,
                     .batch = asked.batch,
                     .header_lines = header_lines(asked),
                     .seed = asked.seed};
  if (!asked.paths.empty()) {
    auto paths = read_lines(asked.paths);
    if (paths.empty()) return invalid("--paths", asked.paths, "a file with a path in it");
    return Mix(std::move(paths), std::move(options));
  }
  const auto shares = parse_shares(asked.mix);
  if (!shares) return std::unexpected(shares.error());
  options.shares = *shares;
  Survey survey(target, options.header_lines);
  auto instruments = asked.symbols.empty() ? survey.all() : survey.of(read_lines(asked.symbols));
  if (!instruments) return std::unexpected(instruments.error());
  if (instruments->empty()) return invalid("--symbols", asked.symbols, "at least one symbol");
  return Mix(std::move(*instruments), std::move(options));
}

void run_open(Client& client, Mix& mix, double rate, Clock::time_point start,
              Clock::time_point end) {
  for (std::uint64_t sent = 0;;) {
    const auto due = start + std::chrono::nanoseconds(
                                 static_cast<std::int64_t>(1e9 * static_cast<double>(sent) / rate));
    if (due >= end) return;
    const auto now = Clock::now();
    if (due <= now) {
      client.send(mix.next(), due);
      ++sent;
      if (sent % 16 == 0) client.turn(std::chrono::milliseconds(0));
    } else {
      const auto wait = std::chrono::floor<std::chrono::milliseconds>(due - now);
      client.turn(std::min(wait, std::chrono::milliseconds(10)));
    }
  }
}

void run_closed(Client& client, Mix& mix, std::size_t connections, Clock::time_point end) {
  for (auto now = Clock::now(); now < end; now = Clock::now()) {
    while (client.open_requests() < connections) client.send(mix.next(), Clock::now());
    client.turn(std::chrono::milliseconds(10));
  }
}

double milliseconds(double nanoseconds) {
  return nanoseconds / 1e6;
}

std::string figures(const Histogram& histogram) {
  std::string text = ara::format("\"count\":{},\"mean\":{:.3f}", histogram.count(),
                                 milliseconds(histogram.mean()));
  for (const double percent : kPercentiles) {
    text += ara::format(",\"p{}\":{:.3f}", percent,
                        milliseconds(static_cast<double>(histogram.percentile(percent))));
  }
  return text + ara::format(",\"max\":{:.3f}", milliseconds(static_cast<double>(histogram.max())));
}

void print_json(const Client& client, const Mix& mix, double seconds) {
  Histogram all;
  std::string kinds;
  for (std::size_t i = 0; i < kKinds; ++i) {
    std::string statuses;
    Histogram sum;
    for (const auto& [how, outcome] : client.outcomes(static_cast<Kind>(i))) {
      sum.add(outcome.nanoseconds);
      statuses += ara::format("{}\"{}\":{{{},\"retry_after\":{}}}", statuses.empty() ? "" : ",",
                              how, figures(outcome.nanoseconds), outcome.with_retry_after);
    }
    if (sum.count() == 0) continue;
    all.add(sum);
    kinds += ara::format("{}\"{}\":{{{},\"answers\":{{{}}}}}", kinds.empty() ? "" : ",",
                         name_of(static_cast<Kind>(i)), figures(sum), statuses);
  }
  std::printf(
      "{\"seconds\":%.3f,\"all\":{%s},\"kinds\":{%s},\"repeated\":%llu,\"own_delay\":{%s},"
      "\"own_cpu_seconds\":%.3f}\n",
      seconds, figures(all).c_str(), kinds.c_str(), static_cast<unsigned long long>(mix.repeated()),
      figures(client.own_delay()).c_str(), cpu_seconds());
}

void print_row(std::string_view name, std::string_view how, const Histogram& histogram) {
  std::printf("%-8s %-9s %9llu", std::string(name).c_str(), std::string(how).c_str(),
              static_cast<unsigned long long>(histogram.count()));
  for (const double percent : kPercentiles) {
    std::printf(" %9.2f", milliseconds(static_cast<double>(histogram.percentile(percent))));
  }
  std::printf(" %9.2f\n", milliseconds(static_cast<double>(histogram.max())));
}

void print_table(const Client& client, const Mix& mix, double seconds) {
  std::printf("%-8s %-9s %9s", "kind", "answer", "count");
  for (const double percent : kPercentiles) {
    std::printf(" %9s", ara::format("p{} ms", percent).c_str());
  }
  std::printf(" %9s\n", "max ms");
  Histogram all;
  for (std::size_t i = 0; i < kKinds; ++i) {
    for (const auto& [how, outcome] : client.outcomes(static_cast<Kind>(i))) {
      print_row(name_of(static_cast<Kind>(i)), how, outcome.nanoseconds);
      all.add(outcome.nanoseconds);
    }
  }
  print_row("all", "", all);
  print_row("sent", "late by", client.own_delay());
  std::printf("%.1f requests a second for %.1f s\n", static_cast<double>(all.count()) / seconds,
              seconds);
  if (mix.repeated() > 0) {
    std::printf("%llu of the new forecasts had been asked for before: take more symbols\n",
                static_cast<unsigned long long>(mix.repeated()));
  }
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

Result<void> run(const Asked& asked) {
  std::vector<Target> targets;
  for (const std::string& text : asked.targets) {
    auto target = parse_target(text);
    if (!target) return std::unexpected(target.error());
    targets.push_back(std::move(*target));
  }
  auto mix = make_mix(asked, targets.front());
  if (!mix) return std::unexpected(mix.error());
  raise_descriptor_limit();
  const std::chrono::milliseconds timeout(static_cast<std::int64_t>(1000 * asked.timeout));
  Client client(targets, {.connections = asked.connections, .timeout = timeout});
  const auto start = Clock::now();
  const auto end =
      start + std::chrono::milliseconds(static_cast<std::int64_t>(1000 * asked.seconds));
  if (asked.closed > 0) {
    run_closed(client, *mix, asked.closed, end);
  } else {
    run_open(client, *mix, asked.rate, start, end);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const auto patience = Clock::now() + timeout;
  while (client.open_requests() > 0 && Clock::now() < patience) {
    client.turn(std::chrono::milliseconds(10));
  }
  client.give_up();
  asked.json ? print_json(client, *mix, seconds) : print_table(client, *mix, seconds);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Asked asked;
  CLI::App app;
  describe(app, asked);
  CLI11_PARSE(app, argc, argv);
  const auto done = run(asked);
  if (done) return 0;
  std::fprintf(stderr, "open_loop: %s\n", done.error().message.c_str());
  return 1;
}
