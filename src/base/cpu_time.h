#pragma once

namespace ara {

/// CPU seconds that all threads of this process have used.
double cpu_seconds();

}  // namespace ara
