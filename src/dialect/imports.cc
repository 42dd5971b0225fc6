#include "dialect/imports.h"

#include "dialect/extension.h"
#include "model/encoding.h"
#include "tensor/dtype.h"

namespace wasinn {
namespace {

// The WIT enums, generated from the tables of their numbers.
const std::string& TensorTypeCases() {
  // WIT spells the cases in upper case, in the order of its numbers.
  static const std::string cases = [] {
    std::string text;
    for (uint32_t number = 0;; ++number) {
      const auto dtype = FromDialect(DTypeNumbers::kWit, number);
      if (!dtype) return text;
      if (number != 0) text += ' ';
      std::string name(DTypeName(*dtype));
      // WIT calls the floats FP16 .. FP64; bf16 is BF16.
      if (name.starts_with('f')) name.insert(1, "p");
      for (char& c : name) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
      text += name;
    }
  }();
  return cases;
}

template <typename Row>
std::vector<Row> Joined(std::initializer_list<std::span<const Row>> tables) {
  std::vector<Row> rows;
  for (const auto table : tables) rows.insert(rows.end(), table.begin(), table.end());
  return rows;
}

}  // namespace

std::span<const wasinn_core_import> CoreImports() {
  static const auto rows =
      Joined<wasinn_core_import>({WitxImports(), LegacyImports(), WasinnCoreImports()});
  return rows;
}

std::span<const wasinn_component_import> ComponentImports() {
  static const auto rows =
      Joined<wasinn_component_import>({WitImports(), DraftImports(), WasinnComponentImports()});
  return rows;
}

std::span<const wasinn_component_resource> ComponentResources() {
  static const auto rows = Joined<wasinn_component_resource>({WitResources(), DraftResources()});
  return rows;
}

std::string WitInterface(std::string_view interface, std::string_view snapshot) {
  return fmt::format("wasi:nn/{}@{}", interface, snapshot);
}

std::span<const wasinn_component_enum> ComponentEnums() {
  static const std::string encodings = WitEncodingCases();
  static const std::string statuses = RunStatusCases();
  static const std::vector<wasinn_component_enum> enums = {
      {"tensor-type", TensorTypeCases().c_str()},
      {"graph-encoding", encodings.c_str()},
      {"execution-target", "cpu gpu tpu"},
      {"error-code",
       "invalid-argument invalid-encoding timeout runtime-error unsupported-operation too-large "
       "not-found security unknown"},
      {"status", statuses.c_str()},
  };
  return enums;
}

wasinn_call_state TrapStopped(Session& session) {
  session.Remember(session.StopError());
  return WASINN_CALL_TRAP;
}

}  // namespace wasinn
