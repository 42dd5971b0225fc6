#include "ggml/stop.h"

#include <gtest/gtest.h>

namespace wasinn::ggml {
namespace {

TEST(StopMatcherTest, GivesAllWithoutStops) {
  StopMatcher matcher({});
  EXPECT_EQ(matcher.Add("some"), "some");
  EXPECT_EQ(matcher.Rest(), "");
  EXPECT_FALSE(matcher.found());
}

TEST(StopMatcherTest, NoPartOfAStopTextIsGiven) {
  StopMatcher matcher({"<end>"});
  EXPECT_EQ(matcher.Add("one <"), "one ");
  EXPECT_EQ(matcher.Add("en"), "");
  EXPECT_EQ(matcher.Add("d> more"), "");
  EXPECT_TRUE(matcher.found());
  EXPECT_EQ(matcher.Add("more"), "");
  EXPECT_EQ(matcher.Rest(), "");
}

TEST(StopMatcherTest, WhatTurnsOutToBeNoneIsGiven) {
  StopMatcher matcher({"aab"});
  EXPECT_EQ(matcher.Add("a"), "");
  EXPECT_EQ(matcher.Add("a"), "");
  EXPECT_EQ(matcher.Add("a"), "a");  // "aa" may still be the beginning
  EXPECT_EQ(matcher.Add("c"), "aac");
  EXPECT_EQ(matcher.Add("aa"), "");
  EXPECT_EQ(matcher.Rest(), "aa");
}

TEST(StopMatcherTest, TheFirstOfSeveralEnds) {
  StopMatcher matcher({"zz", "y"});
  EXPECT_EQ(matcher.Add("x y zz"), "x ");
  EXPECT_TRUE(matcher.found());
}

TEST(StopMatcherTest, BytesOfACharacterMayComeApart) {
  StopMatcher matcher({"\xc3\xa9"});
  EXPECT_EQ(matcher.Add("caf\xc3"), "caf");
  EXPECT_EQ(matcher.Add("\xa8"), "\xc3\xa8");
  EXPECT_EQ(matcher.Add("\xc3\xa9"), "");
  EXPECT_TRUE(matcher.found());
}

}  // namespace
}  // namespace wasinn::ggml
