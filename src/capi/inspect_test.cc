#include "capi/inspect.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"

namespace wasinn {
namespace {

struct Import {
  std::string_view module;
  std::string_view name;
  std::string_view type;
};

nlohmann::json Inspect(bool component, const std::vector<Import>& imports) {
  std::vector<wasinn_import_info> rows;
  for (const Import& row : imports) {
    rows.push_back({ToStr(row.module), ToStr(row.name), ToStr(row.type)});
  }
  const wasinn_str exports[] = {ToStr("_start"), ToStr("wasi:cli/run@0.2.0")};
  wasinn_guest_info info{};
  info.struct_size = sizeof(info);
  info.is_component = component ? 1 : 0;
  info.imports = rows.data();
  info.import_count = rows.size();
  info.exports = exports;
  info.export_count = std::size(exports);
  return nlohmann::json::parse(InspectJson(info));
}

// "dialect@version: import import"
std::vector<std::string> Dialects(const nlohmann::json& json) {
  std::vector<std::string> lines;
  for (const auto& row : json["dialects"]) {
    std::string line = row["dialect"].get<std::string>() + "@" + row["version"].get<std::string>();
    for (const auto& name : row["imports"]) line += " " + name.get<std::string>();
    lines.push_back(line);
  }
  return lines;
}

TEST(InspectTest, DraftsAreToldByTheFunctionsThatAreUsed) {
  constexpr std::string_view kGraph = "wasi:nn/graph@0.2.0-rc-2024-08-19";
  const std::string graph = "wit@0.2.0-rc-2024-08-19 " + std::string(kGraph);
  EXPECT_EQ(Dialects(Inspect(true, {{kGraph, "", "interface { resource graph, load-by-name }"}})),
            std::vector{graph});
  const auto json =
      Inspect(true, {{kGraph, "", "interface { resource graph, [method]graph.get-property }"},
                     {"wasi:nn/prompt@0.2.0-rc-2024-08-19", "", "interface { init }"}});
  EXPECT_EQ(Dialects(json),
            (std::vector<std::string>{
                "prompt@0.2.0-rc-2024-08-19 wasi:nn/prompt@0.2.0-rc-2024-08-19",
                "properties@0.2.0-rc-2024-08-19 wasi:nn/graph@0.2.0-rc-2024-08-19.[method]graph."
                "get-property",
                graph}));
  EXPECT_TRUE(json["runs"]);
  EXPECT_TRUE(json["notes"].empty());
}

TEST(InspectTest, ExtensionIsADialectOfItsOwn) {
  auto json = Inspect(true, {{"wasinn:nn/runs@0.1.0", "", "interface { poll }"}});
  EXPECT_EQ(Dialects(json), std::vector<std::string>{"wasinn@0.1.0 wasinn:nn/runs@0.1.0"});
  EXPECT_TRUE(json["notes"].empty());
  json = Inspect(false, {{"wasinn_nn", "poll", "func(i32, i32) -> i32"}});
  EXPECT_EQ(Dialects(json), std::vector<std::string>{"wasinn@ wasinn_nn.poll"});
  EXPECT_TRUE(json["runs"]);
}

TEST(InspectTest, UnknownPartsOfTheExtensionSayWhy) {
  auto json = Inspect(false, {{"wasinn_nn", "fly", "func()"}});
  EXPECT_FALSE(json["runs"]);
  EXPECT_EQ(json["why_not"][0],
            "wasinn_nn.fly: this function of wasinn_nn is not provided by this version");
  json = Inspect(true, {{"wasinn:nn/runs@9.0.0", "", "interface { poll }"}});
  EXPECT_EQ(json["why_not"][0], "wasinn:nn/runs@9.0.0: this version of wasinn:nn is not provided");
}

}  // namespace
}  // namespace wasinn
