// Runs a guest of the suite that was compiled for this machine.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "program.h"

namespace wasinn::conformance {
namespace {

constexpr int kWrongUsage = 2;

struct Flags {
  std::vector<std::string> models;
  std::vector<Folder> folders;
  std::vector<std::pair<std::string, std::string>> rules;
  std::string broken_group;
  unsigned instances = 1;
  std::string stem;
};

int Complain(const std::string& text) {
  std::fprintf(stderr, "wasinn_conformance_inproc: %s\n", text.c_str());
  return kWrongUsage;
}

int Complain(const wasinn_error& error) { return Complain(std::string(error.message)); }

wasinn_str Str(std::string_view text) { return {text.data(), text.size()}; }

// "HOST::GUEST" or "RULE=VALUE" in two.
std::optional<std::pair<std::string, std::string>> Cut(const std::string& text,
                                                       std::string_view separator) {
  const size_t at = text.find(separator);
  if (at == std::string::npos) return std::nullopt;
  return std::pair{text.substr(0, at), text.substr(at + separator.size())};
}

// Reads one flag and its value; false if the word is not a flag.
bool ReadFlag(const std::string& name, const std::string& value, Flags& flags) {
  if (name == "--model") {
    flags.models.push_back(value);
  } else if (name == "--dir") {
    const auto parts = Cut(value, "::");
    if (!parts) return false;
    flags.folders.push_back({parts->first, parts->second});
  } else if (name == "--policy") {
    const auto parts = Cut(value, "=");
    if (!parts) return false;
    flags.rules.push_back(*parts);
  } else if (name == "--instances") {
    flags.instances = static_cast<unsigned>(std::strtoul(value.c_str(), nullptr, 10));
    return flags.instances > 0;
  } else if (name == "--break") {
    flags.broken_group = value;
  } else {
    return false;
  }
  return true;
}

void PrintLog(void*, wasinn_log_level, wasinn_str message) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size), message.data);
}

// The plug-ins relative to this program in the build tree.
std::string BackendPath() {
  const auto program = std::filesystem::read_symlink("/proc/self/exe");
  return (program.parent_path().parent_path() / "lib" / "wasinn" / "backends").string();
}

const NativeGuest* FindGuest(std::string_view stem) {
  for (const auto& guest : NativeGuests()) {
    if (guest.stem == stem) return &guest;
  }
  return nullptr;
}

struct FreeEngine {
  void operator()(wasinn_engine* engine) const { wasinn_engine_free(engine); }
};
struct FreePolicy {
  void operator()(wasinn_policy* policy) const { wasinn_policy_free(policy); }
};

int Run(const Flags& flags, const NativeGuest& native, int argc, char** argv) {
  wasinn_error error = {};
  wasinn_engine_options options = WASINN_ENGINE_OPTIONS_INIT;
  const std::string backend_path = BackendPath();
  options.backend_path = backend_path.c_str();
  options.log = PrintLog;
  wasinn_engine* made_engine = nullptr;
  if (wasinn_engine_create(&options, &made_engine, &error) != WASINN_OK) return Complain(error);
  const std::unique_ptr<wasinn_engine, FreeEngine> engine(made_engine);
  wasinn_policy* made_policy = nullptr;
  if (wasinn_policy_create(&made_policy, &error) != WASINN_OK) return Complain(error);
  const std::unique_ptr<wasinn_policy, FreePolicy> policy(made_policy);
  for (const auto& [rule, value] : flags.rules) {
    if (wasinn_policy_set(policy.get(), Str(rule), Str(value), &error) != WASINN_OK) {
      return Complain(error);
    }
  }
  for (const auto& model : flags.models) {
    if (wasinn_engine_add_model(engine.get(), Str(model), &error) != WASINN_OK) {
      return Complain(error);
    }
  }
  std::vector<std::unique_ptr<inproc::Guest>> guests;
  for (unsigned i = 0; i < flags.instances; ++i) {
    guests.push_back(inproc::Guest::Create(engine.get(), policy.get(), 0, &error));
    if (guests.back() == nullptr) return Complain(error);
  }
  std::vector<int> codes(guests.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < guests.size(); ++i) {
    threads.emplace_back([&, i] {
      std::string label = guests.size() == 1 ? "" : "[" + std::to_string(i) + "] ";
      codes[i] = RunGuest(native, *guests[i], std::move(label), argc, argv);
    });
  }
  for (auto& thread : threads) thread.join();
  for (const int code : codes) {
    if (code != 0) return code;
  }
  return 0;
}

int Main(int argc, char** argv) {
  Flags flags;
  int at = 1;
  for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
    if (!ReadFlag(argv[at], argv[at + 1], flags)) {
      return Complain(std::string("expected --model SPEC, --dir HOST::GUEST, --policy RULE=VALUE, "
                                  "--instances N or --break GROUP, given ") +
                      argv[at] + " " + argv[at + 1]);
    }
  }
  if (at >= argc) return Complain("expected a guest, given none");
  if (!flags.broken_group.empty() && !BreakGroup(flags.broken_group)) {
    return Complain("--break: there is no group named " + flags.broken_group);
  }
  // The file of the WebAssembly guest names it, too.
  const std::string stem = std::filesystem::path(argv[at]).stem().string();
  const NativeGuest* native = FindGuest(stem);
  if (native == nullptr) return Complain("there is no guest named " + stem);
  SetFolders(flags.folders);
  return Run(flags, *native, argc - at, argv + at);
}

}  // namespace
}  // namespace wasinn::conformance

int main(int argc, char** argv) {
  try {
    return wasinn::conformance::Main(argc, argv);
  } catch (const std::exception& exception) {
    return wasinn::conformance::Complain(std::string(exception.what()));
  }
}
