#include "sched/chunks.h"

#include <gtest/gtest.h>

namespace wasinn {
namespace {

TEST(ChunksTest, ReadAcrossBordersOrChunkByChunk) {
  Chunks chunks(nullptr);
  EXPECT_TRUE(chunks.empty());
  EXPECT_FALSE(chunks.readable());
  EXPECT_EQ(chunks.ReadChunk(), "");
  for (const char* data : {"ab", "", "\xc3", "\xa9", "cdef"})
    ASSERT_TRUE(chunks.Append(data, true));
  EXPECT_EQ(chunks.ReadChunk(), "ab");
  EXPECT_EQ(chunks.ReadChunk(), "\xc3");  // half a character stays half
  EXPECT_EQ(chunks.Read(2),
            "\xa9"
            "c");
  EXPECT_EQ(chunks.ReadChunk(), "def");
  EXPECT_FALSE(chunks.readable());
  EXPECT_EQ(chunks.ReadChunk(), "");
  EXPECT_EQ(chunks.Read(9), "");
  ASSERT_TRUE(chunks.Append("more", true));
  EXPECT_TRUE(chunks.readable());
  EXPECT_EQ(chunks.Read(99), "more");
  EXPECT_EQ(*chunks.text(),
            "ab\xc3\xa9"
            "cdefmore");
}

TEST(ChunksTest, WhatTheyCostCountsAsLongAsTheTextIsHeld) {
  const auto ledger = Ledger::Create({{{"rule", 2 + sizeof(size_t)}, {"none", 0}, {"none", 0}}});
  const auto used = [&] { return ledger->used(Ledger::Account::kBytes); };
  std::shared_ptr<const std::string> text;
  {
    Chunks chunks(ledger);
    EXPECT_EQ(*chunks.Append("a", false), 1u);
    EXPECT_EQ(*chunks.Append("b", true), 1u + sizeof(size_t));  // borders cost
    EXPECT_EQ(*chunks.Append("", true), 0u);
    EXPECT_EQ(chunks.Append("c", false).error().code, Code::kSecurity);
    EXPECT_EQ(used(), 2u + sizeof(size_t));
    text = chunks.text();
  }
  EXPECT_EQ(*text, "ab");
  EXPECT_EQ(used(), 2u + sizeof(size_t));
  text.reset();
  EXPECT_EQ(used(), 0u);
}

}  // namespace
}  // namespace wasinn
