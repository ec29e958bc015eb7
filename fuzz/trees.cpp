// Bytes as a trained artefact. Whatever they are, reading them ends with an error that says what is
// wrong, or with trees that give each row as many sums as they have outputs, the same ones whether
// rows come alone or together, and as many contributions as they have features.
#include "models/trees.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <vector>

namespace {

using namespace ara;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto trees = models::Trees::parse({reinterpret_cast<const char*>(data), size});
  if (!trees) {
    require(trees.error().code == Code::corrupt && !trees.error().message.empty());
    return 0;
  }
  std::vector<float> row(trees->features());
  std::vector<float> rows;
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t f = 0; f < row.size(); ++f) {
      row[f] = (f + i) % 3 == 0 ? std::numeric_limits<float>::quiet_NaN()
                                : static_cast<float>(size % 7) - static_cast<float>(f * i);
    }
    rows.insert(rows.end(), row.begin(), row.end());
  }
  const auto all = trees->predict(rows);
  const auto last = trees->predict(row);
  require(all.size() == 3 * trees->outputs() && last.size() == trees->outputs());
  for (std::size_t k = 0; k < last.size(); ++k) {
    const float other = all[2 * last.size() + k];
    require(other == last[k] || (std::isnan(other) && std::isnan(last[k])));
  }
  if (trees->count() < 50) {
    require(trees->contributions(row).size() == trees->outputs() * (trees->features() + 1));
  }
  return 0;
}
