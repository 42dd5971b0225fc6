#include "peer_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <system_error>

#include "conformance/runner/text.h"
#include "quoted.h"

namespace wasinn::cli {
namespace {

std::unexpected<std::string> Bad(std::string text) { return std::unexpected(std::move(text)); }

std::string Lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::optional<wasinn_target> TargetOf(std::string_view text) {
  static constexpr std::array kTargets = {
      std::pair{"cpu", WASINN_TARGET_CPU}, std::pair{"gpu", WASINN_TARGET_GPU},
      std::pair{"tpu", WASINN_TARGET_TPU}, std::pair{"auto", WASINN_TARGET_AUTO}};
  const std::string name = Lower(text);
  for (const auto& [known, target] : kTargets) {
    if (name == known) return target;
  }
  return std::nullopt;
}

// wasinn's name for a peer's encoding; empty means autodetect. Unknown names are left to the
// engine, which lists the valid ones.
std::string EncodingOf(std::string_view text) {
  std::string name = Lower(text);
  if (name == "autodetect") return {};
  if (name == "llama" || name == "llama.cpp") return "ggml";
  return name;
}

ModelConfig Model(std::string_view name, std::string_view encoding, wasinn_target target,
                  std::string_view path) {
  ModelConfig config;
  config.name = name;
  config.path = path;
  config.encoding = EncodingOf(encoding);
  config.target = target;
  return config;
}

struct KeyValue {
  std::string_view key;
  std::optional<std::string_view> value;
};

KeyValue SplitKeyValue(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// Wasmtime's booleans; a key alone means yes.
std::optional<bool> BoolOf(const KeyValue& item) {
  if (!item.value) return true;
  const std::string value = Lower(*item.value);
  if (value == "y" || value == "yes" || value == "true") return true;
  if (value == "n" || value == "no" || value == "false") return false;
  return std::nullopt;
}

std::unexpected<std::string> BadBool(char flag, const KeyValue& item) {
  return Bad(fmt::format("-{}: expected {}=y or {}=n, given \"{}={}\"", flag, item.key, item.key,
                         item.key, item.value.value_or("")));
}

// For a key that Wasmtime knows, the warning that it has no effect; for any other key, the refusal.
PeerParsed NoEffect(char flag, std::string_view item, PeerRequests& out) {
  static const std::array kKeys = {
#define X(flag, key) std::pair{flag, std::string(key)},
#include "wasmtime_keys.def"
#undef X
  };
  const auto key = SplitKeyValue(item).key;
  std::vector<std::string> names;
  for (const auto& [group, name] : kKeys) {
    if (group == flag) names.push_back(name);
  }
  if (std::ranges::find(names, key) == names.end() &&
      !(flag == 'C' && key.starts_with("cranelift-"))) {
    return Bad(fmt::format("-{}: expected an option that Wasmtime has, given \"{}\"{}", flag, key,
                           conformance::Suggest(key, names)));
  }
  out.warnings.push_back(fmt::format("-{} {} has no effect here", flag, item));
  return {};
}

// Wasmtime's and WasmEdge's numbers: decimal or 0x..., Wasmtime's also with _ between digits.
std::optional<std::uint64_t> NumberOf(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '_');
  const bool hex = digits.starts_with("0x");
  const char* begin = digits.data() + (hex ? 2 : 0);
  const char* end = digits.data() + digits.size();
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(begin, end, number, hex ? 16 : 10);
  if (begin == end || error != std::errc() || rest != end) return std::nullopt;
  return number;
}

// Wasmtime's durations in milliseconds, rounded up: whole numbers of s, ms, us or ns, of seconds
// without a unit.
std::optional<std::uint64_t> MillisecondsOf(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint64_t times;
    std::uint64_t parts;
  };
  // Suffixes that contain others come first.
  static constexpr std::array kUnits = {Unit{"ms", 1, 1},         Unit{"us", 1, 1000},
                                        Unit{"\u03bcs", 1, 1000}, Unit{"ns", 1, 1'000'000},
                                        Unit{"s", 1000, 1},       Unit{"", 1000, 1}};
  const auto unit =
      std::ranges::find_if(kUnits, [&](const Unit& row) { return text.ends_with(row.name); });
  text.remove_suffix(unit->name.size());
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || rest != text.data() + text.size()) {
    return std::nullopt;
  }
  if (number > std::numeric_limits<std::uint64_t>::max() / 1000) return std::nullopt;
  return number / unit->parts * unit->times + (number % unit->parts != 0 ? 1 : 0);
}

