#include "ggml/state.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "ggml/runtime.h"

namespace wasinn::ggml {
namespace {

constexpr size_t kMaxName = 100;
constexpr uint64_t kMaxTokens = 16 << 20;
// Short files take disk space, too.
constexpr uint64_t kMinFileBytes = 4096;

struct Head {
  char magic[8] = {'W', 'A', 'S', 'I', 'N', 'N', 'S', '1'};
  uint64_t model = 0;
  uint64_t tokens = 0;
  uint64_t data_bytes = 0;
  uint64_t checksum = 0;  // covers the tokens and the data
};

bool GoodName(const std::string& name) {
  return !name.empty() && name.size() <= kMaxName && name.front() != '.' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

Failure BadFile(const std::string& name, const std::string& given) {
  return Failure(WASINN_INVALID_ENCODING,
                 "ggml: option 'state-load': expected a saved state under "
                 "the name '" +
                     name + "', given " + given);
}

Failure CannotSave(const std::string& name, int error) {
  return Failure(WASINN_RUNTIME_ERROR,
                 "ggml: option 'state-save': expected to write the state '" + name +
                     "', given: " + std::strerror(error),
                 error);
}

template <typename T>
std::span<const uint8_t> BytesOf(std::span<const T> values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()};
}

uint64_t ChecksumOf(std::span<const llama_token> tokens, std::span<const uint8_t> data) {
  Hash hash;
  hash.Add(BytesOf(tokens));
  hash.Add(data);
  return hash.value();
}

bool ReadAll(int file, void* to, size_t size, size_t from) {
  auto* bytes = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t count = pread(file, bytes, size, static_cast<off_t>(from));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes += count;
    from += static_cast<size_t>(count);
    size -= static_cast<size_t>(count);
  }
  return true;
}

bool WriteAll(int file, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
  return true;
}

// Reads llama.cpp's format; gives zeros after the end.
class StateReader {
 public:
  explicit StateReader(std::span<const uint8_t> data) : data_(data) {}

  template <typename T>
  T Get() {
    T value{};
    const auto bytes = Take(sizeof value);
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  // Empty if there are fewer.
  std::span<const uint8_t> Take(uint64_t size) {
    if (size > data_.size()) {
      good_ = false;
      data_ = {};
      return {};
    }
    const auto bytes = data_.first(static_cast<size_t>(size));
    data_ = data_.subspan(static_cast<size_t>(size));
    return bytes;
  }
  bool good() const { return good_; }
  bool at_end() const { return good_ && data_.empty(); }

 private:
  std::span<const uint8_t> data_;
  bool good_ = true;
};

// Each position once.
bool GoodPlaces(StateReader& reader, size_t tokens) {
  std::vector<bool> seen(tokens);
  for (size_t i = 0; i < tokens; ++i) {
    const auto place = reader.Get<uint32_t>();
    const auto sequences = reader.Get<uint32_t>();
    reader.Get<int32_t>();  // the number of the sequence
    if (!reader.good() || sequences != 1 || place >= tokens || seen[place]) return false;
    seen[place] = true;
  }
  return true;
}

bool AllFinite(std::span<const uint8_t> halves) {
  for (size_t i = 0; i + 1 < halves.size(); i += 2) {
    if ((halves[i + 1] & 0x7c) == 0x7c) return false;
  }
  return true;
}

// Keys and values have the type f16, like the cache.
bool GoodNumbers(StateReader& reader, size_t tokens) {
  const auto transposed = reader.Get<uint32_t>();
  const auto layers = reader.Get<uint32_t>();
  const auto rows = [&] {
    const auto type = reader.Get<int32_t>();
    const auto row = reader.Get<uint64_t>();
    return type == GGML_TYPE_F16 && row < UINT32_MAX && AllFinite(reader.Take(row * tokens));
  };
  const auto columns = [&] {
    const auto type = reader.Get<int32_t>();
    const auto size = reader.Get<uint32_t>();
    const auto count = reader.Get<uint32_t>();
    return type == GGML_TYPE_F16 && size == 2 &&
           AllFinite(reader.Take(uint64_t{2} * count * tokens));
  };
  for (uint32_t i = 0; i < layers; ++i) {
    if (!rows() || !reader.good()) return false;
  }
  // Some models store no separate values.
  while (reader.good() && !reader.at_end()) {
    if (!(transposed != 0 ? columns() : rows())) return false;
  }
  return reader.good();
}

}  // namespace

void Hash::Add(uint64_t number) {
  // FNV-1a over words, mixed so that each changed bit affects all others.
  value_ = (value_ ^ number) * 0x100000001b3;
  value_ ^= value_ >> 29;
}

void Hash::Add(std::span<const uint8_t> bytes) {
  Add(uint64_t{bytes.size()});
  while (!bytes.empty()) {
    uint64_t word = 0;
    const size_t size = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), size);
    Add(word);
    bytes = bytes.subspan(size);
  }
}

