// The files of a model: its main file and the side files that belong to it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "base/os.h"

namespace wasinn {

struct ModelFile {
  std::string path;
  uint64_t size = 0;  // bytes
};

// The files that a model is loaded from.
struct ModelFiles {
  std::vector<ModelFile> files;  // the main file first; or one folder
  uint64_t size = 0;             // total bytes
  std::string identity;          // changes when one of the files changes
};

// A side file of a model, in the model's folder or below it.
struct SideFile {
  std::string path;
  std::string kind;       // "external data", for messages
  std::string name;       // the name in the model
  uint64_t needed = 0;    // the minimum bytes of the file
  bool required = false;  // whether the model cannot be loaded without it
};

// The side files that the model at `path` asks for: an ONNX model's external data, further parts of
// a split GGUF model, the weights of an OpenVINO model. Reads the model's file. INVALID_ARGUMENT
// for a part that is not the first.
Result<std::vector<SideFile>> SideFilesOf(const std::string& path);
// The name of the first part, if this is the file name of a later part of a model.
std::optional<std::string> FirstPartOf(std::string_view file_name);

// Finds the files of models, and caches the result for each model until its file changes. Any
// thread.
class FileLists {
 public:
  // MODEL_MISSING if a file does not exist, INVALID_ARGUMENT for a path that is neither a file nor
  // a folder, SECURITY for a side file outside the model's folder, INVALID_ENCODING for a side file
  // that is too short.
  Result<ModelFiles> Of(const std::string& path);
  // As above, but without reading the model's file: nullopt if that would be necessary.
  std::optional<Result<ModelFiles>> IfKnown(const std::string& path);

 private:
  struct List {
    os::FileState state;  // of the model's file, when it was read
    std::vector<SideFile> side_files;
  };

  Mutex mutex_;
  std::map<std::string, List> lists_ GUARDED_BY(mutex_);
};

}  // namespace wasinn