// A peer's limit as a rule of wasinn, in which 0 would mean no limit.
PeerParsed AddLimit(std::string_view flag, std::string_view rule, std::string_view unit,
                    std::string_view text, std::optional<std::uint64_t> number, PeerRequests& out) {
  if (!number || *number == 0) {
    return Bad(fmt::format("{}: expected {}, more than 0, given \"{}\"", flag, unit, text));
  }
  out.rules.emplace_back(rule, fmt::format("{}{}", *number, rule == "run_timeout" ? "ms" : ""));
  return {};
}

// The last part of a path that has a name: "x" of "a/x/" and of "a/x/.".
std::string LastPart(std::string_view path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(std::filesystem::path(path), error);
  auto normal = (error ? std::filesystem::path(path) : absolute).lexically_normal();
  if (!normal.has_filename()) normal = normal.parent_path();
  return normal.filename().string();
}

PeerParsed ParseNnGraph(std::string_view text, PeerRequests& out) {
  const auto parts = SplitQuoted(text, "::", 2);
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
    return Bad(fmt::format("-S nn-graph: expected ENCODING::DIR, given \"{}\"", text));
  }
  const std::string dir = Unquoted(parts[1]);
  out.models.push_back(Model(LastPart(dir), parts[0], WASINN_TARGET_CPU, dir));
  return {};
}

// A WebAssembly proposal, for the engine; false if the word is not one.
std::expected<bool, std::string> AddFeature(const KeyValue& item, PeerRequests& out) {
  // The proposals in adapters/wasmtime/src/features.rs.
  static constexpr std::array<std::string_view, 29> kFeatures = {
      "branch-hinting",
      "bulk-memory",
      "component-model",
      "component-model-async",
      "component-model-async-stackful",
      "component-model-error-context",
      "component-model-fixed-length-lists",
      "component-model-gc",
      "component-model-implements",
      "component-model-map",
      "component-model-memory64",
      "component-model-more-async-builtins",
      "component-model-threading",
      "custom-page-sizes",
      "exceptions",
      "extended-const",
      "function-references",
      "gc",
      "memory64",
      "multi-memory",
      "multi-value",
      "nan-canonicalization",
      "reference-types",
      "relaxed-simd",
      "relaxed-simd-deterministic",
      "simd",
      "tail-call",
      "threads",
      "wide-arithmetic"};
  if (std::ranges::find(kFeatures, item.key) == kFeatures.end()) return false;
  const auto on = BoolOf(item);
  if (!on) return BadBool('W', item);
  if (!out.features.empty()) out.features += ',';
  out.features += fmt::format("{}={}", item.key, *on ? "y" : "n");
  return true;
}

}  // namespace

PeerParsed ParseWasmtimeWasi(std::string_view text, PeerRequests& out) {
  // These name features that every guest has.
  static constexpr std::array<std::string_view, 7> kAlwaysOn = {
      "nn", "cli", "common", "preview2", "http", "inherit-stdout", "inherit-stderr"};
  for (const auto part : SplitQuoted(text, ",")) {
    const KeyValue item = SplitKeyValue(part);
    if (item.key == "nn-graph") {
      if (auto done = ParseNnGraph(item.value.value_or(""), out); !done) return done;
      continue;
    }
    if (item.key == "inherit-env") {
      const auto on = BoolOf(item);
      if (!on) return BadBool('S', item);
      out.inherit_env = *on;
      continue;
    }
    if (item.key == "inherit-stdin") {
      const auto on = BoolOf(item);
      if (!on) return BadBool('S', item);
      out.no_stdin = !*on;
      continue;
    }
    if (item.key == "max-component-handles") {
      const auto value = item.value.value_or("");
      if (auto done = AddLimit("-S max-component-handles", "max_handles", "a number", value,
                               NumberOf(value), out);
          !done) {
        return done;
      }
      continue;
    }
    if (std::ranges::find(kAlwaysOn, item.key) != kAlwaysOn.end()) {
      const auto on = BoolOf(item);
      if (!on) return BadBool('S', item);
      if (*on && item.key == "http") {
        out.warnings.emplace_back("-S http: a guest may import it, but its requests are refused");
      }
      if (*on) continue;
    }
    if (auto known = NoEffect('S', part, out); !known) return known;
  }
  return {};
}