uint64_t FingerprintOf(std::span<const uint8_t> file) {
  constexpr size_t kBeginning = 4 << 20;
  constexpr size_t kParts = 256;
  constexpr size_t kPart = 4096;
  Hash hash;
  hash.Add(uint64_t{file.size()});
  hash.Add(file.first(std::min(file.size(), kBeginning)));
  for (size_t i = 1; file.size() > kBeginning && i <= kParts; ++i) {
    const size_t at = (file.size() - kPart) / kParts * i;
    hash.Add(file.subspan(at, kPart));
  }
  return hash.value();
}

void CheckStateNames(const Settings& settings) {
  const std::pair<const char*, const std::string&> options[] = {
      {"state-load", settings.state_load}, {"state-save", settings.state_save}};
  for (const auto& [option, name] : options) {
    if (name.empty()) continue;
    if (!GoodName(name)) {
      throw Failure(
          WASINN_INVALID_ARGUMENT,
          std::string("ggml: option '") + option + "': expected a name of at most " +
              std::to_string(kMaxName) +
              " letters, digits, '.', '_' and '-' that begins with no dot, given another");
    }
    if (settings.state_dir.empty()) {
      throw Failure(WASINN_SECURITY, std::string("ggml: option '") + option +
                                         "': expected a model whose host keeps states (the host's "
                                         "option state-dir), given another");
    }
  }
}

bool GoodState(std::span<const uint8_t> data, size_t tokens) {
  StateReader reader(data);
  reader.Get<uint64_t>();  // a signature, and the number of the sequence
  return reader.Get<uint32_t>() == 1 && reader.Get<uint32_t>() == tokens &&
         GoodPlaces(reader, tokens) && GoodNumbers(reader, tokens) && reader.at_end();
}

namespace {

// After the signature and the number of the sequence come the number of parts and, for each part,
// the number of the sequence's tokens in it and the tokens; only one part has any.
constexpr size_t kPartsAt = sizeof(uint64_t);

uint32_t NumberAt(const std::vector<uint8_t>& data, size_t at) {
  uint32_t number = 0;
  if (at + sizeof number <= data.size()) std::memcpy(&number, data.data() + at, sizeof number);
  return number;
}

void SetParts(std::vector<uint8_t>& data, uint32_t parts) {
  std::memcpy(data.data() + kPartsAt, &parts, sizeof parts);
}

}  // namespace

std::vector<uint8_t> StateOfShared(std::vector<uint8_t> data) {
  const uint32_t parts = NumberAt(data, kPartsAt);
  if (parts < 2 || data.size() < kPartsAt + (1 + size_t{parts}) * sizeof parts) return data;
  const size_t first = kPartsAt + sizeof parts;
  size_t before = 0;
  while (before + 1 < parts && NumberAt(data, first + before * sizeof parts) == 0) ++before;
  data.resize(data.size() - (parts - 1 - before) * sizeof parts);
  const auto begin = data.begin() + static_cast<std::ptrdiff_t>(first);
  data.erase(begin, begin + static_cast<std::ptrdiff_t>(before * sizeof parts));
  SetParts(data, 1);
  return data;
}

std::vector<uint8_t> StateOfParts(std::vector<uint8_t> data, uint32_t parts) {
  if (parts < 2 || data.size() < kPartsAt + sizeof parts) return data;
  data.resize(data.size() + (parts - 1) * sizeof parts);
  SetParts(data, parts);
  return data;
}

// ------------------------------------------------------------------ a file

StateFile::~StateFile() { close(file_); }

void StateFile::ReadHead(uint64_t model, int32_t vocabulary, uint64_t max_bytes) {
  struct stat state{};
  Head head;
  if (fstat(file_, &state) != 0 || !S_ISREG(state.st_mode) ||
      !ReadAll(file_, &head, sizeof head, 0) ||
      std::memcmp(head.magic, Head().magic, sizeof head.magic) != 0) {
    throw BadFile(name_, "another file");
  }
  if (head.model != model) {
    throw Failure(WASINN_INVALID_ARGUMENT,
                  "ggml: option 'state-load': expected a state of this model, with these adapters "
                  "and this llama.cpp, given '" +
                      name_ + "', which is of another");
  }
  const auto size = static_cast<uint64_t>(state.st_size);
  const uint64_t head_bytes = sizeof head + head.tokens * sizeof(llama_token);
  if (size > max_bytes || head.tokens == 0 || head.tokens > kMaxTokens || head_bytes > size ||
      head.data_bytes != size - head_bytes) {
    throw BadFile(name_, "one whose numbers do not fit its size");
  }
  tokens_.resize(head.tokens);
  if (!ReadAll(file_, tokens_.data(), tokens_.size() * sizeof(llama_token), sizeof head) ||
      !std::ranges::all_of(tokens_, [&](llama_token t) { return t >= 0 && t < vocabulary; })) {
    throw BadFile(name_, "one with other tokens than the model has");
  }
  data_bytes_ = head.data_bytes;
  checksum_ = head.checksum;
}

