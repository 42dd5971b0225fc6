#include "capi/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>

#include "base/error.h"
#include "base/text.h"
#include "dialect/imports.h"

namespace wasinn {
namespace {

using Json = nlohmann::ordered_json;

// Known imports that are not in our own tables.
struct KnownModule {
  std::string_view module;  // a prefix
  std::string_view dialect;
  std::string_view why_not;  // empty: the engine provides it
};
constexpr KnownModule kKnown[] = {
    {"wasi_snapshot_preview1", "wasi-p1", ""},
    {"wasi:", "wasi-p2", ""},
    {"wasi_unstable", "wasi-p0",
     "WASI of 2019 (wasi_unstable) is not provided; rebuild the guest "
     "for wasi_snapshot_preview1"},
    {"wasi_nn", "wamr-legacy",
     "this function of WAMR's legacy module wasi_nn is not provided by "
     "this version"},
    {"wasi_ephemeral_nn", "witx",
     "this function of wasi_ephemeral_nn is not provided by this "
     "version"},
    {"wasi:nn/", "wit", "this version of wasi:nn is not provided"},
    {"wasinn_nn", "wasinn", "this function of wasinn_nn is not provided by this version"},
    {"wasinn:nn/", "wasinn", "this version of wasinn:nn is not provided"},
};

// The age of a guest of wasi_ephemeral_nn, which decides the meaning of its numbers: the first row
// applies of which the guest imports a function.
struct Age {
  std::string_view functions;  // separated by spaces
  std::string_view made_for;
  std::string_view types;
};
constexpr std::string_view kTypesByLength =
    "tensor types may be those of before or since August 2023, which the length of the data tells "
    "apart; where it cannot, --compat tensor_types=old or new does";
constexpr std::string_view kTypesOfToday =
    "tensor types are those of since August 2023; --compat tensor_types=new holds it to them";
constexpr Age kAges[] = {
    {"finalize_execution_context", "WasmEdge 0.15 or later", kTypesOfToday},
    {"compute_single get_output_single fini_single unload", "WasmEdge 0.13 or later",
     kTypesByLength},
    {"load_by_name_with_config", "WasmEdge or WAMR", kTypesByLength},
    {"load_by_name", "the specification of August 2023 or later", kTypesOfToday},
    {"load init_execution_context set_input compute get_output",
     "the specification of 2020 or later", kTypesByLength},
};

struct Provider {
  std::string dialect;
  std::string version;
  bool ours = false;
  std::string why_not;
};

std::string VersionOf(std::string_view interface) {
  const size_t at = interface.find('@');
  return at == std::string_view::npos ? "" : std::string(interface.substr(at + 1));
}

Provider FindProvider(bool component, std::string_view module, std::string_view name) {
  if (component) {
    for (const wasinn_component_import& row : ComponentImports()) {
      if (module == row.interface) return {row.dialect, VersionOf(module), true, {}};
    }
    for (const wasinn_component_resource& row : ComponentResources()) {
      if (module == row.interface) return {"wit", VersionOf(module), true, {}};
    }
  } else {
    for (const wasinn_core_import& row : CoreImports()) {
      if (module == row.module && name == row.name) return {row.dialect, "", true, {}};
    }
  }
  const KnownModule* best = nullptr;
  for (const KnownModule& known : kKnown) {
    const bool fits = known.module.ends_with(':') || known.module.ends_with('/')
                          ? module.starts_with(known.module)
                          : module == known.module;
    if (fits && (best == nullptr || known.module.size() > best->module.size())) best = &known;
  }
  if (best != nullptr) {
    return {std::string(best->dialect), VersionOf(module), false, std::string(best->why_not)};
  }
  return {"", "", false, "nothing here provides it"};
}

// The functions that a draft adds to an interface of another dialect: the type of the imported
// interface lists the ones that the guest uses.
std::vector<const wasinn_component_import*> AddedFunctions(std::string_view interface,
                                                           std::string_view dialect,
                                                           std::string_view type) {
  std::vector<const wasinn_component_import*> added;
  const size_t open = type.find("{ ");
  const size_t close = type.find(" }");
  if (open == std::string_view::npos || close == std::string_view::npos) return added;
  for (const std::string_view item : Split(type.substr(open + 1, close - open - 1), ',')) {
    for (const wasinn_component_import& row : ComponentImports()) {
      if (interface == row.interface && dialect != row.dialect && Trim(item) == row.name) {
        added.push_back(&row);
      }
    }
  }
  return added;
}

// Conclusions from the functions that a guest imports from wasi_ephemeral_nn.
void AddAgeNotes(const std::set<std::string, std::less<>>& functions, Json& notes) {
  for (const Age& age : kAges) {
    for (const std::string_view function : Split(age.functions, ' ')) {
      if (!functions.contains(function)) continue;
      notes.push_back(
          fmt::format("made for {}, as it imports {}: {}", age.made_for, function, age.types));
      if (age.made_for.starts_with("WasmEdge 0")) {
        notes.push_back(
            "if it reads its output with a size of 0, as LlamaEdge 0.28 does, it needs --compat "
            "zero_length_output");
      }
      if (functions.contains("load")) {
        notes.push_back(
            "encodings 5 and 6 of load are autodetect and ggml, or the other way round in WAMR: "
            "the model tells, or --compat encoding_numbers=wasmedge or wamr");
      }
      return;
    }
  }
}

}  // namespace

std::string InspectJson(const wasinn_guest_info& info) {
  const bool component = info.is_component != 0;
  Json imports = Json::array();
  Json why_not = Json::array();
  Json notes = Json::array();
  bool nn = false;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> dialects;
  std::set<std::string, std::less<>> witx;
  for (const wasinn_import_info& row : std::span(info.imports, info.import_count)) {
    const std::string module(View(row.module));
    const std::string name(View(row.name));
    const std::string full = name.empty() ? module : fmt::format("{}.{}", module, name);
    const Provider provider = FindProvider(component, module, name);
    if (provider.dialect == "witx") witx.insert(name);
    if (!provider.dialect.empty()) dialects[{provider.dialect, provider.version}].push_back(full);
    if (component && provider.ours) {
      for (const auto* draft : AddedFunctions(module, provider.dialect, View(row.type))) {
        dialects[{draft->dialect, provider.version}].push_back(
            fmt::format("{}.{}", module, draft->name));
      }
    }
    nn = nn || provider.ours;
    const bool provided = provider.ours || provider.why_not.empty();
    if (!provided) why_not.push_back(Printable(full) + ": " + provider.why_not);
    imports.push_back({{"module", Printable(module)},
                       {"name", Printable(name)},
                       {"type", Printable(View(row.type))},
                       {"provided_by", provided ? Json(provider.dialect) : Json(nullptr)}});
  }
  Json listed = Json::array();
  for (auto& [key, names] : dialects) {
    nn = nn || key.first == "witx" || key.first == "wit" || key.first == "wamr-legacy";
    for (std::string& name : names) name = Printable(name);
    listed.push_back({{"dialect", key.first}, {"version", key.second}, {"imports", names}});
  }
  Json exports = Json::array();
  bool entry = false;
  for (const wasinn_str& row : std::span(info.exports, info.export_count)) {
    const std::string name(View(row));
    entry = entry || (component ? name.starts_with("wasi:cli/run@")
                                : name == "_start" || name == "_initialize");
    exports.push_back(Printable(name));
  }
  if (!entry) {
    why_not.push_back(component ? "it exports no wasi:cli/run, so there is nothing to run"
                                : "it exports neither _start nor _initialize, so without "
                                  "--invoke there is nothing to run");
  }
  // The engine's reason, if none of the reasons above applies.
  if (why_not.empty() && info.why_not.size != 0) why_not.push_back(Printable(View(info.why_not)));
  if (!nn) notes.push_back("it imports no wasi-nn");
  AddAgeNotes(witx, notes);
  if (dialects.contains({"wamr-legacy", ""})) {
    notes.push_back(
        "made for WAMR's own wasi_nn, which WAMR 2 replaces by wasi_ephemeral_nn: tensor types are "
        "u8 2 and i32 3, encoding 5 is ggml, and sizes of outputs count elements of f32");
  }
  const Json json = {{"kind", component ? "component" : "core"},
                     {"text", info.is_text != 0},
                     {"dialects", listed},
                     {"imports", imports},
                     {"exports", exports},
                     {"runs", why_not.empty()},
                     {"why_not", why_not},
                     {"notes", notes}};
  return json.dump();
}

}  // namespace wasinn
