#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <system_error>
#include <vector>

#include "commands.h"
#include "engine_flags.h"
#include "help.h"
#include "listing.h"
#include "output.h"
#include "table.h"

namespace wasinn::cli {
namespace {

namespace fs = std::filesystem;

struct CacheCommandFlags {
  CacheFlags cache;
  std::string action;
  bool json = false;
};

struct CodeFile {
  fs::path path;
  std::uint64_t size = 0;
  fs::file_time_type used;
};

// The files of the Wasmtime adapter (its src/cache.rs): 64 hexadecimal digits and an extension. A
// folder that was named by mistake may contain other files.
bool IsCode(const fs::path& path) {
  const std::string name = path.filename().string();
  constexpr std::size_t kDigits = 64;
  if (name.size() <= kDigits || name.find_first_not_of("0123456789abcdef") != kDigits) return false;
  return name.ends_with(".code") || name.ends_with(".tmp");
}

std::expected<std::vector<CodeFile>, Failure> FilesOf(const std::string& folder) {
  std::vector<CodeFile> files;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  // Nothing is cached yet.
  if (error == std::errc::no_such_file_or_directory) return files;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (!IsCode(entry->path())) continue;
    // Another process may delete the file at the same time.
    std::error_code gone;
    const auto size = entry->file_size(gone);
    const auto used = entry->last_write_time(gone);
    if (!gone) files.push_back({entry->path(), size, used});
  }
  if (error) return Fail(kSetup, fmt::format("{}: {}", folder, error.message()));
  std::ranges::sort(files, std::greater(), &CodeFile::used);
  return files;
}

std::uint64_t SizeOf(const std::vector<CodeFile>& files) {
  std::uint64_t size = 0;
  for (const auto& file : files) size += file.size;
  return size;
}

std::int64_t SecondsSince(fs::file_time_type time) {
  return std::chrono::duration_cast<std::chrono::seconds>(fs::file_time_type::clock::now() - time)
      .count();
}

std::string Age(fs::file_time_type time) {
  const auto minutes = SecondsSince(time) / 60;
  if (minutes < 60) return fmt::format("{} min ago", minutes);
  if (minutes < 48 * 60) return fmt::format("{} h ago", minutes / 60);
  return fmt::format("{} days ago", minutes / 60 / 24);
}

void ShowFiles(const std::string& folder, const std::vector<CodeFile>& files) {
  Print("{}: {} files, {}\n", Printable(folder), files.size(), HumanSize(SizeOf(files)));
  if (files.empty()) return;
  Table table({"CODE", "SIZE", "USED"});
  table.AlignRight(1);
  for (const auto& file : files) {
    table.AddRow(
        {file.path.filename().string().substr(0, 12), HumanSize(file.size), Age(file.used)});
  }
  Print("{}", table.Render(Style::For(stdout)));
}

Outcome Clear(const std::string& folder, const std::vector<CodeFile>& files) {
  for (const auto& file : files) {
    std::error_code error;
    fs::remove(file.path, error);
    if (error) return Fail(kSetup, fmt::format("{}: {}", file.path.string(), error.message()));
  }
  Print("{}: {} files deleted, {}\n", Printable(folder), files.size(), HumanSize(SizeOf(files)));
  return kOk;
}

Outcome RunCache(const CacheCommandFlags& flags) {
  const std::string folder = CacheDir(flags.cache);
  if (folder.empty()) {
    return Fail(kSetup, "expected a folder for compiled code, given neither HOME nor --cache-dir");
  }
  const auto files = FilesOf(folder);
  if (!files) return std::unexpected(files.error());
  if (flags.action == "clear") return Clear(folder, *files);
  if (!flags.json) {
    ShowFiles(folder, *files);
    return kOk;
  }
  Json list = Json::array();
  for (const auto& file : *files) {
    list.push_back({{"path", file.path.string()},
                    {"size", file.size},
                    {"used_seconds_ago", SecondsSince(file.used)}});
  }
  const Json json = {{"folder", folder}, {"size", SizeOf(*files)}, {"files", list}};
  Print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
  return kOk;
}

}  // namespace

Command AddCacheCommand(CLI::App& app) {
  auto* cache = app.add_subcommand("cache", "List the compiled code that is kept, or delete it");
  auto flags = std::make_shared<CacheCommandFlags>();
  cache->add_option("ACTION", flags->action, "list or clear")
      ->required()
      ->check(OneOf({"list", "clear"}));
  AddCacheDirFlag(*cache, flags->cache);
  cache->add_flag("--json", flags->json, "Print the list as JSON");
  return [flags] { return RunCache(*flags); };
}

}  // namespace wasinn::cli
