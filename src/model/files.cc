#include "model/files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "base/text.h"
#include "model/onnx_files.h"

namespace wasinn {
namespace {
namespace fs = std::filesystem;

// The first byte of an ONNX model with the field order of every known writer: the tag of
// ir_version.
constexpr uint8_t kOnnxBegin = 0x08;

// "NAME-00002-of-00003.gguf", as llama.cpp names the parts of a model.
struct PartName {
  std::string_view name;
  uint64_t number = 0;  // from 1
  uint64_t count = 0;

  std::string Of(uint64_t other) const {
    return fmt::format("{}-{:05}-of-{:05}.gguf", name, other, count);
  }
};

std::optional<PartName> ParsePartName(std::string_view file_name) {
  constexpr std::string_view kPattern = "-00001-of-00001.gguf";
  if (file_name.size() <= kPattern.size()) return std::nullopt;
  const std::string_view end = file_name.substr(file_name.size() - kPattern.size());
  if (end[0] != '-' || end.substr(6, 4) != "-of-" || end.substr(15) != ".gguf") return std::nullopt;
  const auto number = ParseUint(end.substr(1, 5));
  const auto count = ParseUint(end.substr(10, 5));
  if (!number || !count || *number == 0 || *number > *count) return std::nullopt;
  return PartName{file_name.substr(0, file_name.size() - kPattern.size()), *number, *count};
}

Result<std::vector<SideFile>> PartsOf(const fs::path& path) {
  // The given path of a model may be a link to the first part.
  fs::path named = path;
  std::error_code error;
  if (!ParsePartName(named.filename().native())) named = fs::canonical(path, error);
  std::vector<SideFile> parts;
  const std::string file_name = named.filename();
  const auto part = ParsePartName(file_name);
  if (error || !part) return parts;
  if (part->number != 1) {
    return Fail(Code::kInvalidArgument,
                "expected the first part of a model, '{}', given part {} of {}",
                Printable(part->Of(1)), part->number, part->count);
  }
  for (uint64_t number = 2; number <= part->count; ++number) {
    const std::string name = part->Of(number);
    parts.push_back({named.parent_path() / name, "part", name, 0, true});
  }
  return parts;
}

Result<std::vector<SideFile>> ExternalDataOf(const fs::path& path) {
  WASINN_TRY(file, os::File::Open(path));
  std::vector<SideFile> side_files;
  std::array<uint8_t, 1> begin{};
  WASINN_TRY(read, file->Read(0, begin));
  if (read == 0 || begin[0] != kOnnxBegin) return side_files;
  for (const auto& [location, needed] : ReadExternalFiles(*file)) {
    side_files.push_back({path.parent_path() / location, "external data", location, needed, true});
  }
  return side_files;
}

bool IsBelow(const fs::path& path, const fs::path& folder) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

// Frameworks look for side files next to the given path of a model, and accept the files there or,
// as in the cache of a model hub, next to the file that the path links to.
bool IsInside(const fs::path& model, const SideFile& side) {
  std::error_code error;
  const fs::path resolved = fs::weakly_canonical(fs::absolute(side.path), error);
  if (error || fs::path(side.name).is_absolute()) return false;
  const fs::path folder = fs::canonical(fs::absolute(model).parent_path(), error);
  if (!error && IsBelow(resolved, folder)) return true;
  const fs::path real_model = fs::canonical(model, error);
  return !error && IsBelow(resolved, real_model.parent_path());
}

void AddTo(ModelFiles& files, const std::string& path, const os::FileState& state) {
  files.files.push_back({path, state.size});
  files.size += state.size;
  files.identity +=
      fmt::format(":{}:{}:{}:{}", state.device, state.inode, state.size, state.mtime_ns);
}

Result<> AddSideFile(const std::string& model, const SideFile& side, ModelFiles& files) {
  const os::FileState state = os::StatFile(side.path);
  if (!side.required && !state.exists()) return {};
  const bool inside = IsInside(model, side);
  if (!inside && state.error != ELOOP) {
    return Fail(Code::kSecurity,
                "{}: expected its {} in the folder of the model, given '{}', which leads out of it",
                model, side.kind, Printable(side.name));
  }
  if (!state.exists()) {
    return Fail(Code::kModelMissing, "{}: expected its {} '{}' beside it, given none", model,
                side.kind, Printable(side.name));
  }
  if (state.kind != os::FileKind::kFile) {
    return Fail(Code::kInvalidArgument, "{}: expected its {} '{}' to be a file, given a {}", model,
                side.kind, Printable(side.name), os::FileKindName(state.kind));
  }
  if (state.size < side.needed) {
    return Fail(Code::kInvalidEncoding,
                "{}: expected at least {} bytes in its {} '{}', given {}: the file was cut", model,
                side.needed, side.kind, Printable(side.name), state.size);
  }
  AddTo(files, side.path, state);
  return {};
}

Result<ModelFiles> Collect(const std::string& path, const os::FileState& state,
                           const std::vector<SideFile>& side_files) {
  ModelFiles files;
  std::error_code error;
  const fs::path canonical = fs::canonical(path, error);
  files.identity = fmt::format("files:{}", error ? path : canonical.native());
  AddTo(files, path, state);
  for (const SideFile& side : side_files) WASINN_CHECK(AddSideFile(path, side, files));
  return files;
}

// The state of a model's own file or folder.
Result<os::FileState> StateOf(const std::string& path) {
  const os::FileState state = os::StatFile(path);
  if (state.error == ENOENT || state.error == ENOTDIR) {
    return Fail(Error{Code::kModelMissing, "its file is gone", 0,
                      fmt::format("its file is gone (expected {})", path)});
  }
  if (!state.exists()) return Fail(os::MissingFile(path, state));
  if (state.kind != os::FileKind::kFile && state.kind != os::FileKind::kFolder) {
    return Fail(Code::kInvalidArgument, "expected a model's file or folder, given {}, a {}", path,
                os::FileKindName(state.kind));
  }
  return state;
}

}  // namespace

std::optional<std::string> FirstPartOf(std::string_view file_name) {
  const auto part = ParsePartName(file_name);
  if (!part || part->number == 1) return std::nullopt;
  return part->Of(1);
}

Result<std::vector<SideFile>> SideFilesOf(const std::string& path) {
  const fs::path file(path);
  if (os::StatFile(path).is_dir()) return std::vector<SideFile>();
  WASINN_TRY(parts, PartsOf(file));
  if (!parts.empty()) return parts;
  if (file.extension() == ".xml") {
    const std::string weights = fs::path(file).replace_extension(".bin");
    return std::vector<SideFile>{{weights, "weights", fs::path(weights).filename(), 0, false}};
  }
  return ExternalDataOf(file);
}

std::optional<Result<ModelFiles>> FileLists::IfKnown(const std::string& path) {
  const auto state = StateOf(path);
  if (!state) return Fail(state.error());
  std::vector<SideFile> side_files;
  {
    MutexLock lock(mutex_);
    const auto known = lists_.find(path);
    if (known == lists_.end() || known->second.state != *state) return std::nullopt;
    side_files = known->second.side_files;
  }
  return Collect(path, *state, side_files);
}

Result<ModelFiles> FileLists::Of(const std::string& path) {
  if (auto known = IfKnown(path)) return std::move(*known);
  // The state before the file is read: if the file changes in the meantime, it is read again.
  WASINN_TRY(state, StateOf(path));
  WASINN_TRY(side_files, SideFilesOf(path));
  {
    MutexLock lock(mutex_);
    lists_.insert_or_assign(path, List{state, side_files});
  }
  return Collect(path, state, side_files);
}

}  // namespace wasinn