PeerParsed ParseWasmtimeWasm(std::string_view text, PeerRequests& out) {
  struct Limit {
    std::string_view key;
    std::string_view rule;
    std::string_view unit;
    std::optional<std::uint64_t> (*parse)(std::string_view);
  };
  static constexpr std::array kLimits = {
      Limit{"max-memory-size", "guest_memory", "a number of bytes", NumberOf},
      Limit{"max-wasm-stack", "guest_stack", "a number of bytes", NumberOf},
      Limit{"fuel", "guest_fuel", "a number", NumberOf},
      Limit{"timeout", "run_timeout", "seconds, or a whole number of s, ms, us or ns",
            MillisecondsOf}};
  for (const auto part : SplitQuoted(text, ",")) {
    const KeyValue item = SplitKeyValue(part);
    const auto feature = AddFeature(item, out);
    if (!feature) return std::unexpected(feature.error());
    if (*feature) continue;
    const auto* limit = std::ranges::find(kLimits, item.key, &Limit::key);
    if (limit == kLimits.end()) {
      if (auto known = NoEffect('W', part, out); !known) return known;
    } else if (!item.value || item.value->empty()) {
      return Bad(fmt::format("-W: expected {}=VALUE, given \"{}\"", item.key, part));
    } else if (auto added = AddLimit(fmt::format("-W {}", item.key), limit->rule, limit->unit,
                                     *item.value, limit->parse(*item.value), out);
               !added) {
      return added;
    }
  }
  return {};
}

PeerParsed ParseWasmtimeOther(char flag, std::string_view text, PeerRequests& out) {
  for (const auto part : SplitQuoted(text, ",")) {
    const KeyValue item = SplitKeyValue(part);
    if (flag == 'C' && item.key == "cache") {
      const auto on = BoolOf(item);
      if (!on) return BadBool('C', item);
      out.no_cache = !*on;
    } else if (auto known = NoEffect(flag, part, out); !known) {
      return known;
    }
  }
  return {};
}

PeerParsed ParseTimeLimit(std::string_view text, PeerRequests& out) {
  const auto milliseconds = NumberOf(text);
  if (!milliseconds) {
    return Bad(fmt::format("--time-limit: expected milliseconds, given \"{}\"", text));
  }
  out.rules.emplace_back("run_timeout", fmt::format("{}ms", *milliseconds));
  return {};
}

PeerParsed ParseGasLimit(std::string_view text, PeerRequests& out) {
  return AddLimit("--gas-limit", "guest_fuel", "a number", text, NumberOf(text), out);
}

PeerParsed ParseMemoryPageLimit(std::string_view text, PeerRequests& out) {
  constexpr std::uint64_t kPageSize = 65536;
  auto pages = NumberOf(text);
  // More than a 64-bit memory can have.
  if (pages && *pages > std::numeric_limits<std::uint64_t>::max() / kPageSize) pages.reset();
  if (pages) *pages *= kPageSize;
  return AddLimit("--memory-page-limit", "guest_memory", "pages of 64 KiB", text, pages, out);
}

PeerParsed ParseStackSize(std::string_view text, PeerRequests& out) {
  // The least that the rule takes; WAMR's interpreter does with less than compiled code.
  constexpr std::uint64_t kLeast = 16 << 10;
  auto bytes = NumberOf(text);
  if (bytes && *bytes != 0) bytes = std::max(*bytes, kLeast);
  return AddLimit("--stack-size", "guest_stack", "a number of bytes", text, bytes, out);
}

