#include "model/folders.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/os.h"
#include "base/text.h"
#include "model/files.h"

namespace wasinn {
namespace {
namespace fs = std::filesystem;

constexpr int kMaxDepth = 4;           // nested folders that contain only the next one
constexpr size_t kMaxRevision = 4096;  // bytes of the name of a snapshot

constexpr std::array<std::string_view, 7> kModelEndings = {
    ".onnx", ".ort", ".gguf", ".xml", ".tflite", ".pt", ".pth",
};
// Extensions of weights, even if their model does not exist.
constexpr std::array<std::string_view, 2> kDataEndings = {".bin", ".data"};
// Extensions of other files next to models.
constexpr std::array<std::string_view, 14> kTextEndings = {
    ".json", ".md",  ".txt", ".yaml",  ".yml",    ".toml", ".pbtxt",
    ".py",   ".rst", ".csv", ".jinja", ".sha256", ".html", ".pdf",
};
constexpr std::array<std::string_view, 3> kTextNames = {"LICENSE", "NOTICE", "README"};

template <typename List, typename Item>
bool Contains(const List& list, const Item& item) {
  return std::ranges::find(list, item) != list.end();
}

bool IsModelByEnding(const fs::path& file) {
  return Contains(kModelEndings, Lower(file.extension().native()));
}

bool IsData(const fs::path& file) {
  const std::string ending = Lower(file.extension().native());
  return Contains(kDataEndings, ending) || ending.starts_with(".onnx_data");
}

bool IsText(const fs::path& file) {
  return Contains(kTextEndings, Lower(file.extension().native())) ||
         Contains(kTextNames, file.filename().native());
}

// One search. A file that belongs to a model is not a model itself, wherever it is below the first
// folder.
class Search {
 public:
  std::optional<fs::path> ModelIn(const fs::path& folder, int depth = 0) {
    const Listing listing = List(folder);
    for (const fs::path& file : listing.models) {
      if (file.stem() == "model" && !file.extension().empty()) return file;
    }
    if (const auto version = NewestVersion(listing)) {
      return ModelIn(*version, depth + 1).value_or(*version);
    }
    if (Contains(listing.folders, folder / "snapshots")) return InSnapshot(folder, depth);
    if (std::ranges::count_if(listing.models, IsModelByEnding) == 1) {
      return *std::ranges::find_if(listing.models, IsModelByEnding);
    }
    if (listing.models.empty() && listing.folders.size() == 1 && depth < kMaxDepth) {
      if (auto file = FileIn(listing.folders[0], depth)) return file;
    }
    if (HasFiles(listing, depth)) return folder;
    return std::nullopt;
  }

  // Adds the models of a folder; `prefix` comes before their names.
  std::error_code AddModels(const fs::path& folder, const std::string& prefix, int depth,
                            FolderModels& found) {
    const Listing listing = List(folder);
    std::ranges::copy(listing.left_out, std::back_inserter(found.left_out));
    for (const fs::path& file : listing.models) {
      found.models.push_back({prefix + file.stem().native(), file});
    }
    for (const fs::path& entry : listing.folders) {
      const std::string name = prefix + entry.filename().native();
      if (LeadsUp(entry, folder)) continue;
      const auto model = ModelIn(entry);
      if (!model) continue;
      if (*model == entry && depth < kMaxDepth && IsFolderOfModels(entry)) {
        // An unreadable folder counts as one without models.
        static_cast<void>(AddModels(entry, name + "/", depth + 1, found));
      } else {
        found.models.push_back({name, *model});
      }
    }
    return listing.error;
  }

 private:
  struct Listing {
    std::vector<fs::path> models;  // files that may be models
    std::vector<fs::path> folders;
    std::vector<std::string> left_out;
    std::error_code error;
  };

  Listing List(const fs::path& folder) {
    Listing listing;
    std::vector<fs::path> entries;
    for (fs::directory_iterator it(folder, listing.error);
         !listing.error && it != fs::directory_iterator(); it.increment(listing.error)) {
      if (!it->path().filename().native().starts_with('.')) entries.push_back(it->path());
    }
    if (listing.error) {
      listing.left_out.push_back(
          fmt::format("cannot read {}: {}", folder.native(), listing.error.message()));
    }
    std::ranges::sort(entries);
    for (const fs::path& entry : entries) SortIn(entry, listing);
    for (const fs::path& model : listing.models) {
      const auto side_files = SideFilesOf(model);
      if (!side_files) continue;  // loading the model reports the error
      for (const SideFile& side : *side_files) {
        taken_.insert(fs::path(side.path).lexically_normal());
      }
    }
    std::erase_if(listing.models, [this](const fs::path& file) {
      return taken_.contains(file.lexically_normal());
    });
    return listing;
  }

