#include "dialect/imports.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "base/text.h"

namespace wasinn {
namespace {

TEST(CoreImportsTest, EveryRowCanBeRegistered) {
  std::set<std::string> names;
  for (const wasinn_core_import& row : CoreImports()) {
    EXPECT_TRUE(names.insert(fmt::format("{}.{}", row.module, row.name)).second) << row.name;
    EXPECT_STREQ(row.dialect, row.module == std::string_view("wasi_nn") ? "wamr-legacy" : "witx");
    EXPECT_EQ(std::string_view(row.params).find_first_not_of("iI"), std::string_view::npos);
    EXPECT_STREQ(row.results, "i");
    EXPECT_NE(row.call, nullptr);
  }
}

// Parameter counts from the specification and from the headers of WasmEdge and WAMR.
TEST(CoreImportsTest, SignaturesAreThoseThatGuestsImport) {
  const std::map<std::string_view, std::string_view> expected = {
      {"wasi_ephemeral_nn.load", "iiiii"},
      {"wasi_ephemeral_nn.load_by_name", "iii"},
      {"wasi_ephemeral_nn.load_by_name_with_config", "iiiii"},
      {"wasi_ephemeral_nn.init_execution_context", "ii"},
      {"wasi_ephemeral_nn.set_input", "iii"},
      {"wasi_ephemeral_nn.compute", "i"},
      {"wasi_ephemeral_nn.get_output", "iiiii"},
      {"wasi_ephemeral_nn.compute_single", "i"},
      {"wasi_ephemeral_nn.get_output_single", "iiiii"},
      {"wasi_ephemeral_nn.fini_single", "i"},
      {"wasi_ephemeral_nn.unload", "i"},
      {"wasi_ephemeral_nn.finalize_execution_context", "i"},
      {"wasi_nn.load", "iiii"},
      {"wasi_nn.load_by_name", "iii"},
      {"wasi_nn.init_execution_context", "ii"},
      {"wasi_nn.set_input", "iii"},
      {"wasi_nn.compute", "i"},
      {"wasi_nn.get_output", "iiii"}};
  size_t found = 0;
  for (const wasinn_core_import& row : CoreImports()) {
    const auto it = expected.find(fmt::format("{}.{}", row.module, row.name));
    if (it == expected.end()) continue;
    EXPECT_EQ(row.params, it->second) << it->first;
    ++found;
  }
  EXPECT_EQ(found, expected.size());
}

constexpr const char* kSnapshots[] = {"2024-06-25", "2024-08-19", "2024-10-28"};

std::string ReadWit(std::string_view snapshot) {
  std::ifstream file(fmt::format("guests/wit/{}/nn.wit", snapshot));
  EXPECT_TRUE(file) << "expected to run in the root of the source tree";
  std::string text;
  for (std::string line; std::getline(file, line);) {
    text += std::string(Trim(std::string_view(line).substr(0, line.find("//")))) + ' ';
  }
  return text;
}

// The text between "KIND NAME {" and the "}" that ends it.
std::string BlockOf(const std::string& wit, const std::string& head) {
  const size_t start = wit.find(head + " {");
  EXPECT_NE(start, std::string::npos) << head;
  size_t at = wit.find('{', start) + 1;
  const size_t from = at;
  for (int depth = 1; depth > 0 && at < wit.size(); ++at) {
    depth += wit[at] == '{' ? 1 : wit[at] == '}' ? -1 : 0;
  }
  return wit.substr(from, at - from - 1);
}

TEST(ComponentEnumsTest, CasesEqualTheWitTextOfEverySnapshot) {
  for (const char* snapshot : kSnapshots) {
    const std::string wit = ReadWit(snapshot);
    for (const wasinn_component_enum& row : ComponentEnums()) {
      std::string cases;
      const std::string block = BlockOf(wit, fmt::format("enum {}", row.name));
      for (std::string_view name : Split(block, ',')) {
        if (Trim(name).empty()) continue;
        cases += (cases.empty() ? "" : " ") + std::string(Trim(name));
      }
      EXPECT_EQ(cases, row.cases) << snapshot;
    }
  }
}

// "name: func(" of an interface's own functions and "[method]r.name" of its resources.
std::set<std::string> FunctionsOf(const std::string& interface) {
  std::set<std::string> names;
  std::string rest = interface;
  for (size_t at = rest.find("resource "); at != std::string::npos; at = rest.find("resource ")) {
    const size_t open = rest.find('{', at);
    const size_t close = rest.find('}', open);
    const std::string resource(Trim(std::string_view(rest).substr(at + 9, open - at - 9)));
    for (std::string_view line :
         Split(std::string_view(rest).substr(open + 1, close - open - 1), ';')) {
      const std::string_view item = Trim(line);
      if (item.starts_with("constructor(")) names.insert("[constructor]" + resource);
      if (const size_t func = item.find(": func"); func != std::string_view::npos) {
        names.insert(fmt::format("[method]{}.{}", resource, item.substr(0, func)));
      }
    }
    rest.erase(at, close + 1 - at);
  }
  for (std::string_view line : Split(rest, ';')) {
    const std::string_view item = Trim(line);
    const size_t func = item.find(": func");
    if (func == std::string_view::npos) continue;
    const size_t start = item.find_last_of(" }", func - 1);
    names.emplace(item.substr(start == std::string_view::npos ? 0 : start + 1,
                              func - (start == std::string_view::npos ? 0 : start + 1)));
  }
  return names;
}

TEST(ComponentImportsTest, FunctionsEqualTheWitTextOfEverySnapshot) {
  size_t rows = 0;
  for (const char* snapshot : kSnapshots) {
    const std::string wit = ReadWit(snapshot);
    for (const char* interface : {"tensor", "graph", "inference", "errors"}) {
      const std::string full = fmt::format("wasi:nn/{}@0.2.0-rc-{}", interface, snapshot);
      std::set<std::string> ours;
      for (const wasinn_component_import& row : ComponentImports()) {
        if (row.interface != full) continue;
        EXPECT_TRUE(ours.insert(row.name).second) << full << ' ' << row.name;
        EXPECT_STREQ(row.dialect, "wit");
        EXPECT_NE(row.call, nullptr);
        ++rows;
      }
      EXPECT_EQ(ours, FunctionsOf(BlockOf(wit, fmt::format("interface {}", interface)))) << full;
    }
  }
  EXPECT_EQ(rows, ComponentImports().size());
}

TEST(ComponentImportsTest, EveryTypeOfASignatureIsDeclared) {
  std::set<std::string> known = {"u32", "u8",     "string", "list", "result",
                                 "own", "borrow", "tuple",  "_"};
  for (const auto& row : ComponentEnums()) known.insert(row.name);
  for (const auto& row : ComponentResources()) known.insert(row.name);
  for (const wasinn_component_import& row : ComponentImports()) {
    std::string word;
    for (const char c : std::string(row.signature) + ' ') {
      if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
          (c == '-' && !word.empty())) {
        word += c;
        continue;
      }
      EXPECT_TRUE(word.empty() || known.contains(word)) << word << " in " << row.signature;
      word.clear();
    }
  }
}

TEST(ComponentResourcesTest, EachSnapshotHasItsFour) {
  std::set<std::string> names;
  for (const wasinn_component_resource& row : ComponentResources()) {
    EXPECT_TRUE(names.insert(fmt::format("{}.{}", row.interface, row.name)).second);
    EXPECT_NE(row.drop, nullptr);
  }
  EXPECT_EQ(names.size(), 12u);
  EXPECT_TRUE(names.contains("wasi:nn/inference@0.2.0-rc-2024-08-19.graph-execution-context"));
}

}  // namespace
}  // namespace wasinn
