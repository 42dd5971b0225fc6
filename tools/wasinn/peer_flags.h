// The flags of Wasmtime, WasmEdge and WAMR that `run` accepts, so that their users need to change
// only one word.
#pragma once

#include <wasinn/wasinn.hpp>

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasinn::cli {

// The meaning of the peers' flags in wasinn's terms.
struct PeerRequests {
  std::vector<ModelConfig> models;
  std::vector<std::pair<std::string, std::string>> rules;  // policy
  std::string features;  // WebAssembly proposals, for EngineOptions
  bool inherit_env = false;
  bool no_cache = false;
  bool no_stdin = false;
  std::vector<std::string> warnings;  // flags that have no effect here
};

// Each returns why a text is wrong; it says what was expected and given.
using PeerParsed = std::expected<void, std::string>;

// Wasmtime's -S: "nn", "cli", "nn-graph=ENC::DIR", "inherit-env", several separated by commas. The
// graph is named by the last part of DIR.
PeerParsed ParseWasmtimeWasi(std::string_view text, PeerRequests& out);
// Wasmtime's -W: max-memory-size and max-wasm-stack (bytes), fuel and timeout (seconds without a
// unit) become policy rules, the names of proposals become features.
PeerParsed ParseWasmtimeWasm(std::string_view text, PeerRequests& out);
// Wasmtime's -C, -O and -D: "cache=n" is supported, the rest has no effect here.
PeerParsed ParseWasmtimeOther(char flag, std::string_view text, PeerRequests& out);
// WasmEdge's --nn-preload NAME:ENC:TARGET:PATH; PATH may contain colons.
PeerParsed ParseWasmEdgePreload(std::string_view text, PeerRequests& out);
// WAMR's --wasi-nn-graph=[NAME:]ENC:TARGET:PATH; PATH may contain colons. Without NAME, the model
// is registered under its file name without the extension and under the text of PATH.
PeerParsed ParseWamrGraph(std::string_view text, PeerRequests& out);

// WasmEdge's limits: --time-limit in milliseconds, 0 for none; --gas-limit in units of work;
// --memory-page-limit in pages of 64 KiB.
PeerParsed ParseTimeLimit(std::string_view text, PeerRequests& out);
PeerParsed ParseGasLimit(std::string_view text, PeerRequests& out);
PeerParsed ParseMemoryPageLimit(std::string_view text, PeerRequests& out);

// WAMR's --stack-size in bytes; what is less than the least stack here becomes that.
PeerParsed ParseStackSize(std::string_view text, PeerRequests& out);

// WAMR's -v=N, from 0 to 5, as our --log-level=LEVEL; unset for any other word.
std::optional<std::string> LogLevelOfWamr(std::string_view word);

// A flag of WasmEdge that switches a proposal of WebAssembly off.
struct ProposalFlag {
  const char* name;      // "--disable-simd"
  const char* features;  // what goes off with it, as EngineOptions has it; "": it is always on here
};
std::span<const ProposalFlag> FlagsOfProposals();
PeerParsed SwitchOff(const ProposalFlag& flag, PeerRequests& out);

// A flag of WasmEdge or WAMR that changes nothing here.
struct PeerFlag {
  enum class Value { kNone, kOptional, kRequired };
  const char* name;  // "--heap-size"
  Value value;
  const char* why;  // "": guests always have what the flag asks for
};
std::span<const PeerFlag> FlagsWithoutEffect();
// The warning for such a flag; unset if nothing is lost.
std::optional<std::string> WarningOf(const PeerFlag& flag);

// --dir: HOST[::GUEST][::ro] as in Wasmtime, or WasmEdge's GUEST:HOST[:readonly] if the text has
// single colons and is not an existing folder.
std::expected<Dir, std::string> ParseDir(std::string_view text);
// WAMR's --map-dir=GUEST::HOST.
std::expected<Dir, std::string> ParseMapDir(std::string_view text);

}  // namespace wasinn::cli