std::span<const ProposalFlag> FlagsOfProposals() {
  // With a proposal go those that build on it.
  static constexpr std::array kFlags = {
      ProposalFlag{"--disable-bulk-memory",
                   "bulk-memory=n,reference-types=n,function-references=n,gc=n,exceptions=n"},
      ProposalFlag{"--disable-import-export-mut-globals", ""},
      ProposalFlag{"--disable-multi-value", "multi-value=n"},
      ProposalFlag{"--disable-non-trap-float-to-int", ""},
      ProposalFlag{"--disable-reference-types",
                   "reference-types=n,function-references=n,gc=n,exceptions=n"},
      ProposalFlag{"--disable-sign-extension-operators", ""},
      ProposalFlag{"--disable-simd", "simd=n,relaxed-simd=n"}};
  return kFlags;
}

PeerParsed SwitchOff(const ProposalFlag& flag, PeerRequests& out) {
  if (*flag.features == '\0') {
    return Bad(
        fmt::format("{}: expected a proposal that the engine can switch off, given one that "
                    "is always on",
                    flag.name));
  }
  if (!out.features.empty()) out.features += ',';
  out.features += flag.features;
  return {};
}

std::optional<std::string> LogLevelOfWamr(std::string_view word) {
  static constexpr std::array kLevels = {"off", "error", "warn", "debug", "debug", "debug"};
  if (!word.starts_with("-v=")) return std::nullopt;
  const auto text = word.substr(3);
  const auto level = NumberOf(text);
  // A word that is not one of WAMR's levels is not one of wasinn's either, and is refused.
  const bool known = level && *level < kLevels.size();
  return fmt::format("--log-level={}", known ? kLevels[*level] : text);
}

std::span<const PeerFlag> FlagsWithoutEffect() {
  using enum PeerFlag::Value;
  static constexpr const char* kStatistics = "--stats tells where the time went";
  static constexpr const char* kCompiled = "guests are compiled";
  static constexpr const char* kNoNetwork = "guests have no network";
  static constexpr std::array kFlags = {
      // WasmEdge
      PeerFlag{"--enable-all", kNone, ""},
      PeerFlag{"--enable-component", kNone, ""},
      PeerFlag{"--enable-exception-handling", kNone, ""},
      PeerFlag{"--enable-extended-const", kNone, ""},
      PeerFlag{"--enable-function-reference", kNone, ""},
      PeerFlag{"--enable-gc", kNone, ""},
      PeerFlag{"--enable-jit", kNone, ""},
      PeerFlag{"--enable-multi-memory", kNone, ""},
      PeerFlag{"--enable-relaxed-simd", kNone, ""},
      PeerFlag{"--enable-tail-call", kNone, ""},
      PeerFlag{"--enable-threads", kNone, "guests have one thread"},
      PeerFlag{"--enable-all-statistics", kNone, kStatistics},
      PeerFlag{"--enable-gas-measuring", kNone, kStatistics},
      PeerFlag{"--enable-instruction-count", kNone, kStatistics},
      PeerFlag{"--enable-time-measuring", kNone, kStatistics},
      PeerFlag{"--force-interpreter", kNone, kCompiled},
      PeerFlag{"--coredump-on-trap", kNone, "a trap's stack stands in its error"},
      PeerFlag{"--allow-af-unix", kNone, kNoNetwork},
      PeerFlag{"--allow-command", kRequired, "guests start no commands"},
      PeerFlag{"--allow-command-all", kNone, "guests start no commands"},
      PeerFlag{"--forbidden-plugin", kRequired, "WasmEdge's plug-ins are not used"},
      // WAMR
      PeerFlag{"--interp", kNone, kCompiled},
      PeerFlag{"--fast-jit", kNone, kCompiled},
      PeerFlag{"--llvm-jit", kNone, kCompiled},
      PeerFlag{"--multi-tier-jit", kNone, kCompiled},
      PeerFlag{"--jit-codecache-size", kRequired, kCompiled},
      PeerFlag{"--llvm-jit-size-level", kRequired, kCompiled},
      PeerFlag{"--llvm-jit-opt-level", kRequired, kCompiled},
      PeerFlag{"--enable-segue", kOptional, kCompiled},
      PeerFlag{"--disable-bounds-checks", kNone, "memory is always checked"},
      PeerFlag{"--heap-size", kRequired, "a guest brings its own heap; --memory limits all of it"},
      PeerFlag{"--max-threads", kRequired, "guests have one thread"},
      PeerFlag{"--addr-pool", kRequired, kNoNetwork},
      PeerFlag{"--allow-resolve", kRequired, kNoNetwork},
      PeerFlag{"--native-lib", kRequired, "--backend-path finds the backends"},
      PeerFlag{"--module-path", kRequired, "a guest is one file"},
  };
  return kFlags;
}

