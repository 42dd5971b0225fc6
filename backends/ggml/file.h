// A file of the host, mapped into memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace wasinn::ggml {

// Throws Failure, whose text names the path, if the path is not a readable regular file.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const uint8_t> bytes() const { return {static_cast<const uint8_t*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace wasinn::ggml
