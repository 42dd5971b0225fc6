// wasinn-conformance: the conformance suite on any host, without wasinn itself.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <memory>
#include <sstream>

#include "command.h"
#include "files.h"
#include "help.h"
#include "output.h"
#include "terminal.h"

namespace wasinn::conformance {
namespace {

int Complain(const Problem& problem) {
  cli::PrintError("wasinn-conformance: error: {}\n", cli::Printable(problem.message, true));
  if (!problem.hint.empty()) cli::PrintError("  hint: {}\n", problem.hint);
  return problem.exit_code;
}

int Main(int argc, char** argv) {
  CLI::App app("Runs the wasi-nn conformance suite on hosts and reports where they differ",
               "wasinn-conformance");
  app.formatter(std::make_shared<cli::HelpFormatter>());
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.set_version_flag("-V,--version", "wasinn-conformance " WASINN_VERSION,
                       "Print the version and exit");
  app.footer(kExitCodeHelp);
  Flags flags;
  AddFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      std::ostringstream asked;
      app.exit(error, asked, asked);
      cli::WriteOut(asked.str());
      return kAllGood;
    }
    return Complain({kUsage, cli::UsageMistake(app, error), "wasinn-conformance --help"});
  }
  const Place place{OwnProgram(argv[0]), "wasinn-wasmtime", "", {}};
  const auto done = RunCommand(flags, place);
  return done ? *done : Complain(done.error());
}

}  // namespace
}  // namespace wasinn::conformance

int main(int argc, char** argv) {
  using namespace wasinn;  // NOLINT: main cannot stand in a namespace
  cli::HoldStandardStreams();
  int code = conformance::kBroken;
  try {
    code = conformance::Main(argc, argv);
  } catch (const std::exception& error) {
    // Only the C++ library throws here, mainly if memory runs out.
    cli::PrintError("wasinn-conformance: error: {}\n", error.what());
  }
  return cli::EndOfOutput("wasinn-conformance", code, conformance::kBroken);
}
