#include "dialect/memory.h"

#include <gtest/gtest.h>

#include <array>

namespace wasinn {
namespace {

TEST(GuestMemoryTest, RangesAreCheckedWithoutWrapping) {
  std::array<uint8_t, 16> bytes{};
  const GuestMemory memory({bytes.data(), bytes.size()});
  EXPECT_EQ(memory.Bytes("data", 0, 16)->size(), 16u);
  EXPECT_EQ(memory.Bytes("data", 16, 0)->size(), 0u);
  EXPECT_FALSE(memory.Bytes("data", 17, 0));
  EXPECT_FALSE(memory.Bytes("data", 1, 16));
  EXPECT_FALSE(memory.Bytes("data", UINT32_MAX, UINT32_MAX));
  const auto wrap = memory.Bytes("tensor data", UINT32_MAX, 2);
  ASSERT_FALSE(wrap);
  EXPECT_EQ(wrap.error().code, Code::kInvalidArgument);
  EXPECT_EQ(wrap.error().message,
            "tensor data: expected a range inside the guest's memory of 16 bytes, given 2 bytes at "
            "0xffffffff");
}

TEST(GuestMemoryTest, NeedsNoAlignment) {
  std::array<uint8_t, 16> bytes{};
  const GuestMemory memory({bytes.data(), bytes.size()});
  memory.WriteU32(3, 0x01020304);
  EXPECT_EQ(memory.ReadU32(3), 0x01020304u);
  EXPECT_EQ(memory.ReadU8(3), 4);
  bytes[8] = 'h';
  bytes[9] = 'i';
  EXPECT_EQ(*memory.Text("name", 8, 2), "hi");
}

TEST(GuestMemoryTest, AGuestWithoutMemory) {
  const GuestMemory memory({nullptr, 4096});
  EXPECT_TRUE(memory.Bytes("data", 0, 0));
  EXPECT_FALSE(memory.Bytes("data", 0, 1));
}

}  // namespace
}  // namespace wasinn
