// The flags of Wasmtime, WasmEdge and WAMR that `run` takes, so that their users change one word.
#pragma once

#include <wasinn/wasinn.hpp>

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasinn::cli {

// What the peers' flags ask for, in our terms.
struct PeerRequests {
  std::vector<ModelConfig> models;
  std::vector<std::pair<std::string, std::string>> rules;  // policy
  std::string features;                                    // of WebAssembly, for EngineOptions
  bool inherit_env = false;
  bool no_cache = false;
  std::vector<std::string> warnings;  // flags that have no effect here
};

// Each returns why a text is wrong; it says what was expected and given.
using PeerParsed = std::expected<void, std::string>;

// Wasmtime's -S: "nn", "cli", "nn-graph=ENC::DIR", "inherit-env", several separated by commas. The
// graph is named by the last part of DIR.
PeerParsed ParseWasmtimeWasi(std::string_view text, PeerRequests& out);
// Wasmtime's -W: max-memory-size, max-wasm-stack, fuel and timeout become policy rules, the names
// of proposals become features.
PeerParsed ParseWasmtimeWasm(std::string_view text, PeerRequests& out);
// Wasmtime's -C, -O and -D: "cache=n" is taken, the rest has no effect here.
PeerParsed ParseWasmtimeOther(char flag, std::string_view text, PeerRequests& out);
// WasmEdge's --nn-preload NAME:ENC:TARGET:PATH; PATH may hold colons.
PeerParsed ParseWasmEdgePreload(std::string_view text, PeerRequests& out);
// WAMR's --wasi-nn-graph=[NAME:]ENC:TARGET:PATH; PATH may hold colons. Without NAME the model
// answers to its file name without extension and to the text of PATH.
PeerParsed ParseWamrGraph(std::string_view text, PeerRequests& out);

// --dir: ours and Wasmtime's HOST[::GUEST][::ro], or WasmEdge's GUEST:HOST[:readonly] when the
// text has single colons and is no folder of this machine.
std::expected<Dir, std::string> ParseDir(std::string_view text);
// WAMR's --map-dir=GUEST::HOST.
std::expected<Dir, std::string> ParseMapDir(std::string_view text);

}  // namespace wasinn::cli
