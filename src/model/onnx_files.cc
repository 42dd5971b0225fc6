#include "model/onnx_files.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.h"

namespace wasinn {
namespace {

constexpr int kMaxDepth = 100;         // protobuf's own limit
constexpr uint64_t kMaxText = 4096;    // bytes of a file's name
constexpr size_t kMaxFiles = 1 << 16;  // real models stay far below
constexpr size_t kBufferBytes = 16 << 10;

enum class Message { kModel, kGraph, kNode, kAttribute, kTensor, kSparse, kFunction, kTraining };

// The kind of the field `number` of `message`, if it can lead to tensors.
std::optional<Message> Child(Message message, uint32_t number) {
#define X(from, field, to) \
  if (message == Message::k##from && number == (field)) return Message::k##to;
#include "model/onnx_tensors.def"
#undef X
  return std::nullopt;
}

enum Wire : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// One field: its number, its value (kVarint) or the place of its content (all others).
struct Field {
  uint32_t number = 0;
  uint32_t wire = kVarint;
  uint64_t value = 0;
  uint64_t end = 0;
};

class Reader {
 public:
  explicit Reader(const os::File& file) : file_(file), buffer_(kBufferBytes) {}

  // Reads the model from its beginning to its end, or to the first fault.
  ExternalFiles Run() {
    Walk(Message::kModel, file_.size(), 0);
    return std::move(files_);
  }

 private:
  struct Tensor {
    bool is_external = false;
    std::string location;
    uint64_t offset = 0;
    uint64_t length = 0;
  };

  // False at a fault.
  bool Walk(Message message, uint64_t end, int depth) {
    if (depth > kMaxDepth) return false;
    Tensor tensor;
    while (at_ < end) {
      Field field;
      if (!Next(end, field)) return false;
      if (message == Message::kTensor && !ReadTensorField(field, tensor)) return false;
      const std::optional<Message> child = Child(message, field.number);
      if (child && field.wire == kBytes && !Walk(*child, field.end, depth + 1)) return false;
      at_ = field.end;
    }
    if (tensor.is_external) Keep(tensor);
    return true;
  }

  // TensorProto: external_data 13 { key 1, value 2 }, data_location 14, of which protobuf keeps the
  // low 32 bits.
  bool ReadTensorField(const Field& field, Tensor& tensor) {
    if (field.number == 14 && field.wire == kVarint) {
      tensor.is_external = static_cast<uint32_t>(field.value) == 1;
    }
    if (field.number != 13 || field.wire != kBytes) return true;
    std::string key;
    std::string value;
    while (at_ < field.end) {
      Field part;
      if (!Next(field.end, part)) return false;
      if (part.wire == kBytes && (part.number == 1 || part.number == 2)) {
        const auto text = Text(part.end);
        if (!text) return false;
        (part.number == 1 ? key : value) = *text;
      }
      at_ = part.end;
    }
    if (key == "location") tensor.location = value;
    if (key == "offset") tensor.offset = ParseUint(value).value_or(0);
    if (key == "length") tensor.length = ParseUint(value).value_or(0);
    return true;
  }

  void Keep(const Tensor& tensor) {
    if (tensor.location.empty() || files_.size() >= kMaxFiles) return;
    uint64_t end = 0;
    if (__builtin_add_overflow(tensor.offset, tensor.length, &end)) end = UINT64_MAX;
    uint64_t& needed = files_[tensor.location];
    needed = std::max(needed, end);
  }

  // The next field before `end`; false at a fault.
  bool Next(uint64_t end, Field& field) {
    const std::optional<uint64_t> tag = Varint();
    if (!tag || *tag > UINT32_MAX || *tag < 8) return false;
    field.number = static_cast<uint32_t>(*tag >> 3);
    field.wire = static_cast<uint32_t>(*tag & 7);
    uint64_t size = 0;
    if (field.wire == kVarint || field.wire == kBytes) {
      const std::optional<uint64_t> value = Varint();
      if (!value) return false;
      field.value = *value;
      size = field.wire == kBytes ? *value : 0;
    } else if (field.wire == kFixed64 || field.wire == kFixed32) {
      size = field.wire == kFixed64 ? 8 : 4;
    } else {
      return false;
    }
    if (at_ > end || size > end - at_) return false;
    field.end = at_ + size;
    return true;
  }

  std::optional<uint64_t> Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::optional<uint8_t> byte = Byte();
      if (!byte) return std::nullopt;
      value |= static_cast<uint64_t>(*byte & 0x7f) << shift;
      if (*byte < 0x80) return value;
    }
    return std::nullopt;
  }

  std::optional<std::string> Text(uint64_t end) {
    if (end - at_ > kMaxText) return std::nullopt;
    std::string text;
    while (at_ < end) {
      const std::optional<uint8_t> byte = Byte();
      if (!byte) return std::nullopt;
      text += static_cast<char>(*byte);
    }
    return text;
  }

  std::optional<uint8_t> Byte() {
    if (at_ < begin_ || at_ - begin_ >= filled_) {
      begin_ = at_;
      filled_ = file_.Read(at_, buffer_).value_or(0);
      if (filled_ == 0) return std::nullopt;
    }
    return buffer_[at_++ - begin_];
  }

  const os::File& file_;
  std::vector<uint8_t> buffer_;  // holds the file's `filled_` bytes from `begin_` on
  uint64_t begin_ = 0;
  size_t filled_ = 0;
  uint64_t at_ = 0;
  ExternalFiles files_;
};

}  // namespace

ExternalFiles ReadExternalFiles(const os::File& model) { return Reader(model).Run(); }

}  // namespace wasinn
