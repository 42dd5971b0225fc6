#include "peer_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <optional>
#include <system_error>

namespace wasinn::cli {
namespace {

std::unexpected<std::string> Bad(std::string text) { return std::unexpected(std::move(text)); }

std::string Lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

// Parts between separators; `limit` parts at most, the last one takes the rest.
std::vector<std::string_view> Split(std::string_view text, std::string_view separator,
                                    std::size_t limit = std::string_view::npos) {
  std::vector<std::string_view> parts;
  while (parts.size() + 1 < limit) {
    const auto end = text.find(separator);
    if (end == std::string_view::npos) break;
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + separator.size());
  }
  parts.push_back(text);
  return parts;
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

// Our name of a peer's encoding; empty means autodetect. Unknown names are left for the engine,
// which lists what it has.
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

std::string NoEffect(char flag, std::string_view item) {
  return fmt::format("-{} {} has no effect here", flag, item);
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
  const auto parts = Split(text, "::", 2);
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
    return Bad(fmt::format("-S nn-graph: expected ENCODING::DIR, given \"{}\"", text));
  }
  out.models.push_back(Model(LastPart(parts[1]), parts[0], WASINN_TARGET_CPU, parts[1]));
  return {};
}

// A proposal of WebAssembly, for the engine; false when it is none.
std::expected<bool, std::string> AddFeature(const KeyValue& item, PeerRequests& out) {
  // Those that adapters/wasmtime/src/features.rs knows.
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
  // These name what every guest has here anyway.
  static constexpr std::array<std::string_view, 6> kAlwaysOn = {
      "nn", "cli", "common", "preview2", "allow-ip-name-lookup", "http"};
  for (const auto part : Split(text, ",")) {
    const KeyValue item = SplitKeyValue(part);
    if (item.key == "nn-graph" && item.value) {
      if (auto done = ParseNnGraph(*item.value, out); !done) return done;
      continue;
    }
    if (item.key == "inherit-env") {
      const auto on = BoolOf(item);
      if (!on) return BadBool('S', item);
      out.inherit_env = *on;
      continue;
    }
    if (std::ranges::find(kAlwaysOn, item.key) != kAlwaysOn.end()) {
      const auto on = BoolOf(item);
      if (!on) return BadBool('S', item);
      if (*on) continue;
    }
    out.warnings.push_back(NoEffect('S', part));
  }
  return {};
}

PeerParsed ParseWasmtimeWasm(std::string_view text, PeerRequests& out) {
  static constexpr std::array kRules = {
      std::pair{"max-memory-size", "guest_memory"}, std::pair{"max-wasm-stack", "guest_stack"},
      std::pair{"fuel", "guest_fuel"}, std::pair{"timeout", "run_timeout"}};
  for (const auto part : Split(text, ",")) {
    const KeyValue item = SplitKeyValue(part);
    const auto feature = AddFeature(item, out);
    if (!feature) return std::unexpected(feature.error());
    if (*feature) continue;
    const auto* rule =
        std::ranges::find_if(kRules, [&](const auto& known) { return item.key == known.first; });
    if (rule == kRules.end()) {
      out.warnings.push_back(NoEffect('W', part));
    } else if (!item.value || item.value->empty()) {
      return Bad(fmt::format("-W: expected {}=VALUE, given \"{}\"", item.key, part));
    } else {
      out.rules.emplace_back(rule->second, *item.value);
    }
  }
  return {};
}

PeerParsed ParseWasmtimeOther(char flag, std::string_view text, PeerRequests& out) {
  for (const auto part : Split(text, ",")) {
    const KeyValue item = SplitKeyValue(part);
    if (flag == 'C' && item.key == "cache") {
      const auto on = BoolOf(item);
      if (!on) return BadBool('C', item);
      out.no_cache = !*on;
    } else {
      out.warnings.push_back(NoEffect(flag, part));
    }
  }
  return {};
}

PeerParsed ParseWasmEdgePreload(std::string_view text, PeerRequests& out) {
  const auto parts = Split(text, ":", 4);
  if (parts.size() != 4 || std::ranges::any_of(parts, &std::string_view::empty)) {
    return Bad(fmt::format("--nn-preload: expected NAME:ENCODING:TARGET:PATH, given \"{}\"", text));
  }
  const auto target = TargetOf(parts[2]);
  if (!target) {
    return Bad(fmt::format("--nn-preload: expected the target CPU, GPU, TPU or AUTO, given \"{}\"",
                           parts[2]));
  }
  ModelConfig model = Model(parts[0], parts[1], *target, parts[3]);
  // WasmEdge tells the guest that loads it, and guests have an answer to that.
  model.may_be_missing = true;
  out.models.push_back(std::move(model));
  return {};
}

PeerParsed ParseWamrGraph(std::string_view text, PeerRequests& out) {
  // The target tells the two forms apart: it is the second field or the third.
  const auto short_form = Split(text, ":", 3);
  const auto short_target = short_form.size() == 3 ? TargetOf(short_form[1]) : std::nullopt;
  if (short_target && !short_form[0].empty() && !short_form[2].empty()) {
    const std::string_view path = short_form[2];
    const std::string stem = std::filesystem::path(path).stem().string();
    out.models.push_back(Model(stem.empty() ? path : stem, short_form[0], *short_target, path));
    if (!stem.empty() && stem != path) {
      out.models.push_back(Model(path, short_form[0], *short_target, path));
    }
    return {};
  }
  const auto parts = Split(text, ":", 4);
  const auto target = parts.size() == 4 ? TargetOf(parts[2]) : std::nullopt;
  if (!target || std::ranges::any_of(parts, &std::string_view::empty)) {
    return Bad(fmt::format(
        "--wasi-nn-graph: expected [NAME:]ENCODING:TARGET:PATH with the target cpu, gpu, tpu or "
        "auto, given \"{}\"",
        text));
  }
  out.models.push_back(Model(parts[0], parts[1], *target, parts[3]));
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
    const auto parts = Split(text, ":");
    if (parts.size() > 3 || parts[0].empty() || parts[1].empty()) return bad();
    if (parts.size() == 3 && parts[2] != "readonly" && parts[2] != "readwrite") return bad();
    return Dir{std::string(parts[1]), std::string(parts[0]),
               parts.size() == 3 && parts[2] == "readonly"};
  }
  auto parts = Split(text, "::");
  const bool read_only = parts.size() > 1 && parts.back() == "ro";
  if (read_only) parts.pop_back();
  if (parts.size() > 2 || std::ranges::any_of(parts, &std::string_view::empty)) return bad();
  return Dir{std::string(parts.front()), std::string(parts.back()), read_only};
}

std::expected<Dir, std::string> ParseMapDir(std::string_view text) {
  const auto parts = Split(text, "::");
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
    return Bad(fmt::format("--map-dir: expected GUEST::HOST, given \"{}\"", text));
  }
  return Dir{std::string(parts[1]), std::string(parts[0]), false};
}

}  // namespace wasinn::cli
