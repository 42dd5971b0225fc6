// States of sessions that guests save: the tokens of a sequence and what was computed for them, as
// files of a folder that the host has given.
#pragma once

#include <llama.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ggml/options.h"

namespace wasinn::ggml {

// Of bytes: the same for the same, and hardly ever for others unless somebody wants it.
class Hash {
 public:
  void Add(std::span<const uint8_t> bytes);
  void Add(uint64_t number);
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0xcbf29ce484222325;
};
// Of a model's file: its size, its beginning and parts of the rest.
uint64_t FingerprintOf(std::span<const uint8_t> file);

// Throws Failure when a name that these options hold is none.
void CheckStateNames(const Settings& settings);

// A file that was opened, its head read.
class StateFile {
 public:
  ~StateFile();
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;

  const std::vector<llama_token>& tokens() const { return tokens_; }
  // What llama.cpp is to get. Throws Failure when it is damaged or none that it should get.
  std::vector<uint8_t> ReadData() const;

 private:
  friend class StateFolder;
  StateFile(int file, std::string name) : file_(file), name_(std::move(name)) {}
  void ReadHead(uint64_t model, int32_t vocabulary, uint64_t most_bytes);

  int file_;
  std::string name_;
  std::vector<llama_token> tokens_;
  uint64_t data_bytes_ = 0;
  uint64_t checksum_ = 0;
};

// Constant but for its files; any thread.
class StateFolder {
 public:
  // Throws Failure when the path is no folder; its text names the path.
  StateFolder(const std::string& path, uint64_t most_bytes);
  ~StateFolder();
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;

  // `model` stands for all that the state depends on. Throws Failure, whose text names no path.
  std::unique_ptr<StateFile> Open(const std::string& name, uint64_t model,
                                  int32_t vocabulary) const;
  // All or nothing of the file is there afterwards. Throws Failure likewise.
  void Save(const std::string& name, uint64_t model, std::span<const llama_token> tokens,
            std::span<const uint8_t> data) const;

 private:
  uint64_t BytesBeside(const std::string& name) const;

  int folder_ = -1;
  const uint64_t most_bytes_;
};

// Whether llama.cpp may get this as the state of a sequence of so many tokens: it trusts the places
// of the tokens, and a key or value that is no number would reach the other sequences of the cache,
// too.
bool GoodState(std::span<const uint8_t> data, size_t tokens);

// The state of a sequence as a cache gives it whose sequences have parts of their own, as one gives
// it that they share: that is what files hold.
std::vector<uint8_t> StateOfShared(std::vector<uint8_t> data);
// And back, for a cache of so many parts; 1: shared.
std::vector<uint8_t> StateOfParts(std::vector<uint8_t> data, uint32_t parts);

}  // namespace wasinn::ggml
