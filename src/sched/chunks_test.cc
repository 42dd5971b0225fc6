#include "sched/chunks.h"

#include <gtest/gtest.h>

namespace wasinn {
namespace {

TEST(ChunksTest, ReadAcrossBordersOrChunkByChunk) {
  Chunks chunks;
  EXPECT_TRUE(chunks.empty());
  EXPECT_FALSE(chunks.readable());
  EXPECT_EQ(chunks.ReadChunk(), "");
  for (const char* data : {"ab", "", "\xc3", "\xa9", "cdef"}) chunks.Append(data, true);
  EXPECT_EQ(chunks.ReadChunk(), "ab");
  EXPECT_EQ(chunks.ReadChunk(), "\xc3");  // half a character stays half
  EXPECT_EQ(chunks.Read(2),
            "\xa9"
            "c");
  EXPECT_EQ(chunks.ReadChunk(), "def");
  EXPECT_FALSE(chunks.readable());
  EXPECT_EQ(chunks.ReadChunk(), "");
  EXPECT_EQ(chunks.Read(9), "");
  chunks.Append("more", true);
  EXPECT_TRUE(chunks.readable());
  EXPECT_EQ(chunks.Read(99), "more");
  EXPECT_EQ(*chunks.text(),
            "ab\xc3\xa9"
            "cdefmore");
}

TEST(ChunksTest, BordersCost) {
  Chunks chunks;
  EXPECT_EQ(chunks.Append("a", false), 1u);
  EXPECT_EQ(chunks.Append("a", true), 1u + sizeof(size_t));
  EXPECT_EQ(chunks.Append("", true), 0u);
}

}  // namespace
}  // namespace wasinn
