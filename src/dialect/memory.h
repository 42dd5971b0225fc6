// Bounds-checked access to a guest's linear memory.
#pragma once

#include <wasinn/adapter.h>

#include <cstdint>
#include <cstring>
#include <span>

#include "base/error.h"
#include "base/text.h"

namespace wasinn {

// Valid during one guest call. Offsets and lengths are the guest's, so every access is checked, and
// no sum can overflow: both are u32 and added as 64 bits. The text of INVALID_ARGUMENT has the
// range and the memory's size. No alignment is assumed.
class GuestMemory {
 public:
  explicit GuestMemory(wasinn_memory memory)
      : bytes_(memory.data, memory.data == nullptr ? 0 : memory.size) {}

  Result<std::span<uint8_t>> Bytes(const char* what, uint32_t offset, uint32_t size) const {
    if (uint64_t{offset} + size > bytes_.size()) {
      return Fail(Code::kInvalidArgument,
                  "{}: expected a range inside the guest's memory of {} bytes, given {} bytes at "
                  "{:#x}",
                  what, bytes_.size(), size, offset);
    }
    return bytes_.subspan(offset, size);
  }

  Result<std::string_view> Text(const char* what, uint32_t offset, uint32_t size) const {
    WASINN_TRY(bytes, Bytes(what, offset, size));
    return AsText(bytes);
  }

  // `offset` must have been checked by Bytes.
  uint32_t ReadU32(uint32_t offset) const {
    uint32_t value = 0;
    std::memcpy(&value, bytes_.data() + offset, sizeof(value));
    return value;
  }
  uint8_t ReadU8(uint32_t offset) const { return bytes_[offset]; }
  void WriteU32(uint32_t offset, uint32_t value) const {
    std::memcpy(bytes_.data() + offset, &value, sizeof(value));
  }

 private:
  std::span<uint8_t> bytes_;
};

}  // namespace wasinn
