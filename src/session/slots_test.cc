#include "session/slots.h"

#include <gtest/gtest.h>

#include <string>

namespace wasinn {
namespace {

TEST(SlotsTest, NumbersAreUsedAgain) {
  Slots<std::string> slots;
  EXPECT_EQ(slots.Add("a"), 0u);
  EXPECT_EQ(slots.Add("b"), 1u);
  slots.Remove(0);
  slots.Remove(0);  // once is enough
  slots.Remove(99);
  EXPECT_EQ(slots.size(), 1u);
  EXPECT_EQ(slots.Find(0), nullptr);
  EXPECT_EQ(slots.Find(99), nullptr);
  EXPECT_EQ(slots.Add("c"), 0u);
  EXPECT_EQ(*slots.Find(0), "c");
  EXPECT_EQ(slots.Add("d"), 2u);
}

}  // namespace
}  // namespace wasinn
