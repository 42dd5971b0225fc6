#include "engine_flags.h"

#include <fmt/format.h>
#include <wasinn/adapter.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "help.h"
#include "output.h"
#include "terminal.h"
#include "text_argument.h"

namespace wasinn::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array kLogLevels = {
    std::pair{"debug", WASINN_LOG_DEBUG}, std::pair{"info", WASINN_LOG_INFO},
    std::pair{"warn", WASINN_LOG_WARN}, std::pair{"error", WASINN_LOG_ERROR},
    std::pair{"off", WASINN_LOG_OFF}};

wasinn_log_level LogLevel(const std::string& name) {
  for (const auto& [known, level] : kLogLevels) {
    if (name == known) return level;
  }
  return WASINN_LOG_WARN;
}

// The minimum level of messages.
wasinn_log_level LogLevelOf(const EngineFlags& flags) {
  if (flags.quiet) return WASINN_LOG_OFF;
  if (flags.verbose > 0) return flags.verbose > 1 ? WASINN_LOG_DEBUG : WASINN_LOG_INFO;
  return LogLevel(flags.log_level);
}

void PrintLog(wasinn_log_level level, std::string_view message) {
  const char* name = "log";
  for (const auto& [known, number] : kLogLevels) {
    if (number == level) name = known;
  }
  const Style style = Style::For(stderr);
  PrintError("wasinn: {}{}:{} {}\n", level == WASINN_LOG_ERROR ? style.red : style.yellow, name,
             style.reset, Printable(message, true));
}

std::string EnvironmentText(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// The folders of plug-ins: from flags, then from the environment, then relative to this program, in
// the build tree or installed.
std::string BackendPath(const EngineFlags& flags) {
  std::vector<std::string> folders = flags.backend_path;
  if (auto text = EnvironmentText("WASINN_BACKEND_PATH"); !text.empty()) {
    folders.push_back(std::move(text));
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path prefix = program.parent_path().parent_path();
    for (const char* lib : {"lib", WASINN_INSTALL_LIBDIR}) {
      const fs::path folder = prefix / lib / "wasinn" / "backends";
      if (fs::is_directory(folder, error)) {
        folders.push_back(folder.string());
        break;
      }
    }
  }
  return fmt::format("{}", fmt::join(folders, ":"));
}

// A folder of the user, from its variable or below HOME; empty if neither is an absolute path,
// since a relative path would mean a different folder in every working directory.
std::string UserFolder(const char* variable, const char* below_home) {
  const auto own = EnvironmentText(variable);
  if (own.starts_with('/')) return own;
  const auto home = EnvironmentText("HOME");
  return home.starts_with('/') ? home + below_home : std::string();
}

// The config file of the user, if there is one.
std::string DefaultConfig() {
  const std::string folder = UserFolder("XDG_CONFIG_HOME", "/.config");
  const std::string file = folder + "/wasinn/wasinn.toml";
  std::error_code error;
  return !folder.empty() && fs::exists(file, error) ? file : std::string();
}

std::expected<void, Failure> SetRules(Policy& policy, const PolicyFlags& flags) {
  for (const auto& text : flags.rules) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) {
      return Fail(kUsage, fmt::format("--policy: expected RULE=VALUE, given \"{}\"", text));
    }
    if (auto set = policy.Set(text.substr(0, equals), text.substr(equals + 1)); !set) {
      return Fail(set.error(), kSetup, "`wasinn run --help-policy` lists the rules");
    }
  }
  for (const auto& text : flags.compat) {
    if (auto set = policy.Set("compat", text); !set) {
      return Fail(set.error(), kSetup, "`wasinn run --help-compat` lists the switches");
    }
  }
  return {};
}

std::expected<void, Failure> AddModels(Engine& engine, const EngineFlags& flags) {
  for (const auto& spec : flags.models) {
    if (auto added = engine.AddModel(spec); !added) {
      return Fail(added.error(), kSetup,
                  spec.find('=') == std::string::npos
                      ? fmt::format("--model takes NAME=PATH, as in --model m={}", spec)
                      : std::string());
    }
  }
  for (const auto& dir : flags.model_dirs) {
    if (auto added = engine.AddModelDir(dir); !added) return Fail(added.error());
  }
  return {};
}

}  // namespace

std::string CacheDir(const CacheFlags& flags) {
  if (flags.off) return {};
  if (!flags.dir.empty()) return flags.dir;
  const std::string folder = UserFolder("XDG_CACHE_HOME", "/.cache");
  return folder.empty() ? folder : folder + "/wasinn/code";
}

std::expected<OptionList, Failure> ParseOptions(const std::vector<std::string>& texts) {
  OptionList options;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) {
      return Fail(kUsage, fmt::format("--option: expected NAME=VALUE, given \"{}\"", text));
    }
    auto value = ReadTextArgument(std::string_view(text).substr(equals + 1));
    if (!value) {
      return Fail(kSetup, fmt::format("--option {}: {}", text.substr(0, equals), value.error()));
    }
    options.emplace_back(text.substr(0, equals), std::move(*value));
  }
  return options;
}

