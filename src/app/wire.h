#pragma once

#include "cli/command.h"

namespace ara::app {

/// The makers of everything concrete, for the commands.
cli::Context wire();

}  // namespace ara::app
