// wasinn_golden_tests [--rebase] [--backends DIR] FILE...: runs golden files.
// Exit code 0 when all cases passed, 77 when all were skipped, else 1.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "golden/runner.h"

namespace {

int Main(const std::vector<std::string>& args) {
  wasinn::golden::Settings settings;
  bool rebase = false;
  std::vector<std::string> files;
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i] == "--rebase") {
      rebase = true;
    } else if (args[i] == "--backends" && i + 1 < args.size()) {
      settings.backend_path = args[++i];
    } else {
      files.push_back(args[i]);
    }
  }
  if (files.empty()) {
    fmt::print(stderr, "usage: wasinn_golden_tests [--rebase] [--backends DIR] FILE...\n");
    return 2;
  }
  size_t passed = 0;
  size_t skipped = 0;
  size_t failed = 0;
  for (const std::string& name : files) {
    std::ifstream in(name, std::ios::binary);
    if (!in) {
      fmt::print(stderr, "{}: expected a readable file\n", name);
      return 1;
    }
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const auto report = wasinn::golden::RunText(text, settings);
    for (const std::string& message : report.messages) fmt::print("{}:{}\n", name, message);
    if (rebase && report.rebased != text) {
      std::ofstream(name, std::ios::binary) << report.rebased;
      fmt::print("{}: expectations rewritten\n", name);
    }
    passed += report.passed;
    skipped += report.skipped;
    failed += report.failed;
  }
  fmt::print("{} passed, {} failed, {} skipped\n", passed, failed, skipped);
  if (failed != 0) return 1;
  return passed == 0 ? 77 : 0;
}

}  // namespace

int main(int argc, char** argv) { return Main({argv + 1, argv + argc}); }
