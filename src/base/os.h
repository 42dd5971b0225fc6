// Everything that asks the operating system. One implementation file per system: os_linux.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace wasinn::os {

// Cores that this process may really use: the least of the affinity mask and the cgroup's quota
// (rounded up), at least 1.
uint32_t UsableCores();
// Bytes of memory this process may use: the machine's, or the cgroup's limit when that is lower.
uint64_t UsableMemory();
// Bytes of memory now resident.
uint64_t ResidentMemory();

enum class FileKind { kNone, kFile, kFolder, kPipe, kSocket, kDevice };
// "file", "folder", "pipe", ...
std::string_view FileKindName(FileKind kind);

// What tells one state of a file or folder from another without reading it; links are followed.
// Of a folder these are the newest entry and the sum of sizes, two levels deep.
struct FileState {
  FileKind kind = FileKind::kNone;
  int error = 0;      // the system's number for why there is none
  uint64_t size = 0;  // bytes
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t mtime_ns = 0;
  bool exists() const { return kind != FileKind::kNone; }
  bool is_dir() const { return kind == FileKind::kFolder; }
  bool operator==(const FileState&) const = default;
};
FileState StatFile(const std::string& path);
// Why `path`, whose state is that of a file which is not there, cannot be opened.
Error MissingFile(std::string_view path, const FileState& state);

// A regular file that is open for reading. Any thread.
class File {
 public:
  // INVALID_ARGUMENT for a folder, a pipe, a socket or a device, none of which is waited for.
  static Result<std::shared_ptr<File>> Open(const std::string& path);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  uint64_t size() const { return size_; }
  // Reads from byte `offset`; fewer bytes than asked for at the end of the file.
  Result<size_t> Read(uint64_t offset, std::span<uint8_t> to) const;

 private:
  File(int fd, uint64_t size, std::string path) : fd_(fd), size_(size), path_(std::move(path)) {}
  const int fd_;
  const uint64_t size_;
  const std::string path_;  // for errors
};

// Reads up to `size` first bytes of a regular file.
Result<std::vector<uint8_t>> ReadHead(const std::string& path, size_t size);
// Reads a whole file, or what comes out of a pipe, of at most `most` bytes.
Result<std::string> ReadFile(const std::string& path, size_t most);

// A folder that stays the same one whatever becomes of its name.
class Dir {
 public:
  static Result<std::shared_ptr<Dir>> Open(const std::string& path);
  ~Dir();
  Dir(const Dir&) = delete;
  Dir& operator=(const Dir&) = delete;
  // Reads a whole file of at most `most` bytes by its path in the folder. SECURITY for a path that
  // leaves the folder, by `..` or a link or from the root; INVALID_ARGUMENT for what is no regular
  // file. `shown` names the file in errors. Any thread.
  Result<std::string> ReadFile(const std::string& path, size_t most, std::string_view shown) const;

 private:
  explicit Dir(int fd) : fd_(fd) {}
  const int fd_;
};

// Pages that are given back to the system when freed. `size` is rounded up to pages by the caller.
void* MapPages(size_t size);
void UnmapPages(void* data, size_t size);
size_t PageSize();

// The time some milliseconds ago at most, for a fifth of what steady_clock::now() costs.
std::chrono::steady_clock::time_point CoarseNow();

// A shared object. Never unloaded: its threads and static data may outlive the last call.
Result<void*> OpenLibrary(const std::string& path);
void* FindSymbol(void* library, const char* name);

// Names the calling thread for debuggers, at most 15 bytes.
void NameThread(const char* name);

}  // namespace wasinn::os
