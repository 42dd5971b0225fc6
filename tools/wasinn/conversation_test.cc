#include "conversation.h"

#include <gtest/gtest.h>

namespace wasinn::cli {
namespace {

std::string Dump(const Conversation& conversation) { return conversation.messages().dump(); }

TEST(Conversation, KeepsWhatWasSaidInOrder) {
  Conversation chat;
  EXPECT_EQ(Dump(chat), "[]");
  chat.Ask("Hello");
  chat.Answer("Hi");
  chat.SetSystem("Be short.");
  EXPECT_EQ(chat.size(), 2u);
  EXPECT_EQ(Dump(chat),
            R"([{"role":"system","content":"Be short."},{"role":"user","content":"Hello"},)"
            R"({"role":"assistant","content":"Hi"}])");
  chat.SetSystem("Be long.");
  EXPECT_EQ(Text(chat.messages().front(), "content"), "Be long.");
  EXPECT_EQ(chat.messages().size(), 3u);
  chat.SetSystem("");
  EXPECT_EQ(Text(chat.messages().front(), "role"), "user");
}

TEST(Conversation, TakesTheLastQuestionBackWithItsAnswer) {
  Conversation chat;
  chat.SetSystem("Be short.");
  EXPECT_EQ(chat.TakeQuestion(), std::nullopt);
  chat.Ask("one");
  chat.Answer("1");
  chat.Ask("two");
  chat.Answer("2");
  EXPECT_EQ(chat.TakeQuestion(), "two");
  EXPECT_EQ(chat.size(), 2u);
  EXPECT_EQ(chat.TakeQuestion(), "one");
  EXPECT_EQ(chat.messages().size(), 1u);
}

TEST(Conversation, ClearKeepsTheSystemMessage) {
  Conversation chat;
  chat.SetSystem("Be short.");
  chat.Ask("one");
  chat.Clear();
  EXPECT_EQ(Dump(chat), R"([{"role":"system","content":"Be short."}])");
  chat.SetSystem("");
  chat.Ask("one");
  chat.Clear();
  EXPECT_EQ(Dump(chat), "[]");
}

TEST(Conversation, ReadsWhatWasSaved) {
  const std::string list = R"([{"role":"user","content":"one"},{"role":"tool","content":[1]}])";
  const auto from_list = Conversation::FromJson(list);
  ASSERT_TRUE(from_list.has_value()) << from_list.error();
  EXPECT_EQ(Dump(*from_list), list);
  const auto from_object = Conversation::FromJson("{\"model\":\"m\",\"messages\":" + list + "}");
  ASSERT_TRUE(from_object.has_value()) << from_object.error();
  EXPECT_EQ(Dump(*from_object), list);
}

TEST(Conversation, SaysWhatIsWrongWithAFile) {
  EXPECT_EQ(Conversation::FromJson("x").error(), "expected JSON, given other text");
  for (const char* bad : {"1", "{}", "{\"messages\": {}}", "\"text\""}) {
    const auto read = Conversation::FromJson(bad);
    ASSERT_FALSE(read.has_value()) << bad;
    EXPECT_EQ(read.error(), "expected a list of messages, or an object with \"messages\"");
  }
  EXPECT_EQ(Conversation::FromJson(R"([{"role":"user"}, {"role":1}])").error(),
            "message 1: expected an object with a text \"role\", given another");
}

}  // namespace
}  // namespace wasinn::cli