std::optional<std::string> WarningOf(const PeerFlag& flag) {
  if (*flag.why == '\0') return std::nullopt;
  return fmt::format("{} has no effect here: {}", flag.name, flag.why);
}

PeerParsed ParseWasmEdgePreload(std::string_view text, PeerRequests& out) {
  const auto parts = SplitQuoted(text, ":", 4);
  if (parts.size() != 4 || std::ranges::any_of(parts, &std::string_view::empty)) {
    return Bad(fmt::format("--nn-preload: expected NAME:ENCODING:TARGET:PATH, given \"{}\"", text));
  }
  const auto target = TargetOf(parts[2]);
  if (!target) {
    return Bad(fmt::format("--nn-preload: expected the target CPU, GPU, TPU or AUTO, given \"{}\"",
                           parts[2]));
  }
  ModelConfig model = Model(parts[0], parts[1], *target, Unquoted(parts[3]));
  // WasmEdge reports this to the guest that loads the model, and guests handle it.
  model.may_be_missing = true;
  out.models.push_back(std::move(model));
  return {};
}

PeerParsed ParseWamrGraph(std::string_view text, PeerRequests& out) {
  // The target distinguishes the two forms: it is the second field or the third.
  const auto short_form = SplitQuoted(text, ":", 3);
  const auto short_target = short_form.size() == 3 ? TargetOf(short_form[1]) : std::nullopt;
  if (short_target && !short_form[0].empty() && !short_form[2].empty()) {
    const std::string path = Unquoted(short_form[2]);
    const std::string stem = std::filesystem::path(path).stem().string();
    out.models.push_back(Model(stem.empty() ? path : stem, short_form[0], *short_target, path));
    if (!stem.empty() && stem != path) {
      out.models.push_back(Model(path, short_form[0], *short_target, path));
    }
    return {};
  }
  const auto parts = SplitQuoted(text, ":", 4);
  const auto target = parts.size() == 4 ? TargetOf(parts[2]) : std::nullopt;
  if (!target || std::ranges::any_of(parts, &std::string_view::empty)) {
    return Bad(fmt::format(
        "--wasi-nn-graph: expected [NAME:]ENCODING:TARGET:PATH with the target cpu, gpu, tpu or "
        "auto, given \"{}\"",
        text));
  }
  out.models.push_back(Model(parts[0], parts[1], *target, Unquoted(parts[3])));
  return {};
}

std::expected<Dir, std::string> ParseDir(std::string_view text) {
  const auto bad = [&] {
    return Bad(fmt::format("--dir: expected HOST[::GUEST][::ro], given \"{}\"", text));
  };
  std::error_code error;
  const bool one_folder = std::filesystem::is_directory(std::filesystem::path(text), error);
  if (text.find("::") == std::string_view::npos && text.find(':') != std::string_view::npos &&
      !one_folder) {
    const auto parts = SplitQuoted(text, ":");
    if (parts.size() > 3 || parts[0].empty() || parts[1].empty()) return bad();
    if (parts.size() == 3 && parts[2] != "readonly" && parts[2] != "readwrite") return bad();
    return Dir{Unquoted(parts[1]), Unquoted(parts[0]), parts.size() == 3 && parts[2] == "readonly"};
  }
  auto parts = SplitQuoted(text, "::");
  const bool read_only = parts.size() > 1 && parts.back() == "ro";
  if (read_only) parts.pop_back();
  if (parts.size() > 2 || std::ranges::any_of(parts, &std::string_view::empty)) return bad();
  return Dir{Unquoted(parts.front()), Unquoted(parts.back()), read_only};
}

std::expected<Dir, std::string> ParseMapDir(std::string_view text) {
  const auto parts = SplitQuoted(text, "::");
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
    return Bad(fmt::format("--map-dir: expected GUEST::HOST, given \"{}\"", text));
  }
  return Dir{Unquoted(parts[1]), Unquoted(parts[0]), false};
}

}  // namespace wasinn::cli