std::vector<uint8_t> StateFile::ReadData() const {
  std::vector<uint8_t> data(data_bytes_);
  if (!ReadAll(file_, data.data(), data.size(),
               sizeof(Head) + tokens_.size() * sizeof(llama_token)) ||
      ChecksumOf(tokens_, data) != checksum_ || !GoodState(data, tokens_.size())) {
    throw BadFile(name_, "a damaged one");
  }
  return data;
}

// ------------------------------------------------------------------ the folder

StateFolder::StateFolder(const std::string& path, uint64_t max_bytes) : max_bytes_(max_bytes) {
  folder_ = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_ < 0) {
    throw Failure(
        WASINN_INVALID_ARGUMENT,
        "ggml: option 'state-dir': expected a folder, given " + path + ": " + std::strerror(errno),
        errno);
  }
}

StateFolder::~StateFolder() { close(folder_); }

std::unique_ptr<StateFile> StateFolder::Open(const std::string& name, uint64_t model,
                                             int32_t vocabulary) const {
  // The file must not lead out of the folder, and opening it must not block.
  const int file = openat(folder_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) {
    const int error = errno;
    if (error == ENOENT) {
      throw Failure(WASINN_NOT_FOUND,
                    "ggml: option 'state-load': expected a saved state, given the "
                    "name '" +
                        name + "', under which there is none");
    }
    throw BadFile(name, std::string("one that cannot be opened: ") + std::strerror(error));
  }
  std::unique_ptr<StateFile> state(new StateFile(file, name));
  state->ReadHead(model, vocabulary, max_bytes_);
  return state;
}

uint64_t StateFolder::BytesBeside(const std::string& name) const {
  const int again = openat(folder_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* folder = again < 0 ? nullptr : fdopendir(again);
  if (folder == nullptr) {
    const int error = errno;
    if (again >= 0) close(again);
    throw CannotSave(name, error);
  }
  uint64_t bytes = 0;
  while (const dirent* entry = readdir(folder)) {
    struct stat state{};
    if (entry->d_name == name ||
        fstatat(folder_, entry->d_name, &state, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(state.st_mode)) {
      continue;
    }
    bytes += std::max(static_cast<uint64_t>(state.st_size), kMinFileBytes);
  }
  closedir(folder);
  return bytes;
}

void StateFolder::Save(const std::string& name, uint64_t model, std::span<const llama_token> tokens,
                       std::span<const uint8_t> data) const {
  // Counts the files of all graphs, since they may share a folder.
  static std::mutex saving;
  const std::lock_guard lock(saving);
  const uint64_t size = std::max(sizeof(Head) + tokens.size_bytes() + data.size(), kMinFileBytes);
  const uint64_t beside = BytesBeside(name);
  if (size > max_bytes_ || beside > max_bytes_ - size) {
    throw Failure(WASINN_TOO_LARGE,
                  "ggml: option 'state-save': expected states of at most " +
                      std::to_string(max_bytes_) +
                      " bytes together (the host's option state-max-bytes), given " +
                      std::to_string(size) + " beside " + std::to_string(beside));
  }
  Head head;
  head.model = model;
  head.tokens = tokens.size();
  head.data_bytes = data.size();
  head.checksum = ChecksumOf(tokens, data);
  // A guest's names never begin with a dot.
  const std::string part = ".part-" + std::to_string(getpid()) + "-" + name;
  unlinkat(folder_, part.c_str(), 0);
  const int file =
      openat(folder_, part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) throw CannotSave(name, errno);
  const bool written = WriteAll(file, BytesOf(std::span<const Head>(&head, 1))) &&
                       WriteAll(file, BytesOf(tokens)) && WriteAll(file, data);
  int error = written ? 0 : errno;
  if (close(file) != 0 && error == 0) error = errno;
  if (error == 0 && renameat(folder_, part.c_str(), folder_, name.c_str()) != 0) error = errno;
  if (error == 0) return;
  unlinkat(folder_, part.c_str(), 0);
  throw CannotSave(name, error);
}

}  // namespace wasinn::ggml
