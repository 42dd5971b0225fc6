// States that guests save: the tokens of a sequence and their part of the KV cache, as files in a
// folder that the host provides.
#pragma once

#include <llama.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ggml/options.h"

namespace wasinn::ggml {

// A hash of bytes. It is not cryptographic: collisions are rare unless someone constructs them.
class Hash {
 public:
  void Add(std::span<const uint8_t> bytes);
  void Add(uint64_t number);
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0xcbf29ce484222325;
};
// A hash of a model's file: its size, its beginning and parts of the rest.
uint64_t FingerprintOf(std::span<const uint8_t> file);

// Throws Failure if these options contain an invalid name.
void CheckStateNames(const Settings& settings);

// An opened file whose header was read.
class StateFile {
 public:
  ~StateFile();
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;

  const std::vector<llama_token>& tokens() const { return tokens_; }
  // The data for llama.cpp. Throws Failure if the data is damaged or unsafe.
  std::vector<uint8_t> ReadData() const;

 private:
  friend class StateFolder;
  StateFile(int file, std::string name) : file_(file), name_(std::move(name)) {}
  void ReadHead(uint64_t model, int32_t vocabulary, uint64_t max_bytes);

  int file_;
  std::string name_;
  std::vector<llama_token> tokens_;
  uint64_t data_bytes_ = 0;
  uint64_t checksum_ = 0;
};

// Constant except for its files; any thread.
class StateFolder {
 public:
  // Throws Failure, whose text names the path, if the path is not a folder.
  StateFolder(const std::string& path, uint64_t max_bytes);
  ~StateFolder();
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;

  // `model` identifies everything that the state depends on. Throws Failure, whose text names no
  // path.
  std::unique_ptr<StateFile> Open(const std::string& name, uint64_t model,
                                  int32_t vocabulary) const;
  // Writes the file completely or not at all. Throws Failure as above.
  void Save(const std::string& name, uint64_t model, std::span<const llama_token> tokens,
            std::span<const uint8_t> data) const;

 private:
  uint64_t BytesBeside(const std::string& name) const;

  int folder_ = -1;
  const uint64_t max_bytes_;
};

// Whether it is safe to give this to llama.cpp as the state of a sequence with this many tokens:
// llama.cpp trusts the positions of the tokens, and a key or value that is not a number would
// affect the other sequences of the cache.
bool GoodState(std::span<const uint8_t> data, size_t tokens);

// Converts the state of a sequence from the format of a cache with separate parts to the format of
// a shared cache, which files use.
std::vector<uint8_t> StateOfShared(std::vector<uint8_t> data);
// Converts it back, for a cache of this many parts; 1: shared.
std::vector<uint8_t> StateOfParts(std::vector<uint8_t> data, uint32_t parts);

}  // namespace wasinn::ggml
