#include "onnx/model_file.h"

#include <algorithm>
#include <istream>
#include <optional>

namespace wasinn::onnx {
namespace {

constexpr size_t kMaxText = 4096;  // bytes of a name that is kept
constexpr size_t kMaxKept = 4096;  // ports or opsets that are kept
constexpr int kMaxDepth = 100;     // protobuf's own limit

enum Wire : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// One field: its number, and its value (kVarint) or the number of bytes that follow (all others).
struct Field {
  uint32_t number;
  uint32_t wire;
  uint64_t value;
};

// Protobuf from a stream, bounded by the ends that the caller gives.
class StreamReader {
 public:
  explicit StreamReader(std::istream& in) : in_(in) {}

  uint64_t position() const { return position_; }

  // The next field before `end`; nullopt at the end or at a fault.
  std::optional<Field> Next(uint64_t end) {
    const std::optional<uint64_t> tag = position_ < end ? Varint() : std::nullopt;
    if (!tag || *tag > UINT32_MAX) return std::nullopt;
    Field field{static_cast<uint32_t>(*tag >> 3), static_cast<uint32_t>(*tag & 7), 0};
    switch (field.wire) {
      case kVarint:
      case kBytes: {
        const std::optional<uint64_t> value = Varint();
        if (!value) return std::nullopt;
        field.value = *value;
        break;
      }
      case kFixed64:
        field.value = 8;
        break;
      case kFixed32:
        field.value = 4;
        break;
      default:
        return std::nullopt;
    }
    if (position_ > end || (field.wire != kVarint && field.value > end - position_)) {
      return std::nullopt;
    }
    return field;
  }

  // The `size` bytes of a field; only the first kMaxText of them.
  std::string Text(uint64_t size) {
    std::string text(std::min<uint64_t>(size, kMaxText), '\0');
    in_.read(text.data(), static_cast<std::streamsize>(text.size()));
    position_ += text.size();
    return text;
  }

  // Continues at `position`, which must not be before the current one.
  void SkipTo(uint64_t position) {
    const auto distance = static_cast<std::streamoff>(position - position_);
    // Short distances stay within the stream's buffer.
    if (distance < 4096) {
      in_.ignore(distance);
    } else {
      in_.seekg(distance, std::ios::cur);
    }
    position_ = position;
  }

