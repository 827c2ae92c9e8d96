// The command `byzsim`.
#include "sim/cli/arguments.hpp"

int main(int argc, char** argv) {
  return byzsim::cli::run_command_line(argc, argv);
}
