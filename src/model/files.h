// The files of a model: the one that names it, and those that belong to it.
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

// What a model is loaded from.
struct ModelFiles {
  std::vector<ModelFile> files;  // the one that names the model first; or one folder
  uint64_t size = 0;             // bytes of all
  std::string identity;          // another one once any of the files is another one
};

// A file that belongs to a model, which lies beside the model's own or below its folder.
struct SideFile {
  std::string path;
  std::string kind;       // "external data", for messages
  std::string name;       // what the model calls it
  uint64_t needed = 0;    // bytes that it must have at least
  bool required = false;  // whether the model is none without it
};

// The side files that the model at `path` asks for: an ONNX model's external data, further parts of
// a GGUF file that was split, the weights of an OpenVINO model. Reads the model's file.
// INVALID_ARGUMENT for a part that is not the first.
Result<std::vector<SideFile>> SideFilesOf(const std::string& path);
// The name of the first part, where this is the file name of a later part of a model.
std::optional<std::string> FirstPartOf(std::string_view file_name);

// Tells the files of models, and remembers of each what it asks for until its file changes. Any
// thread.
class FileLists {
 public:
  // MODEL_MISSING when a file is not there, INVALID_ARGUMENT for what is neither a file nor a
  // folder, SECURITY for a side file outside of the model's folder, INVALID_ENCODING for one that
  // is too short.
  Result<ModelFiles> Of(const std::string& path);
  // The same without reading the model's file: nullopt when that would be needed.
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
