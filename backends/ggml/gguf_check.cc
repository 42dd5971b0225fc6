#include "ggml/gguf_check.h"

#include <ggml.h>
#include <gguf.h>

#include <cstring>
#include <exception>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace wasinn::ggml {
namespace {

// Real files stay far below these.
constexpr uint64_t kMaxTensors = 1 << 20;
constexpr uint64_t kMaxKeys = 1 << 16;
constexpr uint64_t kMaxKeyBytes = 1 << 12;
constexpr uint64_t kMaxTextBytes = 16 << 20;
constexpr uint64_t kMaxAlignment = 1 << 20;
constexpr uint64_t kMaxTokens = 4 << 20;
// LLAMA_POOLING_TYPE_RANK.
constexpr uint64_t kPoolingRanks = 4;
constexpr const char* kHead = "cls.output.weight";

class Wrong : public std::exception {
 public:
  Wrong(std::string expected, const std::string& given)
      : text_("expected " + std::move(expected) + ", given " + given) {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

std::string PartText(const GgufPart& part) {
  return "part " + std::to_string(part.number + 1) + " of " + std::to_string(part.count);
}

// A name from the file, fit for a message.
std::string Shown(std::string_view name) {
  std::string text = "'";
  for (const char c : name.substr(0, 60)) text += c >= ' ' && c < 127 ? c : '?';
  return text + "'";
}

// A value of the metadata; numbers are kept so that they can be checked together.
struct Value {
  gguf_type type = GGUF_TYPE_COUNT;
  bool is_array = false;
  gguf_type item = GGUF_TYPE_COUNT;  // the item type of an array
  uint64_t count = 1;
  std::optional<uint64_t> number;  // the value, if it is an integer that is not negative
  std::string text;
};

class Reader {
 public:
  explicit Reader(std::span<const uint8_t> file) : file_(file) {}

  size_t at() const { return at_; }

  template <typename T>
  T Get(const char* what) {
    T value;
    std::memcpy(&value, Take(sizeof value, what), sizeof value);
    return value;
  }

  std::string_view Text(uint64_t max, const char* what) {
    const auto size = Get<uint64_t>(what);
    if (size > max) {
      throw Wrong(std::string(what) + " of at most " + std::to_string(max) + " bytes",
                  std::to_string(size));
    }
    return {reinterpret_cast<const char*>(Take(size, what)), static_cast<size_t>(size)};
  }

  const uint8_t* Take(uint64_t size, const char* what) {
    if (size > file_.size() - at_) {
      throw Wrong(std::string(what) + " of " + std::to_string(size) + " bytes at byte " +
                      std::to_string(at_),
                  "a file that ends at byte " + std::to_string(file_.size()));
    }
    const uint8_t* data = file_.data() + at_;
    at_ += size;
    return data;
  }

 private:
  std::span<const uint8_t> file_;
  size_t at_ = 0;
};

uint64_t WidthOf(gguf_type type) {
  switch (type) {
    case GGUF_TYPE_UINT8:
    case GGUF_TYPE_INT8:
    case GGUF_TYPE_BOOL:
      return 1;
    case GGUF_TYPE_UINT16:
    case GGUF_TYPE_INT16:
      return 2;
    case GGUF_TYPE_UINT32:
    case GGUF_TYPE_INT32:
    case GGUF_TYPE_FLOAT32:
      return 4;
    case GGUF_TYPE_UINT64:
    case GGUF_TYPE_INT64:
    case GGUF_TYPE_FLOAT64:
      return 8;
    default:
      return 0;
  }
}

template <typename Signed>
std::optional<uint64_t> Positive(Signed value) {
  if (value < 0) return std::nullopt;
  return static_cast<uint64_t>(value);
}

std::optional<uint64_t> ReadNumber(Reader& reader, gguf_type type) {
  switch (type) {
    case GGUF_TYPE_UINT8:
      return reader.Get<uint8_t>("a value");
    case GGUF_TYPE_INT8:
      return Positive(reader.Get<int8_t>("a value"));
    case GGUF_TYPE_UINT16:
      return reader.Get<uint16_t>("a value");
    case GGUF_TYPE_INT16:
      return Positive(reader.Get<int16_t>("a value"));
    case GGUF_TYPE_UINT32:
      return reader.Get<uint32_t>("a value");
    case GGUF_TYPE_INT32:
      return Positive(reader.Get<int32_t>("a value"));
    case GGUF_TYPE_UINT64:
      return reader.Get<uint64_t>("a value");
    case GGUF_TYPE_INT64:
      return Positive(reader.Get<int64_t>("a value"));
    default:
      reader.Take(WidthOf(type), "a value");
      return std::nullopt;
  }
}

gguf_type ReadType(Reader& reader, std::string_view key) {
  const auto number = reader.Get<uint32_t>("the type of a value");
  if (number >= GGUF_TYPE_COUNT) {
    throw Wrong("a type below " + std::to_string(GGUF_TYPE_COUNT) + " for " + Shown(key),
                std::to_string(number));
  }
  return static_cast<gguf_type>(number);
}

Value ReadValue(Reader& reader, std::string_view key) {
  Value value;
  value.type = ReadType(reader, key);
  if (value.type == GGUF_TYPE_STRING) {
    value.text = reader.Text(kMaxTextBytes, "a text");
  } else if (value.type != GGUF_TYPE_ARRAY) {
    value.number = ReadNumber(reader, value.type);
  } else {
    value.is_array = true;
    value.item = ReadType(reader, key);
    value.count = reader.Get<uint64_t>("the count of a list");
    if (value.item == GGUF_TYPE_ARRAY) throw Wrong("no list of lists in " + Shown(key), "one");
    if (value.item == GGUF_TYPE_STRING) {
      // Each text takes at least the bytes of its length, so an impossible count ends soon.
      for (uint64_t i = 0; i < value.count; ++i) reader.Text(kMaxTextBytes, "a text");
    } else {
      uint64_t bytes = 0;
      if (__builtin_mul_overflow(value.count, WidthOf(value.item), &bytes)) bytes = UINT64_MAX;
      reader.Take(bytes, "a list");
    }
  }
  return value;
}

using Metadata = std::map<std::string, Value, std::less<>>;

Metadata ReadMetadata(Reader& reader, uint64_t count) {
  Metadata metadata;
  for (uint64_t i = 0; i < count; ++i) {
    const std::string key(reader.Text(kMaxKeyBytes, "a key"));
    if (key.empty()) throw Wrong("a key", "an empty one");
    if (!metadata.emplace(key, ReadValue(reader, key)).second) {
      throw Wrong("each key once", Shown(key) + " again");
    }
  }
  return metadata;
}

// A number that must lie within the bounds and, unless `otherwise` is given, must be present.
uint64_t Bounded(const Metadata& metadata, const std::string& key, uint64_t min, uint64_t max,
                 std::optional<uint64_t> otherwise = std::nullopt) {
  const auto found = metadata.find(key);
  if (found == metadata.end() && otherwise) return *otherwise;
  const std::string expected =
      Shown(key) + " from " + std::to_string(min) + " to " + std::to_string(max);
  if (found == metadata.end()) throw Wrong(expected, "none");
  // Models with several kinds of layers have a list here; llama.cpp checks its length.
  if (found->second.is_array) return min;
  const auto number = found->second.number;
  if (!number) throw Wrong(expected, "something that is no whole number");
  if (*number < min || *number > max) throw Wrong(expected, std::to_string(*number));
  return *number;
}

// Numbers by which llama.cpp divides, with which it allocates, or which it asserts.
void CheckModel(const Metadata& metadata) {
  const auto architecture = metadata.find("general.architecture");
  if (architecture == metadata.end() || architecture->second.text.empty()) {
    throw Wrong("the text 'general.architecture'", "none");
  }
  const std::string arch = architecture->second.text + ".";
  Bounded(metadata, arch + "block_count", 1, 512);
  Bounded(metadata, arch + "context_length", 1, 1 << 30);
  const uint64_t width = Bounded(metadata, arch + "embedding_length", 1, 1 << 20);
  Bounded(metadata, arch + "feed_forward_length", 0, 1 << 24, 0);
  const uint64_t heads = Bounded(metadata, arch + "attention.head_count", 0, 1 << 16, 0);
  Bounded(metadata, arch + "attention.head_count_kv", 0, 1 << 16, heads);
  Bounded(metadata, arch + "attention.key_length", 0, 1 << 16, 0);
  Bounded(metadata, arch + "attention.value_length", 0, 1 << 16, 0);
  Bounded(metadata, arch + "rope.dimension_count", 0, 1 << 16, 0);
  if (heads > width) {
    throw Wrong("at most as many heads as 'embedding_length', " + std::to_string(width),
                std::to_string(heads));
  }
  Bounded(metadata, arch + "pooling_type", 0, kPoolingRanks, 0);
  const uint64_t experts = Bounded(metadata, arch + "expert_count", 0, 1 << 16, 0);
  Bounded(metadata, arch + "expert_used_count", experts > 0 ? 1 : 0, experts, experts);
}

// As above, for a projector.
void CheckProjectorNumbers(const Metadata& metadata) {
  const auto architecture = metadata.find("general.architecture");
  if (architecture == metadata.end() || architecture->second.text != "clip") {
    throw Wrong("'general.architecture' to be clip",
                architecture == metadata.end() ? "none" : Shown(architecture->second.text));
  }
  const std::string vision = "clip.vision.";
  const uint64_t width = Bounded(metadata, vision + "embedding_length", 1, 1 << 16);
  const uint64_t heads = Bounded(metadata, vision + "attention.head_count", 1, 1 << 12);
  Bounded(metadata, vision + "attention.head_count_kv", 1, heads, heads);
  Bounded(metadata, vision + "attention.head_dim", 1, 1 << 16, 1);
  Bounded(metadata, vision + "block_count", 0, 512);
  Bounded(metadata, vision + "feed_forward_length", 0, 1 << 24);
  Bounded(metadata, vision + "projection_dim", 0, 1 << 20);
  const uint64_t side = Bounded(metadata, vision + "image_size", 1, 1 << 14);
  Bounded(metadata, vision + "patch_size", 1, side);
  if (heads > width) {
    throw Wrong("at most as many heads as 'clip.vision.embedding_length', " + std::to_string(width),
                std::to_string(heads));
  }
  for (const char* name : {"projector.scale_factor", "spatial_merge_size"}) {
    Bounded(metadata, vision + name, 1, 64, 1);
  }
  for (const char* name : {"image_min_pixels", "image_max_pixels", "preproc_image_size"}) {
    Bounded(metadata, vision + name, 1, 1 << 28, 1);
  }
  for (const char* name : {"n_wa_pattern", "window_size", "preproc_min_tiles", "preproc_max_tiles",
                           "expert_used_count"}) {
    Bounded(metadata, vision + name, 0, 1 << 16, 0);
  }
}

void CheckVocabulary(const Metadata& metadata) {
  const auto list = metadata.find("tokenizer.ggml.tokens");
  if (list == metadata.end()) throw Wrong("the list 'tokenizer.ggml.tokens'", "none");
  const uint64_t tokens = list->second.count;
  if (list->second.item != GGUF_TYPE_STRING || tokens == 0 || tokens > kMaxTokens) {
    throw Wrong("'tokenizer.ggml.tokens' to be 1 to " + std::to_string(kMaxTokens) + " texts",
                std::to_string(tokens) + " of type " + std::to_string(list->second.item));
  }
  for (const char* name : {"tokenizer.ggml.scores", "tokenizer.ggml.token_type"}) {
    const auto one = metadata.find(name);
    if (one == metadata.end()) continue;
    if (WidthOf(one->second.item) != 4 || one->second.count < tokens) {
      throw Wrong(std::string(name) + " to be " + std::to_string(tokens) + " numbers of 4 bytes",
                  std::to_string(one->second.count));
    }
  }
  for (const auto& [key, value] : metadata) {
    if (!key.starts_with("tokenizer.ggml.") || !key.ends_with("_token_id")) continue;
    // An invalid number such as -1 means that there is no such token.
    if (value.number && *value.number >= tokens && *value.number != UINT32_MAX) {
      throw Wrong(Shown(key) + " below " + std::to_string(tokens), std::to_string(*value.number));
    }
  }
}

// The bytes of a tensor, with a check for overflow.
uint64_t TensorBytes(std::string_view name, uint32_t type, const uint64_t dims[GGML_MAX_DIMS]) {
  // Abandoned types keep their number, with a size of 0.
  if (type >= GGML_TYPE_COUNT || ggml_type_size(static_cast<ggml_type>(type)) == 0) {
    throw Wrong("a type of this llama.cpp for tensor " + Shown(name), std::to_string(type));
  }
  const auto kind = static_cast<ggml_type>(type);
  const auto block = static_cast<uint64_t>(ggml_blck_size(kind));
  if (dims[0] % block != 0) {
    throw Wrong("rows of a multiple of " + std::to_string(block) + " for tensor " + Shown(name),
                std::to_string(dims[0]));
  }
  uint64_t bytes = dims[0] / block;
  bool too_large = __builtin_mul_overflow(bytes, ggml_type_size(kind), &bytes);
  for (int i = 1; i < GGML_MAX_DIMS; ++i) {
    too_large = too_large || __builtin_mul_overflow(bytes, dims[i], &bytes);
  }
  if (too_large || bytes > INT64_MAX) {
    throw Wrong("dims of tensor " + Shown(name) + " that fit into memory", "more");
  }
  return bytes;
}

struct TensorPlace {
  std::string name;
  uint32_t type = 0;
  uint64_t dims[GGML_MAX_DIMS] = {1, 1, 1, 1};
  uint64_t offset = 0;
  uint64_t bytes = 0;
};
using Tensors = std::map<std::string, TensorPlace, std::less<>>;

TensorPlace ReadTensor(Reader& reader, uint64_t alignment) {
  TensorPlace place;
  place.name = reader.Text(GGML_MAX_NAME - 1, "a tensor's name");
  const auto rank = reader.Get<uint32_t>("a tensor's rank");
  if (rank > GGML_MAX_DIMS) {
    throw Wrong("a rank of at most " + std::to_string(GGML_MAX_DIMS) + " for " + Shown(place.name),
                std::to_string(rank));
  }
  for (uint32_t i = 0; i < rank; ++i) {
    uint64_t* dims = place.dims;
    dims[i] = reader.Get<uint64_t>("a tensor's dims");
    if (dims[i] == 0 || dims[i] > INT32_MAX) {
      throw Wrong("dims from 1 to " + std::to_string(INT32_MAX) + " for " + Shown(place.name),
                  std::to_string(dims[i]));
    }
  }
  place.type = reader.Get<uint32_t>("a tensor's type");
  place.offset = reader.Get<uint64_t>("a tensor's place");
  place.bytes = TensorBytes(place.name, place.type, place.dims);
  if (place.offset % alignment != 0) {
    throw Wrong(
        "a place that is a multiple of " + std::to_string(alignment) + " for " + Shown(place.name),
        std::to_string(place.offset));
  }
  return place;
}

Tensors ReadTensors(Reader& reader, uint64_t count, uint64_t alignment, uint64_t file_bytes) {
  Tensors tensors;
  uint64_t next = 0;
  for (uint64_t i = 0; i < count; ++i) {
    TensorPlace place = ReadTensor(reader, alignment);
    const std::string name = place.name;
    // llama.cpp requires them to follow each other without gaps.
    if (place.offset != next) {
      throw Wrong(
          "tensor " + Shown(name) + " at " + std::to_string(next) + ", behind those before it",
          std::to_string(place.offset));
    }
    next += (std::min(place.bytes, file_bytes) + alignment - 1) / alignment * alignment;
    if (!tensors.emplace(name, std::move(place)).second) {
      throw Wrong("each tensor once", Shown(name) + " again");
    }
  }
  const uint64_t start = (reader.at() + alignment - 1) / alignment * alignment;
  for (const auto& [name, place] : tensors) {
    uint64_t end = 0;
    const bool too_large = __builtin_add_overflow(place.offset, place.bytes, &end) ||
                           __builtin_add_overflow(end, start, &end);
    if (too_large || end > file_bytes) {
      throw Wrong(
          "tensor " + Shown(name) + " inside the file of " + std::to_string(file_bytes) + " bytes",
          "an end at byte " + std::to_string(end));
    }
  }
  return tensors;
}

struct Header {
  Metadata metadata;
  Tensors tensors;
};

// `check` examines the metadata before the tensors are read.
template <typename Check>
Header ReadHeader(std::span<const uint8_t> file, Check&& check) {
  Reader reader(file);
  if (std::memcmp(reader.Take(4, "a header"), GGUF_MAGIC, 4) != 0) {
    throw Wrong("a file that begins with GGUF", "another");
  }
  const auto version = reader.Get<uint32_t>("a version");
  if (version < 2 || version > GGUF_VERSION) {
    throw Wrong("GGUF version 2 to " + std::to_string(GGUF_VERSION), std::to_string(version));
  }
  const auto tensors = reader.Get<uint64_t>("the number of tensors");
  const auto keys = reader.Get<uint64_t>("the number of keys");
  if (tensors > kMaxTensors || keys > kMaxKeys) {
    throw Wrong("at most " + std::to_string(kMaxTensors) + " tensors and " +
                    std::to_string(kMaxKeys) + " keys",
                std::to_string(tensors) + " and " + std::to_string(keys));
  }
  Header header;
  header.metadata = ReadMetadata(reader, keys);
  const uint64_t alignment =
      Bounded(header.metadata, "general.alignment", 1, kMaxAlignment, GGUF_DEFAULT_ALIGNMENT);
  if ((alignment & (alignment - 1)) != 0) {
    throw Wrong("'general.alignment' to be a power of two", std::to_string(alignment));
  }
  check(header.metadata);
  header.tensors = ReadTensors(reader, tensors, alignment, file.size());
  return header;
}

// The split counts that llama.cpp reads from the files of a model.
GgufPart PartIn(const Metadata& metadata) {
  GgufPart part;
  part.count = Bounded(metadata, "split.count", 0, UINT16_MAX, 0);
  if (part.count <= 1) return {};
  part.number = Bounded(metadata, "split.no", 0, part.count - 1);
  return part;
}

// The checks for a later part of a model: the first part has all of the model's metadata.
void CheckLaterPart(std::span<const uint8_t> file, uint64_t number, uint64_t count,
                    Tensors& tensors) {
  Header header = ReadHeader(file, [&](const Metadata& metadata) {
    const GgufPart part = PartIn(metadata);
    if (part.number != number || part.count != count) {
      throw Wrong(PartText({number, count}), PartText(part));
    }
  });
  for (auto& [name, place] : header.tensors) {
    if (!tensors.emplace(name, std::move(place)).second) {
      throw Wrong("each tensor once", Shown(name) + " again in " + PartText({number, count}));
    }
  }
}

GgufFacts CheckModelFiles(std::span<const std::span<const uint8_t>> files) {
  Header header = ReadHeader(files[0], [&](const Metadata& metadata) {
    const GgufPart part = PartIn(metadata);
    if (part.number != 0) throw Wrong("the first part of a model", PartText(part));
    if (part.count != files.size()) {
      throw Wrong(files.size() == 1 ? "a model in one file"
                                    : "a model in " + std::to_string(files.size()) + " files",
                  PartText(part));
    }
    CheckModel(metadata);
    CheckVocabulary(metadata);
  });
  for (size_t i = 1; i < files.size(); ++i) {
    CheckLaterPart(files[i], i, files.size(), header.tensors);
  }
  const std::string arch = header.metadata.find("general.architecture")->second.text + ".";
  const auto labels = header.metadata.find(arch + "classifier.output_labels");
  const bool has_head = header.tensors.contains(kHead);
  // llama.cpp reads this many scores, whatever the model computes.
  if (labels != header.metadata.end() && labels->second.count > 1 && !has_head) {
    throw Wrong(std::string("a tensor '") + kHead + "' for labels of a classifier", "none");
  }
  GgufFacts facts;
  facts.ranks =
      Bounded(header.metadata, arch + "pooling_type", 0, kPoolingRanks, 0) == kPoolingRanks &&
      (has_head || header.tensors.contains("cls.weight"));
  return facts;
}

// ------------------------------------------------------------------ adapters

void CheckText(const Metadata& metadata, const char* key, const std::string& expected) {
  const auto found = metadata.find(key);
  const std::string given = found == metadata.end() ? "" : found->second.text;
  if (given != expected) {
    throw Wrong(Shown(key) + " to be " + Shown(expected), given.empty() ? "none" : Shown(given));
  }
}

// llama.cpp multiplies with these tensors without checking their types or the number of experts.
void CheckPair(const TensorPlace& a, const TensorPlace& b, uint64_t experts) {
  for (const TensorPlace* one : {&a, &b}) {
    const bool good = one->type == GGML_TYPE_F32 || one->type == GGML_TYPE_F16 ||
                      one->type == GGML_TYPE_BF16 || one->type == GGML_TYPE_Q8_0;
    if (!good) {
      throw Wrong("numbers as f32, f16, bf16 or q8_0 in " + Shown(one->name),
                  "type " + std::to_string(one->type));
    }
    const uint64_t depth = one->name.find("_exps.") != std::string::npos ? experts : 1;
    if (one->dims[2] != depth || one->dims[3] != 1) {
      throw Wrong(std::to_string(depth) + " matrices in " + Shown(one->name),
                  std::to_string(one->dims[2] * one->dims[3]));
    }
  }
  const bool of_tokens = a.name.starts_with("token_embd.");
  const uint64_t rank = of_tokens ? a.dims[0] : a.dims[1];
  if (rank != b.dims[0]) {
    throw Wrong("the same rank in " + Shown(a.name) + " and its pair",
                std::to_string(rank) + " and " + std::to_string(b.dims[0]));
  }
}

void CheckAdapterFile(std::span<const uint8_t> file, const std::string& architecture,
                      uint64_t experts) {
  const Header header = ReadHeader(file, [&](const Metadata& metadata) {
    CheckText(metadata, "general.type", "adapter");
    CheckText(metadata, "adapter.type", "lora");
    CheckText(metadata, "general.architecture", architecture);
    const auto alpha = metadata.find("adapter.lora.alpha");
    if (alpha != metadata.end() && alpha->second.type != GGUF_TYPE_FLOAT32) {
      throw Wrong("'adapter.lora.alpha' to be a number of type f32", "another");
    }
    if (metadata.contains("adapter.alora.invocation_tokens")) {
      throw Wrong("an adapter that always works", "one that some tokens switch on");
    }
  });
  constexpr std::string_view kA = ".lora_a";
  constexpr std::string_view kB = ".lora_b";
  size_t pairs = 0;
  for (const auto& [name, place] : header.tensors) {
    if (!name.ends_with(kA)) continue;
    const std::string other = name.substr(0, name.size() - kA.size()) + std::string(kB);
    const auto found = header.tensors.find(other);
    if (found == header.tensors.end()) throw Wrong("a tensor " + Shown(other), "none");
    CheckPair(place, found->second, experts);
    ++pairs;
  }
  if (pairs == 0) throw Wrong("tensors whose names end in .lora_a and .lora_b", "none");
}

// The fault that `check` finds; it throws Wrong.
template <typename Check>
std::optional<std::string> WhatIsWrong(Check&& check) {
  try {
    check();
  } catch (const Wrong& wrong) {
    return wrong.what();
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> CheckGguf(std::span<const uint8_t> file, GgufFacts* facts) {
  return CheckGgufParts({&file, 1}, facts);
}

std::optional<std::string> CheckGgufParts(std::span<const std::span<const uint8_t>> parts,
                                          GgufFacts* facts) {
  return WhatIsWrong([&] {
    const GgufFacts found = CheckModelFiles(parts);
    if (facts != nullptr) *facts = found;
  });
}

GgufPart PartOf(std::span<const uint8_t> file) {
  GgufPart part;
  // The check of the whole model reports what is wrong with it.
  WhatIsWrong(
      [&] { ReadHeader(file, [&](const Metadata& metadata) { part = PartIn(metadata); }); });
  return part;
}

std::optional<std::string> CheckProjector(std::span<const uint8_t> file) {
  return WhatIsWrong([&] { ReadHeader(file, CheckProjectorNumbers); });
}

std::optional<std::string> CheckAdapter(std::span<const uint8_t> file,
                                        const std::string& architecture, uint64_t experts) {
  return WhatIsWrong([&] { CheckAdapterFile(file, architecture, experts); });
}

}  // namespace wasinn::ggml
