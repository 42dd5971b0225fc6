#include "dialect/imports.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "base/text.h"

namespace wasinn {
namespace {

std::string_view DialectOf(std::string_view module) {
  return module == "wasi_ephemeral_nn" ? "witx"
         : module == "wasi_nn"         ? "wamr-legacy"
         : module == "wasinn_nn"       ? "wasinn"
                                       : "";
}

TEST(CoreImportsTest, EveryRowCanBeRegistered) {
  std::set<std::string> names;
  for (const wasinn_core_import& row : CoreImports()) {
    EXPECT_TRUE(names.insert(fmt::format("{}.{}", row.module, row.name)).second) << row.name;
    EXPECT_EQ(row.dialect, DialectOf(row.module)) << row.name;
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

// A file of guests/, a line each, without remarks.
std::vector<std::string> ReadLines(const std::string& path) {
  std::ifstream file("guests/" + path);
  EXPECT_TRUE(file) << "expected to run in the root of the source tree";
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.emplace_back(Trim(std::string_view(line).substr(0, line.find("//"))));
  }
  return lines;
}

std::string ReadText(const std::string& path) {
  return fmt::format("{}", fmt::join(ReadLines(path), " "));
}

std::string ReadWit(std::string_view package) {
  return ReadText(fmt::format("wit/{}/nn.wit", package));
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

std::string CasesOf(const std::string& wit, std::string_view name) {
  std::string cases;
  const std::string block = BlockOf(wit, fmt::format("enum {}", name));
  for (const std::string_view one : Split(block, ',')) {
    if (Trim(one).empty()) continue;
    cases += (cases.empty() ? "" : " ") + std::string(Trim(one));
  }
  return cases;
}

TEST(ComponentEnumsTest, CasesEqualTheWitTextOfEverySnapshot) {
  for (const char* snapshot : kSnapshots) {
    const std::string wit = ReadWit(snapshot);
    for (const wasinn_component_enum& row : ComponentEnums()) {
      const bool ours = std::string_view(row.name) == "status";
      EXPECT_EQ(CasesOf(ours ? ReadWit("wasinn") : wit, row.name), row.cases) << snapshot;
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

// Compares the rows of an interface that are of `dialects` with its text in `wit`; gives how many.
size_t ExpectFunctions(const std::string& wit, std::string_view interface, const std::string& full,
                       const std::set<std::string_view>& dialects) {
  std::set<std::string> ours;
  for (const wasinn_component_import& row : ComponentImports()) {
    if (row.interface != full || !dialects.contains(row.dialect)) continue;
    EXPECT_TRUE(ours.insert(row.name).second) << full << ' ' << row.name;
    EXPECT_NE(row.call, nullptr);
  }
  EXPECT_EQ(ours, FunctionsOf(BlockOf(wit, fmt::format("interface {}", interface)))) << full;
  return ours.size();
}

TEST(ComponentImportsTest, FunctionsEqualTheWitTextOfEverySnapshot) {
  size_t rows = 0;
  for (const char* snapshot : kSnapshots) {
    const std::string wit = ReadWit(snapshot);
    const std::string drafts = ReadWit(fmt::format("drafts/{}", snapshot));
    const auto full = [&](const char* interface) {
      return WitInterface(interface, fmt::format("0.2.0-rc-{}", snapshot));
    };
    for (const char* interface : {"tensor", "inference", "errors"}) {
      rows += ExpectFunctions(wit, interface, full(interface), {"wit"});
    }
    ExpectFunctions(wit, "graph", full("graph"), {"wit"});
    rows += ExpectFunctions(drafts, "graph", full("graph"), {"wit", "properties"});
    rows += ExpectFunctions(drafts, "prompt", full("prompt"), {"prompt"});
  }
  for (const char* interface : {"info", "runs", "pollables"}) {
    rows += ExpectFunctions(ReadWit("wasinn"), interface,
                            fmt::format("wasinn:nn/{}@0.1.0", interface), {"wasinn"});
  }
  EXPECT_EQ(rows, ComponentImports().size());
}

// A draft's package is the snapshot's and more.
TEST(ComponentImportsTest, DraftsHoldTheWholeSnapshot) {
  for (const char* snapshot : kSnapshots) {
    const auto draft = ReadLines(fmt::format("wit/drafts/{}/nn.wit", snapshot));
    size_t at = 0;
    for (const std::string& line : ReadLines(fmt::format("wit/{}/nn.wit", snapshot))) {
      while (at < draft.size() && draft[at] != line) ++at;
      ASSERT_LT(at, draft.size()) << snapshot << " lacks: " << line;
      ++at;
    }
  }
}

TEST(ComponentImportsTest, EveryTypeOfASignatureIsDeclared) {
  std::set<std::string> known = {"u32",    "u8",    "string", "list",   "result", "own",
                                 "borrow", "tuple", "option", "record", "_"};
  for (const auto& row : ComponentEnums()) known.insert(row.name);
  for (const auto& row : ComponentResources()) known.insert(row.name);
  known.insert("pollable");  // the engine's own
  for (const wasinn_component_import& row : ComponentImports()) {
    std::string word;
    for (const char c : std::string(row.signature) + ' ') {
      if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
          (c == '-' && !word.empty())) {
        word += c;
        continue;
      }
      // A word before a colon is a field's name.
      EXPECT_TRUE(word.empty() || c == ':' || known.contains(word))
          << word << " in " << row.signature;
      word.clear();
    }
  }
}

TEST(ComponentResourcesTest, EachSnapshotHasItsFourAndTheDraft) {
  std::set<std::string> names;
  for (const wasinn_component_resource& row : ComponentResources()) {
    EXPECT_TRUE(names.insert(fmt::format("{}.{}", row.interface, row.name)).second);
    EXPECT_NE(row.drop, nullptr);
  }
  EXPECT_EQ(names.size(), 15u);
  EXPECT_TRUE(names.contains("wasi:nn/inference@0.2.0-rc-2024-08-19.graph-execution-context"));
}

// ------------------------------------------------------------------ the C header of the extension

// NAME = NUMBER of the enums of wasinn_nn.h.
std::map<std::string, std::string> HeaderNumbers() {
  std::map<std::string, std::string> numbers;
  for (const std::string& line : ReadLines("include/wasinn_nn.h")) {
    for (const std::string_view part : Split(std::string_view(line), ',')) {
      const size_t name = part.find("NN_");
      const size_t equals = part.find(" = ");
      if (name == std::string_view::npos || equals == std::string_view::npos) continue;
      const std::string_view number = part.substr(equals + 3);
      numbers.emplace(part.substr(name, equals - name), number.substr(0, number.find(' ')));
    }
  }
  return numbers;
}

TEST(ExtensionHeaderTest, NumbersAreThoseOfTheTables) {
  std::map<std::string, std::string> expected = {
      {"NN_END", std::to_string(WitxErrno(Code::kEndOfSequence))}};
#define X(name, constant, number, ...) expected["NN_CODE_" #name] = #number;
#include "base/code.def"
#undef X
  const auto upper = [](std::string name) {
    for (char& c : name) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return name;
  };
#define X(name, number, wit) expected[upper("NN_" wit)] = #number;
#include "dialect/run_status.def"
#undef X
  EXPECT_EQ(HeaderNumbers(), expected);
}

TEST(ExtensionHeaderTest, FunctionsAreThoseOfTheTable) {
  std::map<std::string, size_t> declared;  // name and number of parameters
  const std::string text = ReadText("include/wasinn_nn.h");
  constexpr std::string_view kImport = "WASINN_NN_IMPORT(\"";
  for (size_t at = text.find(kImport); at != std::string::npos; at = text.find(kImport, at)) {
    at += kImport.size();
    const size_t quote = text.find('"', at);
    const size_t open = text.find('(', quote);
    const std::string_view parameters(text.data() + open, text.find(')', open) - open);
    declared[text.substr(at, quote - at)] =
        1 + static_cast<size_t>(std::ranges::count(parameters, ','));
  }
  std::map<std::string, size_t> ours;
  for (const wasinn_core_import& row : WasinnCoreImports()) {
    ours[row.name] = std::string_view(row.params).size();
  }
  EXPECT_EQ(declared, ours);
}

std::string ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST(ExtensionDocsTest, TheProgramShownIsTheGuest) {
  const std::string guest = ReadFile("guests/extension/why.c");
  const std::string program = guest.substr(guest.find("#include"));
  EXPECT_NE(ReadFile("docs/extensions.md").find("```c\n" + program + "```\n"), std::string::npos);
}

}  // namespace
}  // namespace wasinn
