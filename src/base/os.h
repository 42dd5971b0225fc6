// Everything that asks the operating system. One implementation file per system: os_linux.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
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

// What tells one state of a file or folder from another without reading it. For a folder the
// newest entry and the sum of sizes, two levels deep.
struct FileState {
  bool exists = false;
  bool is_dir = false;
  uint64_t size = 0;  // bytes
  uint64_t inode = 0;
  int64_t mtime_ns = 0;
  bool operator==(const FileState&) const = default;
};
FileState StatFile(const std::string& path);

// A file mapped read-only; unmapped with the last owner. A file that shrinks under the map is the
// operator's fault and may fault the process, so only files that the operator named are mapped.
class MappedFile {
 public:
  static Result<std::shared_ptr<MappedFile>> Open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::span<const uint8_t> bytes() const { return {data_, size_}; }

 private:
  MappedFile() = default;
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

// Reads up to `size` first bytes.
Result<std::vector<uint8_t>> ReadHead(const std::string& path, size_t size);
// Reads a whole file of at most `most` bytes.
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
