// Fits and forecasts every series of a file with the models named: what bench/models.py runs beside
// the same in R. Prints a line a forecast, then the CPU seconds that each model took.
//
//     bench_models SERIES MODEL…
//
// SERIES holds a line a series: id, season, horizon, values…, separated by commas. Values are
// modelled as they are, not by their logarithm, as in R. Reading and writing are not timed.
#include <time.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "base/text.h"
#include "models/model.h"

namespace ara {
namespace {

struct Series {
  std::string id;
  int season = 1;
  int horizon = 1;
  std::vector<domain::Bar> bars;
};

std::vector<Series> read(const char* path) {
  std::ifstream file(path);
  std::vector<Series> all;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> cells(1);
    for (char c : line) c == ',' ? void(cells.emplace_back()) : void(cells.back() += c);
    Series series{.id = cells.at(0),
                  .season = std::stoi(cells.at(1)),
                  .horizon = std::stoi(cells.at(2)),
                  .bars = {}};
    for (std::size_t i = 3; i < cells.size(); ++i) {
      domain::Bar bar;
      bar.time = domain::Date{std::chrono::days{static_cast<int>(i)}};
      bar.close = std::stod(cells[i]);
      series.bars.push_back(bar);
    }
    all.push_back(std::move(series));
  }
  return all;
}

/// What this thread has computed so far, in seconds.
double computed() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

int run(const char* path, std::span<char*> names) {
  const auto all = read(path);
  for (const char* name : names) {
    const auto row = models::find_model(name);
    if (!row) {
      std::fprintf(stderr, "%s\n", row.error().message.c_str());
      return 1;
    }
    double seconds = 0;
    for (const Series& series : all) {
      const double before = computed();
      const auto model =
          models::fit(**row, series.bars, {.scale = domain::Scale::level, .season = series.season});
      if (!model) {
        std::fprintf(stderr, "%s of %s: %s\n", name, series.id.c_str(),
                     model.error().message.c_str());
        return 1;
      }
      const models::Path path_ahead = (*model)->forecast(series.horizon);
      seconds += computed() - before;
      std::printf("forecast,%s,%s", name, series.id.c_str());
      for (const auto& change : path_ahead.change) {
        std::printf(",%.17g", series.bars.back().close + change.median());
      }
      std::puts("");
    }
    std::printf("seconds,%s,%.9f\n", name, seconds);
  }
  return 0;
}

}  // namespace
}  // namespace ara

int main(int count, char** arguments) {
  if (count < 3) {
    std::puts("bench_models SERIES MODEL…; see bench/models.py");
    return 2;
  }
  return ara::run(arguments[1], std::span(arguments + 2, arguments + count));
}
