#include "base/guest_output.h"

#include <gtest/gtest.h>

namespace wasinn {
namespace {

void Count(void* self) { ++*static_cast<int*>(self); }

TEST(GuestOutput, TellsOnceUntilTheTextIsTaken) {
  GuestOutput output(nullptr);
  int told = 0;
  output.Listen(Count, &told);
  ASSERT_TRUE(output.Append("a"));
  ASSERT_TRUE(output.Append(""));
  ASSERT_TRUE(output.Append("b"));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(output.Take(), "ab");
  EXPECT_EQ(output.Take(), "");
  ASSERT_TRUE(output.Append("c"));
  EXPECT_EQ(told, 2);
  EXPECT_EQ(output.Take(), "c");
}

TEST(GuestOutput, KeepsNothingWhileNobodyListens) {
  GuestOutput output(nullptr);
  ASSERT_TRUE(output.Append("before"));
  int told = 0;
  output.Listen(Count, &told);
  EXPECT_EQ(output.Take(), "");
  ASSERT_TRUE(output.Append("left behind"));
  output.Listen(nullptr, nullptr);
  ASSERT_TRUE(output.Append("after"));
  EXPECT_EQ(output.Take(), "");
  EXPECT_EQ(told, 1);
}

TEST(GuestOutput, WhatIsNotTakenCounts) {
  const auto ledger = Ledger::Create({{{"max_session_bytes", 4}, {"e", 0}, {"c", 0}}});
  GuestOutput output(ledger);
  int told = 0;
  output.Listen(Count, &told);
  ASSERT_TRUE(output.Append("abc"));
  const auto refused = output.Append("de");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kSecurity);
  EXPECT_NE(refused.error().message.find("max_session_bytes"), std::string::npos);
  EXPECT_EQ(output.Take(), "abc");
  EXPECT_EQ(ledger->used(Ledger::Account::kBytes), 0U);
  EXPECT_TRUE(output.Append("defg"));
}

}  // namespace
}  // namespace wasinn
