#include "chat_input.h"

#include <gtest/gtest.h>

namespace wasinn::cli {
namespace {

TEST(MessageLines, ALineIsAMessage) {
  MessageLines lines;
  EXPECT_TRUE(lines.Add("Hello\r"));
  EXPECT_EQ(lines.Take(), "Hello");
  EXPECT_TRUE(lines.Add(""));
  EXPECT_EQ(lines.Take(), "");
}

TEST(MessageLines, ABackslashGoesOn) {
  MessageLines lines;
  EXPECT_FALSE(lines.Add("one \\"));
  EXPECT_FALSE(lines.Add("two\\"));
  EXPECT_TRUE(lines.Add("three"));
  EXPECT_EQ(lines.Take(), "one \ntwo\nthree");
}

TEST(MessageLines, QuotesHoldManyLines) {
  MessageLines lines;
  EXPECT_FALSE(lines.Add("\"\"\""));
  EXPECT_FALSE(lines.Add("int main() {\\"));
  EXPECT_FALSE(lines.Add(""));
  EXPECT_TRUE(lines.Add("}\"\"\""));
  EXPECT_EQ(lines.Take(), "int main() {\\\n\n}");
  EXPECT_TRUE(lines.Add("\"\"\"one line\"\"\""));
  EXPECT_EQ(lines.Take(), "one line");
  // Quotes inside a message are its own.
  EXPECT_TRUE(lines.Add("a \"\"\" b"));
  EXPECT_EQ(lines.Take(), "a \"\"\" b");
}

TEST(MessageLines, TellsWhatStandsInQuotes) {
  MessageLines lines;
  EXPECT_TRUE(lines.Add("\"\"\"/quit\"\"\""));
  EXPECT_TRUE(lines.quoted());
  EXPECT_EQ(lines.Take(), "/quit");
  EXPECT_TRUE(lines.Add("/quit"));
  EXPECT_FALSE(lines.quoted());
}

TEST(MessageLines, WhatTheEndCutsOffIsKept) {
  MessageLines lines;
  EXPECT_FALSE(lines.Add("\"\"\"begun"));
  EXPECT_EQ(lines.Take(), "begun");
  EXPECT_TRUE(lines.Add("next"));
  EXPECT_EQ(lines.Take(), "next");
}

TEST(ChatCommand, HasANameAndAnArgument) {
  EXPECT_TRUE(IsChatCommand("/quit"));
  EXPECT_FALSE(IsChatCommand(" /quit"));
  EXPECT_FALSE(IsChatCommand("what is /quit?"));
  EXPECT_FALSE(IsChatCommand("//quit"));
  const auto set = ParseChatCommand("/set   temp  0.5 ");
  EXPECT_EQ(set.name, "set");
  EXPECT_EQ(set.argument, "temp  0.5");
  EXPECT_EQ(ParseChatCommand("/quit").name, "quit");
  EXPECT_EQ(ParseChatCommand("/quit").argument, "");
  EXPECT_EQ(ParseChatCommand("/").name, "");
  EXPECT_EQ(ParseChatCommand("/system a\nb").argument, "a\nb");
}

TEST(ChatCommand, TwoSlashesBeginAMessage) {
  EXPECT_EQ(TypedMessage("//etc/hosts?"), "/etc/hosts?");
  EXPECT_EQ(TypedMessage("///"), "//");
  EXPECT_EQ(TypedMessage("a // b"), "a // b");
  EXPECT_EQ(TypedMessage(""), "");
}

}  // namespace
}  // namespace wasinn::cli