 private:
  std::optional<uint64_t> Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const int byte = in_.get();
      if (byte == std::istream::traits_type::eof()) return std::nullopt;
      ++position_;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  std::istream& in_;
  uint64_t position_ = 0;
};

// TensorShapeProto: dim 1 { dim_value 1, dim_param 2 }.
void ReadShape(StreamReader& reader, uint64_t end, ModelFacts& facts) {
  while (const std::optional<Field> field = reader.Next(end)) {
    if (field->wire == kVarint) continue;
    const uint64_t field_end = reader.position() + field->value;
    if (field->number == 1 && field->wire == kBytes) {
      while (const std::optional<Field> dim = reader.Next(field_end)) {
        if (dim->wire == kVarint) continue;
        const uint64_t dim_end = reader.position() + dim->value;
        if (dim->number == 2 && facts.named_dims.size() < kMaxKept) {
          facts.named_dims.insert(reader.Text(dim->value));
        }
        reader.SkipTo(std::max(dim_end, reader.position()));
      }
    }
    reader.SkipTo(std::max(field_end, reader.position()));
  }
}

// TypeProto: tensor_type 1 { elem_type 1, shape 2 }, optional_type 9 { elem_type 1, a TypeProto }.
// Returns whether it has a shape.
bool ReadType(StreamReader& reader, uint64_t end, int depth, ModelFacts& facts) {
  bool has_shape = false;
  while (const std::optional<Field> type = reader.Next(end)) {
    if (type->wire == kVarint) continue;
    const uint64_t type_end = reader.position() + type->value;
    const bool is_optional = type->number == 9;
    if ((type->number == 1 || is_optional) && type->wire == kBytes) {
      while (const std::optional<Field> part = reader.Next(type_end)) {
        if (part->wire == kVarint) continue;
        const uint64_t part_end = reader.position() + part->value;
        if (is_optional && part->number == 1 && depth < kMaxDepth) {
          has_shape = ReadType(reader, part_end, depth + 1, facts) || has_shape;
        } else if (!is_optional && part->number == 2) {
          has_shape = true;
          ReadShape(reader, part_end, facts);
        }
        reader.SkipTo(std::max(part_end, reader.position()));
      }
    }
    reader.SkipTo(std::max(type_end, reader.position()));
  }
  return has_shape;
}

// ValueInfoProto: name 1, type 2.
void ReadPort(StreamReader& reader, uint64_t end, ModelFacts& facts) {
  std::string name;
  bool has_shape = false;
  while (const std::optional<Field> field = reader.Next(end)) {
    if (field->wire == kVarint) continue;
    const uint64_t field_end = reader.position() + field->value;
    if (field->number == 1) name = reader.Text(field->value);
    if (field->number == 2 && field->wire == kBytes) {
      has_shape = ReadType(reader, field_end, 0, facts) || has_shape;
    }
    reader.SkipTo(std::max(field_end, reader.position()));
  }
  if (has_shape && facts.shaped_ports.size() < kMaxKept) {
    facts.shaped_ports.insert(std::move(name));
  }
}

// GraphProto: input 11, output 12.
void ReadGraph(StreamReader& reader, uint64_t end, ModelFacts& facts) {
  while (const std::optional<Field> field = reader.Next(end)) {
    if (field->wire == kVarint) continue;
    const uint64_t field_end = reader.position() + field->value;
    if (field->number == 11 || field->number == 12) ReadPort(reader, field_end, facts);
    reader.SkipTo(std::max(field_end, reader.position()));
  }
}

// OperatorSetIdProto: domain 1, version 2.
void ReadOpset(StreamReader& reader, uint64_t end, ModelFacts& facts) {
  std::pair<std::string, int64_t> opset;
  while (const std::optional<Field> field = reader.Next(end)) {
    if (field->number == 2 && field->wire == kVarint) {
      opset.second = static_cast<int64_t>(field->value);
    }
    if (field->wire == kVarint) continue;
    const uint64_t field_end = reader.position() + field->value;
    if (field->number == 1) opset.first = reader.Text(field->value);
    reader.SkipTo(field_end);
  }
  if (facts.opsets.size() < kMaxKept) facts.opsets.push_back(std::move(opset));
}

// Messages that can contain a tensor.
enum class Message { kModel, kGraph, kNode, kAttribute, kTensor, kSparse, kFunction, kTraining };

// The kind of the field `number` of `message`, if it can lead to tensors.
std::optional<Message> Child(Message message, uint32_t number) {
#define X(from, field, to) \
  if (message == Message::k##from && number == (field)) return Message::k##to;
#include "model/onnx_tensors.def"
#undef X
  return std::nullopt;
}

bool CutVarint(std::string_view& bytes, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (bytes.empty()) return false;
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

// Removes the next field from `bytes`, which must not be empty; `content` is set unless the field
// is of kVarint. False at a fault.
bool CutField(std::string_view& bytes, Field& field, std::string_view& content) {
  uint64_t tag = 0;
  if (!CutVarint(bytes, tag) || tag > UINT32_MAX || tag < 8) return false;
  field = {static_cast<uint32_t>(tag >> 3), static_cast<uint32_t>(tag & 7), 0};
  switch (field.wire) {
    case kVarint:
      return CutVarint(bytes, field.value);
    case kBytes:
      if (!CutVarint(bytes, field.value)) return false;
      break;
    case kFixed64:
      field.value = 8;
      break;
    case kFixed32:
      field.value = 4;
      break;
    default:
      return false;
  }
  if (field.value > bytes.size()) return false;
  content = bytes.substr(0, field.value);
  bytes.remove_prefix(field.value);
  return true;
}

ExternalData Find(Message message, std::string_view bytes, int depth) {
  if (depth > kMaxDepth) return ExternalData::kMalformed;
  while (!bytes.empty()) {
    Field field;
    std::string_view content;
    if (!CutField(bytes, field, content)) return ExternalData::kMalformed;
    if (message == Message::kTensor) {
      // external_data 13, data_location 14, of which protobuf keeps the low 32 bits.
      if (field.number == 13) return ExternalData::kSome;
      if (field.number == 14 && static_cast<uint32_t>(field.value) != 0) return ExternalData::kSome;
    }
    const std::optional<Message> child = Child(message, field.number);
    if (!child || field.wire != kBytes) continue;
    const ExternalData found = Find(*child, content, depth + 1);
    if (found != ExternalData::kNone) return found;
  }
  return ExternalData::kNone;
}

}  // namespace

ModelFacts ReadModelFacts(std::istream& content) {
  ModelFacts facts;
  content.seekg(0, std::ios::end);
  const auto end = static_cast<std::streamoff>(content.tellg());
  content.seekg(0);
  if (!content || end < 0) return facts;
  StreamReader reader(content);
  // ModelProto: ir_version 1, producer_version 3, graph 7, opset_import 8.
  while (const std::optional<Field> field = reader.Next(static_cast<uint64_t>(end))) {
    if (field->wire == kVarint) {
      if (field->number == 1) facts.ir_version = static_cast<int64_t>(field->value);
      continue;
    }
    const uint64_t field_end = reader.position() + field->value;
    if (field->number == 3) facts.producer_version = reader.Text(field->value);
    if (field->number == 7) ReadGraph(reader, field_end, facts);
    if (field->number == 8) ReadOpset(reader, field_end, facts);
    reader.SkipTo(std::max(field_end, reader.position()));
  }
  return facts;
}

ExternalData FindExternalData(std::string_view model) { return Find(Message::kModel, model, 0); }

int ProbeContent(std::string_view head, uint64_t size) {
  // The identifier of a flatbuffer follows its first offset.
  if (head.size() >= 8 && head.substr(4, 4) == "ORTM") return 100;
  // The fields of ModelProto up to its graph, in the order of every known writer of ONNX. Other
  // protobuf files (for example TensorFlow's) differ in the numbers and kinds of the fields.
  if (head.size() < 2 || head[0] != 0x08) return 0;
  std::string_view rest = head;
  while (!rest.empty()) {
    const std::string_view before = rest;
    uint64_t tag = 0;
    uint64_t value = 0;
    if (!CutVarint(rest, tag) || !CutVarint(rest, value)) break;
    const uint64_t number = tag >> 3;
    const uint64_t wire = tag & 7;
    if (number == 7 && wire == kBytes) {
      const uint64_t used = head.size() - rest.size();
      return value <= size - used ? 95 : 60;  // a truncated model is a model
    }
    const bool is_number = number == 1 || number == 5;
    const bool is_text = number == 2 || number == 3 || number == 4 || number == 6;
    const bool is_list = number == 8 || number == 14;
    if (is_number && wire == kVarint) continue;
    if (!(is_text || is_list) || wire != kBytes) return 0;
    // A long doc_string may extend beyond the head.
    if (value > rest.size()) return number == 6 && before.size() != head.size() ? 50 : 0;
    rest.remove_prefix(value);
  }
  return 0;
}

}  // namespace wasinn::onnx