  static void SortIn(const fs::path& entry, Listing& listing) {
    const os::FileState state = os::StatFile(entry);
    const auto first_part = FirstPartOf(entry.filename().native());
    if (!state.exists()) {
      listing.left_out.push_back(os::MissingFile(entry.native(), state).message);
    } else if (state.is_dir()) {
      listing.folders.push_back(entry);
    } else if (state.kind != os::FileKind::kFile) {
      listing.left_out.push_back(fmt::format("{}: expected a file or a folder, given a {}",
                                             entry.native(), os::FileKindName(state.kind)));
    } else if (first_part) {
      if (os::StatFile(entry.parent_path() / *first_part).exists()) return;
      listing.left_out.push_back(fmt::format(
          "{}: expected the first part of its model, {}, given none", entry.native(), *first_part));
    } else if (!IsText(entry) && !IsData(entry)) {
      listing.models.push_back(entry);
    }
  }

  static std::optional<fs::path> NewestVersion(const Listing& listing) {
    std::optional<std::pair<uint64_t, fs::path>> newest;
    for (const fs::path& folder : listing.folders) {
      const auto version = ParseUint(folder.filename().native());
      if (version && (!newest || *version > newest->first)) newest = {*version, folder};
    }
    if (!newest) return std::nullopt;
    return newest->second;
  }

  // For a folder of a hub's cache: the revision that was downloaded last, or the only one.
  std::optional<fs::path> InSnapshot(const fs::path& folder, int depth) {
    const auto revision = os::ReadHead(folder / "refs" / "main", kMaxRevision);
    if (revision) {
      const std::string_view name(reinterpret_cast<const char*>(revision->data()),
                                  revision->size());
      const fs::path named = folder / "snapshots" / Trim(name);
      if (os::StatFile(named).is_dir()) return FileIn(named, depth);
    }
    const Listing snapshots = List(folder / "snapshots");
    if (snapshots.folders.size() != 1) return std::nullopt;
    return FileIn(snapshots.folders[0], depth);
  }

  // The result of ModelIn, if that is a file.
  std::optional<fs::path> FileIn(const fs::path& folder, int depth) {
    auto found = ModelIn(folder, depth + 1);
    if (found && os::StatFile(*found).is_dir()) return std::nullopt;
    return found;
  }

  bool HasFiles(const Listing& listing, int depth) {
    return !listing.models.empty() ||
           (depth < kMaxDepth &&
            std::ranges::any_of(
                listing.folders,
                [&](const fs::path& folder) { return HasFiles(List(folder), depth + 1); }));
  }

  // Whether every possible model in it has a model's extension.
  bool IsFolderOfModels(const fs::path& folder) {
    return std::ranges::all_of(List(folder).models, IsModelByEnding);
  }

  // Whether a folder is a link to one of its parents.
  static bool LeadsUp(const fs::path& entry, const fs::path& folder) {
    std::error_code error;
    const fs::path target = fs::canonical(entry, error);
    const fs::path here = fs::canonical(folder, error);
    return error || std::ranges::mismatch(target, here).in1 == target.end();
  }

  std::set<fs::path> taken_;
};

}  // namespace

std::optional<std::string> ModelInFolder(const fs::path& folder) {
  const auto found = Search().ModelIn(folder);
  if (!found) return std::nullopt;
  return found->native();
}

Result<FolderModels> ModelsInFolder(const std::string& dir) {
  const os::FileState state = os::StatFile(dir);
  if (state.error == ENOENT || state.error == ENOTDIR) {
    return Fail(Code::kNotFound, "model folder: expected a folder, given {}, which does not exist",
                dir);
  }
  if (!state.exists()) return Fail(os::MissingFile(dir, state));
  if (!state.is_dir()) {
    return Fail(Code::kInvalidArgument, "model folder: expected a folder, given {}, which is a {}",
                dir, os::FileKindName(state.kind));
  }
  FolderModels found;
  if (const std::error_code error = Search().AddModels(dir, "", 0, found)) {
    return Fail(Code::kRuntimeError, "cannot read the model folder {}: {}", dir, error.message());
  }
  std::ranges::sort(found.models, {}, &FolderModels::Model::path);
  return found;
}

}  // namespace wasinn
