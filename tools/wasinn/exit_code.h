// The exit codes and failures of commands.
#pragma once

#include <wasinn/wasinn.hpp>

#include <cstdint>
#include <expected>
#include <string>

namespace wasinn::cli {

// The one table of exit codes; kHelp and docs/cli.md are checked against it by the tests. A guest's
// own code may be any of these.
enum ExitCode : int {
  kOk = 0,
  kUsage = 2,
  kTimeout = 124,
  kSetup = 125,
  kNotRunnable = 126,
  kNotFound = 127,
  kInterrupted = 130,
  kTrap = 134,
  kTerminated = 143,
};

// The exit code for a guest's own code: its low eight bits, as for any program, so -1 becomes 255;
// but a code other than 0 never becomes 0 (256 becomes 1).
constexpr int ExitCodeOfGuest(std::int32_t code) {
  const int low = static_cast<int>(static_cast<std::uint32_t>(code) & 0xff);
  return code != 0 && low == 0 ? 1 : low;
}

inline constexpr char kExitCodeHelp[] =
    "Exit codes:\n"
    "  0..255  of `run`: the guest's own, its low eight bits\n"
    "  2       the command line is wrong\n"
    "  124     stopped by --timeout\n"
    "  125     a model, backend, policy rule or file cannot be used, or output is lost\n"
    "  126     the guest cannot run here: not WebAssembly, or an import that nothing provides\n"
    "  127     there is no such guest file\n"
    "  130     stopped by SIGINT (143 by SIGTERM)\n"
    "  134     the guest trapped or met a limit\n";

// Why a command failed: one clear line, and advice for the user if there is any.
struct Failure {
  int exit_code = kSetup;
  std::string message;
  std::string hint;
};

// A command's exit code, or why it failed.
using Outcome = std::expected<int, Failure>;

inline std::unexpected<Failure> Fail(int exit_code, std::string message, std::string hint = {}) {
  return std::unexpected(Failure{exit_code, std::move(message), std::move(hint)});
}
inline std::unexpected<Failure> Fail(const Error& error, int exit_code = kSetup,
                                     std::string hint = {}) {
  return Fail(exit_code, error.message, std::move(hint));
}

// The failure of a model that could not be found or loaded, with advice for that error.
inline std::unexpected<Failure> FailModel(const Error& error) {
  switch (error.code) {
    case WASINN_NOT_FOUND:
      return Fail(error, kSetup, "`wasinn models` lists the names; --model NAME=PATH adds one");
    case WASINN_INVALID_ENCODING:
    case WASINN_UNSUPPORTED_OPERATION:
      return Fail(error, kSetup, "`wasinn backends` lists the formats and devices of this build");
    default:
      return Fail(error);
  }
}

}  // namespace wasinn::cli
