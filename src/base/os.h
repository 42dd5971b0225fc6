// All access to the operating system. Each system has one implementation file: os_linux.cc.
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

// The number of cores that this process may really use: the minimum of the affinity mask and the
// cgroup's quota (rounded up), at least 1.
uint32_t UsableCores();
// The bytes of memory that this process may use: the machine's memory, or the cgroup's limit if
// that is lower.
uint64_t UsableMemory();
// Bytes of memory now resident.
uint64_t ResidentMemory();

enum class FileKind { kNone, kFile, kFolder, kPipe, kSocket, kDevice };
// "file", "folder", "pipe", ...
std::string_view FileKindName(FileKind kind);

// Distinguishes states of a file or folder without reading it; links are followed. The state of a
// folder has the time of its newest entry and the sum of sizes, two levels deep.
struct FileState {
  FileKind kind = FileKind::kNone;
  int error = 0;      // the system's error number if there is no such file
  uint64_t size = 0;  // bytes
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t mtime_ns = 0;
  bool exists() const { return kind != FileKind::kNone; }
  bool is_dir() const { return kind == FileKind::kFolder; }
  bool operator==(const FileState&) const = default;
};
FileState StatFile(const std::string& path);
// Why `path`, whose state says that there is no such file, cannot be opened.
Error MissingFile(std::string_view path, const FileState& state);

// A regular file that is open for reading. Any thread.
class File {
 public:
  // INVALID_ARGUMENT for a folder, a pipe, a socket or a device; opening never waits for one of
  // these.
  static Result<std::shared_ptr<File>> Open(const std::string& path);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  uint64_t size() const { return size_; }
  // Reads from byte `offset`; returns fewer bytes than requested only at the end of the file.
  Result<size_t> Read(uint64_t offset, std::span<uint8_t> to) const;

 private:
  File(int fd, uint64_t size, std::string path) : fd_(fd), size_(size), path_(std::move(path)) {}
  const int fd_;
  const uint64_t size_;
  const std::string path_;  // for errors
};

// Reads the first bytes of a regular file, at most `size`.
Result<std::vector<uint8_t>> ReadHead(const std::string& path, size_t size);
// Reads a whole file or pipe of at most `max` bytes.
Result<std::string> ReadFile(const std::string& path, size_t max);

// An open folder, which stays the same one even if its name changes.
class Dir {
 public:
  static Result<std::shared_ptr<Dir>> Open(const std::string& path);
  ~Dir();
  Dir(const Dir&) = delete;
  Dir& operator=(const Dir&) = delete;
  // Reads a whole file of at most `max` bytes by its path in the folder. SECURITY for a path that
  // leaves the folder by `..`, by a link or as an absolute path; INVALID_ARGUMENT if it is not a
  // regular file. `shown` names the file in errors. Any thread.
  Result<std::string> ReadFile(const std::string& path, size_t max, std::string_view shown) const;

 private:
  explicit Dir(int fd) : fd_(fd) {}
  const int fd_;
};

// Pages that are returned to the system when they are freed. The caller rounds `size` up to pages.
void* MapPages(size_t size);
void UnmapPages(void* data, size_t size);
size_t PageSize();

// A time that is late by a few milliseconds at most, for a fifth of the cost of
// steady_clock::now().
std::chrono::steady_clock::time_point CoarseNow();

// A shared object. It is never unloaded: its threads and static data may outlive the last call.
Result<void*> OpenLibrary(const std::string& path);
void* FindSymbol(void* library, const char* name);

// Names the calling thread for debuggers, at most 15 bytes.
void NameThread(const char* name);

}  // namespace wasinn::os
