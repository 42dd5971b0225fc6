#include "onnx/strings.h"

#include <cstring>

namespace wasinn::onnx {
namespace {

constexpr size_t kPrefix = 4;  // bytes of a length

uint32_t LoadLength(const unsigned char* at) {
  return uint32_t{at[0]} | uint32_t{at[1]} << 8 | uint32_t{at[2]} << 16 | uint32_t{at[3]} << 24;
}

void StoreLength(char* at, uint32_t length) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<char>(length >> (8 * i) & 0xff);
}

Failure Malformed(std::string_view name, const std::string& expected, const std::string& given) {
  return Failure(WASINN_INVALID_ARGUMENT, "onnx: input '" + std::string(name) + "': expected " +
                                              expected + ", given " + given);
}

// Multiplies the dims, but stops at the first product above `limit`.
size_t ElementCount(const wasinn_tensor_view& tensor, size_t limit) {
  size_t count = 1;
  for (uint32_t i = 0; i < tensor.rank; ++i) {
    if (tensor.dims[i] == 0) return 0;
  }
  for (uint32_t i = 0; i < tensor.rank; ++i) {
    const auto dim = static_cast<size_t>(tensor.dims[i]);
    if (dim > limit / count) return limit + 1;
    count *= dim;
  }
  return count;
}

}  // namespace

Handle<OrtValue> StringsFromBytes(const wasinn_tensor_view& tensor, std::string_view name) {
  // Each string takes at least four bytes, so the dims cannot demand more memory than the guest
  // provided.
  const size_t max = tensor.size / kPrefix;
  const size_t count = ElementCount(tensor, max);
  if (count > max) {
    throw Malformed(name, "a 4-byte length for each string of its dims",
                    std::to_string(tensor.size) + " bytes");
  }
  OrtValue* raw = nullptr;
  Check(Api()->CreateTensorAsOrtValue(DefaultAllocator(), tensor.dims, tensor.rank,
                                      ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING, &raw),
        "creating a string tensor");
  Handle<OrtValue> value(raw);
  const auto* data = static_cast<const unsigned char*>(tensor.data);
  size_t at = 0;
  for (size_t i = 0; i < count; ++i) {
    if (tensor.size - at < kPrefix) {
      throw Malformed(name, "a 4-byte length for string " + std::to_string(i),
                      std::to_string(tensor.size - at) + " bytes");
    }
    const uint32_t length = LoadLength(data + at);
    at += kPrefix;
    if (length > tensor.size - at) {
      throw Malformed(name,
                      "the " + std::to_string(length) + " bytes of string " + std::to_string(i),
                      std::to_string(tensor.size - at) + " bytes");
    }
    char* element = nullptr;
    Check(Api()->GetResizedStringTensorElementBuffer(raw, i, length, &element),
          "filling a string tensor");
    if (length > 0) std::memcpy(element, data + at, length);
    at += length;
  }
  if (at != tensor.size) {
    throw Malformed(name, std::to_string(count) + " strings",
                    std::to_string(tensor.size - at) + " bytes after them");
  }
  return value;
}

backend::HostBuffer BytesFromStrings(const wasinn_backend_host& host, const OrtValue* value,
                                     size_t count) {
  size_t total = 0;
  Check(Api()->GetStringTensorDataLength(value, &total), "reading a string tensor");
  backend::HostBuffer buffer(host, total + count * kPrefix);
  if (count == 0) return buffer;
  // The texts are first copied to the end of the buffer as a whole and then moved forward one by
  // one; a moved text never overlaps the ones that are still to be moved.
  std::vector<size_t> offsets(count + 1);
  char* texts = buffer.data() + count * kPrefix;
  Check(Api()->GetStringTensorContent(value, texts, total, offsets.data(), count),
        "reading a string tensor");
  offsets[count] = total;
  for (size_t i = 0; i < count; ++i) {
    const size_t length = offsets[i + 1] - offsets[i];
    if (length > UINT32_MAX) {
      throw Failure(WASINN_TOO_LARGE, "onnx: expected strings below 4 GiB in an output, given " +
                                          std::to_string(length) + " bytes");
    }
    char* at = buffer.data() + i * kPrefix + offsets[i];
    StoreLength(at, static_cast<uint32_t>(length));
    std::memmove(at + kPrefix, texts + offsets[i], length);
  }
  return buffer;
}

}  // namespace wasinn::onnx
