// The flags that every command with an engine has, and the engine that they configure.
#pragma once

#include <wasinn/wasinn.hpp>

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "exit_code.h"

namespace CLI {
class App;
}

namespace wasinn::cli {

struct EngineFlags {
  std::vector<std::string> models;
  std::vector<std::string> model_dirs;
  std::string config;
  bool no_config = false;
  std::vector<std::string> backend_path;
  std::uint32_t threads = 0;
  std::uint64_t memory_budget = 0;
  std::string log_level = "warn";
  bool quiet = false;
  int verbose = 0;       // how many times the flag was given
  std::string features;  // WebAssembly proposals, as in EngineOptions
};

struct PolicyFlags {
  std::vector<std::string> rules;   // RULE=VALUE
  std::vector<std::string> compat;  // NAME[=VALUE],...
};

struct CacheFlags {
  std::string dir;
  bool off = false;
};

// The flags are filled when the app parses; they must outlive it.
void AddEngineFlags(CLI::App& app, EngineFlags& flags);
// The flags for messages on stderr; AddEngineFlags adds them, too.
void AddLogFlags(CLI::App& app, EngineFlags& flags);
void AddPolicyFlags(CLI::App& app, PolicyFlags& flags);
// For commands that run guests.
void AddCompatFlags(CLI::App& app, PolicyFlags& flags);
void AddCacheFlags(CLI::App& app, CacheFlags& flags);
void AddCacheDirFlag(CLI::App& app, CacheFlags& flags);

// The folder for compiled code; empty: none.
std::string CacheDir(const CacheFlags& flags);

// The texts of --option, each NAME=VALUE, NAME=@FILE or NAME=@@TEXT.
std::expected<OptionList, Failure> ParseOptions(const std::vector<std::string>& texts);

struct HostRequest {
  const EngineFlags& engine;
  const PolicyFlags* policy = nullptr;
  const CacheFlags* cache = nullptr;
  bool with_adapter = false;  // whether guests can run
};

// An engine with the models of the command line, and the policy. The config file is read first, so
// that flags override its policy.
struct Host {
  Engine engine;
  Policy policy;
};
std::expected<Host, Failure> OpenHost(const HostRequest& request);

}  // namespace wasinn::cli
