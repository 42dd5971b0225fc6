#include "capi/inspect.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"

namespace wasinn {
namespace {

using Json = nlohmann::json;

// The JSON for a core module that imports these functions of one module.
Json Inspect(std::string_view module, const std::vector<std::string_view>& functions) {
  std::vector<wasinn_import_info> imports;
  for (const std::string_view name : functions) {
    imports.push_back({ToStr(module), ToStr(name), ToStr("func")});
  }
  const wasinn_str exports[] = {ToStr("memory"), ToStr("_start")};
  wasinn_guest_info info{};
  info.struct_size = sizeof(info);
  info.imports = imports.data();
  info.import_count = imports.size();
  info.exports = exports;
  info.export_count = 2;
  return Json::parse(InspectJson(info));
}

std::string Note(const Json& json, size_t i = 0) {
  return i < json["notes"].size() ? json["notes"][i].get<std::string>() : "";
}

TEST(InspectTest, TheNewestFunctionTellsHowOldAGuestIs) {
  const auto made_for = [](const std::vector<std::string_view>& functions) {
    const std::string note = Note(Inspect("wasi_ephemeral_nn", functions));
    return note.substr(0, note.find(':'));
  };
  EXPECT_EQ(made_for({"load", "init_execution_context", "set_input", "compute", "get_output"}),
            "made for the specification of 2020 or later, as it imports load");
  EXPECT_EQ(made_for({"load", "load_by_name"}),
            "made for the specification of August 2023 or later, as it imports load_by_name");
  EXPECT_EQ(made_for({"load_by_name", "load_by_name_with_config"}),
            "made for WasmEdge or WAMR, as it imports load_by_name_with_config");
  EXPECT_EQ(made_for({"load_by_name", "fini_single"}),
            "made for WasmEdge 0.13 or later, as it imports fini_single");
  EXPECT_EQ(made_for({"compute_single", "finalize_execution_context"}),
            "made for WasmEdge 0.15 or later, as it imports finalize_execution_context");
  EXPECT_EQ(made_for({"train"}), "");
}

TEST(InspectTest, NotesNameTheSwitchThatHelps) {
  const Json old = Inspect("wasi_ephemeral_nn", {"load", "compute"});
  EXPECT_NE(Note(old).find("--compat tensor_types=old or new"), std::string::npos);
  EXPECT_NE(Note(old, 1).find("--compat encoding_numbers=wasmedge or wamr"), std::string::npos);
  EXPECT_EQ(old["notes"].size(), 2u);
  const Json edge = Inspect("wasi_ephemeral_nn", {"load_by_name", "compute_single"});
  EXPECT_NE(Note(edge, 1).find("--compat zero_length_output"), std::string::npos);
  EXPECT_EQ(edge["notes"].size(), 2u);
}

TEST(InspectTest, TheLegacyModule) {
  const Json json = Inspect("wasi_nn", {"load", "get_output"});
  EXPECT_EQ(json["runs"], true);
  EXPECT_EQ(json["dialects"][0]["dialect"], "wamr-legacy");
  EXPECT_NE(Note(json).find("sizes of outputs count elements of f32"), std::string::npos);
  const Json unknown = Inspect("wasi_nn", {"compute_single"});
  EXPECT_EQ(unknown["runs"], false);
  EXPECT_EQ(unknown["why_not"][0],
            "wasi_nn.compute_single: this function of WAMR's legacy module wasi_nn is not provided "
            "by this version");
}

}  // namespace
}  // namespace wasinn
