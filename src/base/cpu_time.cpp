#include "base/cpu_time.h"

#include <ctime>

namespace ara {

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

}  // namespace ara
