#include "app/wire.h"
#include "cli/command.h"

int main(int argc, char** argv) {
  return ara::cli::run(argc, argv, ara::app::wire());
}