void AddEngineFlags(CLI::App& app, EngineFlags& flags) {
  app.add_option("--model", flags.models,
                 "Add a model: NAME=PATH[,backend=B][,target=T]\n"
                 "[,encoding=E][,load=start][,OPTION=VALUE...]")
      ->type_name("SPEC")
      ->allow_extra_args(false)
      ->group("Models");
  app.add_option("--model-dir", flags.model_dirs,
                 "Add every model of a folder, named by its file\n"
                 "or folder")
      ->type_name("DIR")
      ->allow_extra_args(false)
      ->group("Models");
  app.add_option("--config", flags.config,
                 "Read models and policy from a wasinn.toml; default\n"
                 "${XDG_CONFIG_HOME:-~/.config}/wasinn/wasinn.toml")
      ->type_name("FILE")
      ->group("Models");
  app.add_flag("--no-config", flags.no_config, "Read no wasinn.toml")->group("Models");
  app.add_option("--backend-path", flags.backend_path,
                 "Look for backend plug-ins here first; also\n"
                 "WASINN_BACKEND_PATH")
      ->type_name("DIR")
      ->allow_extra_args(false)
      ->group("Engine");
  app.add_option("-t,--threads", flags.threads, "Worker threads; 0: one for each core")
      ->check(Count())
      ->type_name("N")
      ->group("Engine");
  app.add_option("--memory-budget", flags.memory_budget,
                 "Drop idle models above this size, e.g. 4GiB")
      ->transform(Size())
      ->type_name("SIZE")
      ->group("Engine");
  AddLogFlags(app, flags);
}

void AddLogFlags(CLI::App& app, EngineFlags& flags) {
  std::vector<std::string> levels;
  for (const auto& level : kLogLevels) levels.emplace_back(level.first);
  app.add_option("--log-level", flags.log_level,
                 fmt::format("debug, info, warn, error or off; default {}", flags.log_level))
      ->check(OneOf(levels))
      ->type_name("LEVEL")
      ->group("Engine");
  app.add_flag("-v,--verbose", flags.verbose, "As --log-level info; twice: debug")->group("Engine");
  app.add_flag("-q,--quiet", flags.quiet, "As --log-level off")->group("Engine");
}

void AddPolicyFlags(CLI::App& app, PolicyFlags& flags) {
  app.add_option("--policy", flags.rules, "Set a rule of the guest's policy")
      ->type_name("RULE=VALUE")
      ->allow_extra_args(false)
      ->group("Policy");
}

void AddCompatFlags(CLI::App& app, PolicyFlags& flags) {
  app.add_option("--compat", flags.compat, "Act like other hosts, for guests that need it")
      ->type_name("NAME[=VALUE],...")
      ->allow_extra_args(false)
      ->group("Policy");
}

void AddCacheDirFlag(CLI::App& app, CacheFlags& flags) {
  app.add_option("--cache-dir", flags.dir,
                 "Keep compiled code here; default\n"
                 "${XDG_CACHE_HOME:-~/.cache}/wasinn/code")
      ->type_name("DIR")
      ->group("Engine");
}

void AddCacheFlags(CLI::App& app, CacheFlags& flags) {
  AddCacheDirFlag(app, flags);
  app.add_flag("--no-cache", flags.off, "Compile every time")->group("Engine");
}

std::expected<Host, Failure> OpenHost(const HostRequest& request) {
  EngineOptions options;
  options.threads = request.engine.threads;
  options.memory_budget = request.engine.memory_budget;
  options.backend_path = BackendPath(request.engine);
  options.features = request.engine.features;
  if (request.cache != nullptr) options.cache_dir = CacheDir(*request.cache);
  options.log_level = LogLevelOf(request.engine);
  options.log = PrintLog;
  auto engine = Engine::Create(std::move(options));
  if (!engine) return Fail(engine.error());
  auto policy = Policy::Create();
  if (!policy) return Fail(policy.error());
#ifdef WASINN_HAVE_WASMTIME
  if (request.with_adapter) {
    if (auto added = engine->AddAdapter(wasinn_adapter_wasmtime()); !added) {
      return Fail(added.error());
    }
  }
#endif
  std::string hint;
  std::string config = request.engine.config;
  if (config.empty() && !request.engine.no_config) {
    config = DefaultConfig();
    if (!config.empty()) {
      hint = fmt::format("{} was read, too; --no-config ignores it", config);
      if (LogLevelOf(request.engine) <= WASINN_LOG_INFO)
        PrintLog(WASINN_LOG_INFO, "reading " + config);
    }
  }
  if (!config.empty()) {
    if (auto read = engine->LoadConfig(config, &*policy); !read) {
      return Fail(read.error(), kSetup, hint);
    }
  }
  if (auto added = AddModels(*engine, request.engine); !added) {
    if (added.error().hint.empty()) added.error().hint = hint;
    return std::unexpected(added.error());
  }
  if (request.policy != nullptr) {
    if (auto set = SetRules(*policy, *request.policy); !set) return std::unexpected(set.error());
  }
  return Host{std::move(*engine), std::move(*policy)};
}

}  // namespace wasinn::cli
