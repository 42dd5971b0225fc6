#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "cancel_on_signal.h"
#include "commands.h"
#include "engine_flags.h"
#include "files.h"
#include "guest_file.h"
#include "help.h"
#include "instances.h"
#include "output.h"
#include "peer_flags.h"
#include "progress.h"
#include "table.h"

extern char** environ;

namespace wasinn::cli {
namespace {

// Each instance has its own thread and memory.
constexpr std::uint32_t kMaxInstances = 1024;

struct RunFlags {
  EngineFlags engine;
  PolicyFlags policy;
  CacheFlags cache;
  std::vector<std::string> env;
  std::vector<std::string> dirs;
  std::vector<std::string> map_dirs;
  std::string memory;
  std::string fuel;
  std::string timeout;
  std::string compute_timeout;
  std::string adapter;
  std::string stats;
  std::uint32_t instances = 1;
  bool help_policy = false;
  bool help_compat = false;
  std::vector<std::string> wasmtime_wasi;
  std::vector<std::string> wasmtime_wasm;
  std::vector<std::string> wasmtime_codegen;
  std::vector<std::string> wasmtime_optimize;
  std::vector<std::string> wasmtime_debug;
  std::vector<std::string> wasmedge_preload;
  std::vector<std::string> wamr_graph;
  std::string time_limit;
  std::string gas_limit;
  std::string memory_page_limit;
  std::string stack_size;
  std::string argv0;
  std::string invoke;
  bool reactor = false;
  bool allow_precompiled = false;
  // By index of FlagsWithoutEffect; they only cause warnings.
  std::vector<CLI::Option*> without_effect;
  std::vector<CLI::Option*> proposals;  // by index of FlagsOfProposals
};

using Clock = std::chrono::steady_clock;

double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

struct Times {
  double engine = 0;
  double code = 0;
  bool from_cache = false;
  double model_load = 0;
  double instantiate = 0;
  double run = 0;
  double total = 0;
};

void PrintTimes(const Times& times, const std::string& form) {
  if (form == "json") {
    const nlohmann::ordered_json json = {{"engine_ms", times.engine},
                                         {"code_ms", times.code},
                                         {"code_cached", times.from_cache},
                                         {"model_load_ms", times.model_load},
                                         {"instantiate_ms", times.instantiate},
                                         {"run_ms", times.run},
                                         {"total_ms", times.total}};
    PrintError("{}\n", json.dump());
    return;
  }
  PrintError(
      "wasinn: engine {}, code {} ({}), instantiate {}, run {} (of that model load {}), "
      "total {}\n",
      HumanTime(times.engine), HumanTime(times.code), times.from_cache ? "cached" : "compiled",
      HumanTime(times.instantiate), HumanTime(times.run), HumanTime(times.model_load),
      HumanTime(times.total));
}

double ModelLoadTime(const Engine& engine) {
  const auto text = engine.StatsJson();
  if (!text) return 0;
  double total = 0;
  const auto stats = nlohmann::json::parse(*text, nullptr, false);
  for (const auto& graph : stats.value("graphs", nlohmann::json::array())) {
    total += graph.value("load_ms", 0.0);
  }
  return total;
}

std::expected<void, Failure> Add(PeerParsed parsed) {
  if (!parsed) return Fail(kUsage, parsed.error());
  return {};
}

std::expected<PeerRequests, Failure> ReadPeerFlags(const RunFlags& flags) {
  PeerRequests requests;
  std::expected<void, Failure> done;
  const auto each = [&](const std::vector<std::string>& texts, auto parse) {
    for (const auto& text : texts) {
      if (done) done = Add(parse(text));
    }
  };
  const auto other = [&](char flag) {
    return [&requests, flag](const std::string& text) {
      return ParseWasmtimeOther(flag, text, requests);
    };
  };
  each(flags.wasmtime_wasi, [&](const auto& text) { return ParseWasmtimeWasi(text, requests); });
  each(flags.wasmtime_wasm, [&](const auto& text) { return ParseWasmtimeWasm(text, requests); });
  each(flags.wasmtime_codegen, other('C'));
  each(flags.wasmtime_optimize, other('O'));
  each(flags.wasmtime_debug, other('D'));
  each(flags.wasmedge_preload,
       [&](const auto& text) { return ParseWasmEdgePreload(text, requests); });
  each(flags.wamr_graph, [&](const auto& text) { return ParseWamrGraph(text, requests); });
  const auto limit = [&](const std::string& text, auto parse) {
    if (!text.empty() && done) done = Add(parse(text, requests));
  };
  limit(flags.time_limit, ParseTimeLimit);
  limit(flags.gas_limit, ParseGasLimit);
  limit(flags.memory_page_limit, ParseMemoryPageLimit);
  limit(flags.stack_size, ParseStackSize);
  for (std::size_t i = 0; i < flags.proposals.size(); ++i) {
    if (done && flags.proposals[i]->count() > 0) {
      done = Add(SwitchOff(FlagsOfProposals()[i], requests));
    }
  }
  for (std::size_t i = 0; i < flags.without_effect.size(); ++i) {
    if (flags.without_effect[i]->count() == 0) continue;
    if (auto warning = WarningOf(FlagsWithoutEffect()[i])) {
      requests.warnings.push_back(std::move(*warning));
    }
  }
  if (!done) return std::unexpected(done.error());
  return requests;
}

std::expected<RunOptions, Failure> GuestOptions(const RunFlags& flags, const PeerRequests& peers,
                                                const std::vector<std::string>& guest_args) {
  RunOptions options;
  options.args = guest_args;
  // As in other hosts: the file's name without its folder.
  options.args.front() = flags.argv0.empty()
                             ? std::filesystem::path(guest_args.front()).filename().string()
                             : flags.argv0;
  options.invoke = flags.invoke;
  if (flags.reactor) {
    if (guest_args.size() < 2) {
      return Fail(kUsage, "--reactor: expected the name of a function after the guest's file");
    }
    options.invoke = guest_args[1];
    options.args.erase(options.args.begin() + 1);
  }
  if (peers.no_stdin) options.stdin_data = "";
  if (peers.inherit_env) {
    for (char** entry = environ; *entry != nullptr; ++entry) options.env.emplace_back(*entry);
  }
  for (const auto& text : flags.env) {
    if (text.empty() || text.front() == '=') {
      return Fail(kUsage, fmt::format("--env: expected NAME[=VALUE], given \"{}\"", text));
    }
    if (text.find('=') != std::string::npos) {
      options.env.push_back(text);
    } else if (const char* value = std::getenv(text.c_str()); value != nullptr) {
      options.env.push_back(text + "=" + value);
    }
  }
  for (const auto& text : flags.dirs) {
    auto dir = ParseDir(text);
    if (!dir) return Fail(kUsage, dir.error());
    options.dirs.push_back(std::move(*dir));
  }
  for (const auto& text : flags.map_dirs) {
    auto dir = ParseMapDir(text);
    if (!dir) return Fail(kUsage, dir.error());
    options.dirs.push_back(std::move(*dir));
  }
  for (const auto& dir : options.dirs) {
    std::error_code error;
    if (!std::filesystem::is_directory(dir.host, error)) {
      return Fail(kSetup, fmt::format("--dir: expected a folder, given \"{}\"", dir.host));
    }
  }
  return options;
}

std::expected<void, Failure> SetLimits(Policy& policy, const RunFlags& flags,
                                       const PeerRequests& peers) {
  auto rules = peers.rules;
  const auto add = [&](const char* rule, const std::string& value) {
    if (!value.empty()) rules.emplace_back(rule, value);
  };
  for (const auto& [flag, value] : {std::pair{"--timeout", flags.timeout},
                                    std::pair{"--compute-timeout", flags.compute_timeout}}) {
    if (value.find_first_not_of("0.") == std::string::npos ||
        value.find_first_not_of("0123456789.") != std::string::npos) {
      continue;
    }
    return Fail(kUsage,
                fmt::format("{}: expected a time with a unit, e.g. {}s or {}ms, given \"{}\"", flag,
                            value, value, value),
                "iwasm's --timeout counts milliseconds, Wasmtime's -W timeout seconds");
  }
  add("guest_memory", flags.memory);
  add("guest_fuel", flags.fuel);
  add("run_timeout", flags.timeout);
  add("compute_timeout", flags.compute_timeout);
  for (const auto& [rule, value] : rules) {
    if (auto set = policy.Set(rule, value); !set) return Fail(set.error());
  }
  return {};
}

std::expected<Program, Failure> LoadGuest(const Engine& engine, const RunFlags& flags,
                                          const std::string& path) {
  const auto wasm = ReadGuest(path);
  if (!wasm) return std::unexpected(wasm.error());
  const std::string title = FileTitle(path);
  const Progress progress("compiling " + title);
  auto program = flags.allow_precompiled ? engine.LoadTrustedProgram(*wasm, flags.adapter)
                                         : engine.LoadProgram(*wasm, flags.adapter);
  if (program) return std::move(*program);
#ifdef WASINN_HAVE_WASMTIME
  std::string hint;
  if (program.error().code == WASINN_NOT_FOUND && flags.adapter.empty()) {
    hint = fmt::format("`wasinn inspect {}` lists all its imports", path);
  } else if (program.error().code == WASINN_SECURITY) {
    hint = "--allow-precompiled runs it; use that only for code from a source that you trust";
  }
#else
  const std::string hint = "this build has no Wasm engine: -DWASINN_ADAPTER_WASMTIME=ON";
#endif
  return Fail(kNotRunnable, fmt::format("{}: {}", title, program.error().message), hint);
}

bool IsStop(const Result<RunResult>& result) {
  return !result &&
         (result.error().code == WASINN_TIMEOUT || result.error().code == WASINN_CANCELLED);
}

Outcome EndOf(const Result<RunResult>& result, int signal, const std::string& guest) {
  if (result) return ExitCodeOfGuest(result->exit_code);
  switch (result.error().code) {
    case WASINN_TIMEOUT:
      return Fail(result.error(), kTimeout);
    case WASINN_CANCELLED:
      return Fail(result.error(), signal == SIGTERM ? kTerminated : kInterrupted);
    case WASINN_RUNTIME_ERROR:
    case WASINN_TOO_LARGE:
      return Fail(result.error(), kTrap);
    case WASINN_UNSUPPORTED_OPERATION:
      return Fail(kNotRunnable, fmt::format("{}: {}", guest, result.error().message));
    default:
      return Fail(result.error());
  }
}

// A single instance uses the process's standard streams; with several, each line is labelled.
std::expected<InstancesEnd, Failure> RunAll(const Host& host, const Program& program,
                                            const RunOptions& options, std::uint32_t instances) {
  std::vector<Session> sessions;
  for (std::uint32_t i = 0; i < instances; ++i) {
    auto session = host.engine.NewSession(&host.policy);
    if (!session) return Fail(session.error());
    sessions.push_back(std::move(*session));
  }
  if (instances > 1) {
    auto end = RunInstances(program, sessions, options);
    if (!end) return Fail(kSetup, end.error());
    return std::move(*end);
  }
  InstancesEnd end;
  const CancelOnSignal cancel({&sessions.front()});
  end.ends.push_back(program.Run(sessions.front(), options));
  if (end.ends.front()) NoteOutFailure(end.ends.front()->stdout_errno);
  end.signal = cancel.received();
  if (const auto& ended = end.ends.front()) Print("{}", ended->results);
  return end;
}

// The highest exit code of all. If several instances failed, the caller reports the last one.
Outcome EndOfAll(const InstancesEnd& all, const std::string& guest) {
  int code = kOk;
  std::optional<Failure> failure;
  for (std::size_t i = 0; i < all.ends.size(); ++i) {
    const Outcome outcome = EndOf(all.ends[i], all.signal, guest);
    code = std::max(code, outcome ? *outcome : outcome.error().exit_code);
    if (outcome) continue;
    if (failure) PrintFailure(*failure);
    failure = outcome.error();
    if (all.ends.size() > 1) failure->message = fmt::format("[{}] {}", i, failure->message);
  }
  if (!failure) return code;
  failure->exit_code = code;
  return std::unexpected(*failure);
}

nlohmann::json PolicyRules() {
  const std::unique_ptr<char, detail::Deleter<wasinn_text_free>> text(wasinn_policy_rules_json());
  return nlohmann::json::parse(text ? text.get() : "", nullptr, false);
}

int PrintPolicyRules() {
  const auto json = PolicyRules();
  Table table({"RULE", "TYPE", "DEFAULT", "MEANING"});
  for (const auto& rule : json.value("rules", nlohmann::json::array())) {
    const auto& value = rule.value("default", nlohmann::json());
    table.AddRow({rule.value("name", ""), rule.value("type", ""),
                  value.is_string() ? value.get<std::string>() : value.dump(),
                  rule.value("help", "")});
  }
  Print("{}", table.Render(Style::For(stdout)));
  return kOk;
}

int PrintCompatSwitches() {
  const auto json = PolicyRules();
  Table table({"SWITCH", "VALUES", "DEFAULT", "MEANING"});
  for (const auto& row : json.value("compat", nlohmann::json::array())) {
    const auto values = row.value("values", std::vector<std::string>());
    table.AddRow({row.value("name", ""), fmt::format("{}", fmt::join(values, " ")),
                  row.value("default", ""), row.value("help", "")});
  }
  Print("{}", table.Render(Style::For(stdout)));
  return kOk;
}

Outcome Run(const RunFlags& flags, const std::vector<std::string>& guest_args) {
  if (flags.help_policy) return PrintPolicyRules();
  if (flags.help_compat) return PrintCompatSwitches();
  if (guest_args.empty()) {
    return Fail(kUsage, "expected the file of a guest, given none",
                "wasinn run [options] GUEST.wasm [ARGS...]");
  }
  const auto start = Clock::now();
  auto peers = ReadPeerFlags(flags);
  if (!peers) return std::unexpected(peers.error());
  for (const auto& warning : peers->warnings) {
    if (flags.engine.quiet) break;
    PrintError("wasinn: warn: {}\n", Printable(warning));
  }
  const auto options = GuestOptions(flags, *peers, guest_args);
  if (!options) return std::unexpected(options.error());

  EngineFlags engine = flags.engine;
  engine.features = peers->features;
  CacheFlags cache = flags.cache;
  cache.off = cache.off || peers->no_cache;
  auto host =
      OpenHost({.engine = engine, .policy = &flags.policy, .cache = &cache, .with_adapter = true});
  if (!host) return std::unexpected(host.error());
  for (const auto& model : peers->models) {
    if (auto added = host->engine.AddModel(model); !added) return FailModel(added.error());
  }
  if (auto set = SetLimits(host->policy, flags, *peers); !set) {
    return std::unexpected(set.error());
  }
  Times times;
  times.engine = MillisecondsSince(start);

  const auto code_start = Clock::now();
  auto program = LoadGuest(host->engine, flags, guest_args.front());
  if (!program) return std::unexpected(program.error());
  times.code = MillisecondsSince(code_start);
  times.from_cache = program->stats().from_cache;

  const auto run_start = Clock::now();
  const auto ended = RunAll(*host, *program, *options, flags.instances);
  if (!ended) return std::unexpected(ended.error());
  times.run = MillisecondsSince(run_start);
  if (ended->ends.size() == 1 && ended->ends.front()) {
    const RunResult& result = *ended->ends.front();
    times.instantiate = static_cast<double>(result.instantiate_ns) / 1e6;
    times.run = static_cast<double>(result.run_ns) / 1e6;
  }
  if (!flags.stats.empty()) {
    times.model_load = ModelLoadTime(host->engine);
    times.total = MillisecondsSince(start);
    PrintTimes(times, flags.stats);
  }
  if (std::ranges::any_of(ended->ends, IsStop)) {
    // A model that is still loading, or a framework that ignores a cancel, would delay the engine's
    // end. The end of the process does not wait for it.
    static const auto* const kept = new std::pair(std::move(*host), std::move(*program));
    static_cast<void>(kept);
  }
  auto end = EndOfAll(*ended, FileTitle(guest_args.front()));
  // Requested output that was lost.
  if (!flags.stats.empty() && ErrorFailure() != 0 && end == kOk) return kSetup;
  return end;
}

void AddRepeated(CLI::App& app, const char* name, std::vector<std::string>& out, const char* help,
                 const char* type, const char* group) {
  app.add_option(name, out, help)->type_name(type)->allow_extra_args(false)->group(group);
}

void AddGuestFlags(CLI::App& app, RunFlags& flags) {
  AddRepeated(app, "--env", flags.env, "Set a variable; NAME alone passes ours on", "NAME[=VALUE]",
              "Guest");
  AddRepeated(app, "--dir", flags.dirs,
              "Grant a folder, under the name GUEST or its\nown; ::ro makes it read-only",
              "HOST[::GUEST][::ro]", "Guest");
  app.add_option("--invoke,-f,--function", flags.invoke,
                 "Call this export with numbers from ARGS, and\nprint its results")
      ->type_name("FUNCTION")
      ->group("Guest");
  app.add_option("--instances", flags.instances,
                 "Run N instances at once; \"[i] \" begins each\nline of instance i")
      ->type_name("N")
      ->check(Between(1, kMaxInstances))
      ->group("Guest");
}

void AddRunEngineFlags(CLI::App& app, RunFlags& flags) {
  app.add_option("--adapter", flags.adapter, "The Wasm engine, by name")
      ->type_name("NAME")
      ->group("Engine");
  app.add_flag("--allow-precompiled", flags.allow_precompiled,
               "Accept the output of `wasinn compile`: native\ncode, which is not sandboxed")
      ->group("Engine");
  app.add_flag("--stats{text}", flags.stats,
               "Print the times of the run's steps on stderr,\nas text or json")
      ->check(OneOf({"text", "json"}))
      ->group("Engine");
}

void AddLimitFlags(CLI::App& app, RunFlags& flags) {
  const auto limit = [&](const char* name, std::string& out, const char* help, const char* type) {
    app.add_option(name, out, help)->type_name(type)->group("Policy");
  };
  limit("--memory", flags.memory, "Maximum memory of the guest, e.g. 64MiB", "SIZE");
  limit("--fuel", flags.fuel, "Maximum number of instructions", "N");
  limit("--timeout", flags.timeout, "Maximum time of the run, e.g. 1500ms or 2s", "TIME");
  limit("--compute-timeout", flags.compute_timeout, "Maximum time of one compute", "TIME");
  app.add_flag("--help-policy", flags.help_policy, "List the rules that --policy takes")
      ->group("Policy");
  app.add_flag("--help-compat", flags.help_compat, "List the switches that --compat takes")
      ->group("Policy");
}

constexpr char kPeerGroup[] = "From the command lines of Wasmtime, WasmEdge and WAMR";

void AddPeerLimits(CLI::App& app, RunFlags& flags) {
  const auto add = [&](const char* name, std::string& out, const char* help, const char* type) {
    app.add_option(name, out, help)->type_name(type)->group(kPeerGroup);
  };
  add("--argv0", flags.argv0, "Wasmtime: the guest's args[0]", "NAME");
  add("--time-limit", flags.time_limit, "WasmEdge: --timeout in milliseconds", "MS");
  add("--gas-limit", flags.gas_limit, "WasmEdge: as --fuel", "N");
  add("--memory-page-limit", flags.memory_page_limit, "WasmEdge: --memory in pages of 64 KiB",
      "PAGES");
  add("--stack-size", flags.stack_size, "WAMR: the stack in bytes, at least 16 KiB", "BYTES");
  app.add_flag("--reactor", flags.reactor,
               "WasmEdge: as --invoke; the first of ARGS is the\nfunction")
      ->group(kPeerGroup);
  // Hidden: docs/cli.md lists them.
  for (const ProposalFlag& flag : FlagsOfProposals()) {
    flags.proposals.push_back(app.add_flag(flag.name)->group(""));
  }
  for (const PeerFlag& flag : FlagsWithoutEffect()) {
    const std::string name = flag.name;
    auto* option =
        flag.value == PeerFlag::Value::kRequired
            ? app.add_option(name)
            : app.add_flag(flag.value == PeerFlag::Value::kOptional ? name + "{all}" : name);
    flags.without_effect.push_back(
        option->group("")->multi_option_policy(CLI::MultiOptionPolicy::TakeLast));
  }
}

void AddPeerFlags(CLI::App& app, RunFlags& flags) {
  const auto add = [&](const char* name, std::vector<std::string>& out, const char* help,
                       const char* type) { AddRepeated(app, name, out, help, type, kPeerGroup); };
  add("-S,--wasi", flags.wasmtime_wasi, "Wasmtime: nn, nn-graph=ENCODING::DIR, inherit-env",
      "OPTIONS");
  add("-W,--wasm", flags.wasmtime_wasm,
      "Wasmtime: max-memory-size, max-wasm-stack, fuel,\ntimeout; proposals, e.g. gc=n, "
      "wide-arithmetic=y",
      "OPTIONS");
  add("-C,--codegen", flags.wasmtime_codegen, "Wasmtime: cache=n; the rest has no effect",
      "OPTIONS");
  add("-O,--optimize", flags.wasmtime_optimize, "Wasmtime: no effect", "OPTIONS");
  add("-D,--debug", flags.wasmtime_debug, "Wasmtime: no effect", "OPTIONS");
  add("--nn-preload", flags.wasmedge_preload, "WasmEdge: adds a model", "NAME:ENC:TARGET:PATH");
  add("--wasi-nn-graph", flags.wamr_graph, "WAMR: adds a model", "[NAME:]ENC:TARGET:PATH");
  add("--map-dir", flags.map_dirs, "WAMR: as --dir, with the names swapped", "GUEST::HOST");
  AddPeerLimits(app, flags);
}

}  // namespace

std::vector<std::string> SplitGuest(const CLI::App& app, std::vector<std::string>& args) {
  std::size_t i = 0;
  while (i < args.size()) {
    if (auto level = LogLevelOfWamr(args[i])) args[i] = std::move(*level);
    const std::string& word = args[i];
    if (word == "--") {
      args.erase(args.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
    if (word.size() < 2 || word[0] != '-') break;
    if (word[1] == '-') {
      const auto equals = word.find('=');
      const auto* option = app.get_option_no_throw(word.substr(0, equals));
      // A flag that CLI11 does not know ends the search; its error names the flag.
      if (option == nullptr) return {};
      i += TakesValue(*option) && equals == std::string::npos ? 2 : 1;
      continue;
    }
    // Several short flags may share a word; the first one with a value takes the rest of it.
    std::size_t at = 1;
    const CLI::Option* option = nullptr;
    do {
      option = app.get_option_no_throw(std::string("-") + word[at++]);
      if (option == nullptr) return {};
    } while (!TakesValue(*option) && at < word.size());
    i += TakesValue(*option) && at == word.size() ? 2 : 1;
  }
  if (i >= args.size()) return {};
  const auto first = args.begin() + static_cast<std::ptrdiff_t>(i);
  std::vector<std::string> guest(first, args.end());
  args.erase(first, args.end());
  return guest;
}

Command AddRunCommand(CLI::App& app, const std::vector<std::string>& guest_args) {
  auto* run = app.add_subcommand("run", "Run a WebAssembly guest that uses models");
  auto flags = std::make_shared<RunFlags>();
  AddGuestFlags(*run, *flags);
  AddEngineFlags(*run, flags->engine);
  AddCacheFlags(*run, flags->cache);
  AddRunEngineFlags(*run, *flags);
  AddPolicyFlags(*run, flags->policy);
  AddCompatFlags(*run, flags->policy);
  AddLimitFlags(*run, *flags);
  AddPeerFlags(*run, *flags);
  run->footer(std::string("Everything after GUEST.wasm belongs to the guest.\n\n") + kExitCodeHelp);
  return [flags, &guest_args] { return Run(*flags, guest_args); };
}

}  // namespace wasinn::cli
