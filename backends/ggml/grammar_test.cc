// Grammars: what they allow, and that no text costs more than a bound.
#include "ggml/grammar.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "ggml/grammar_match.h"
#include "ggml/runtime.h"
#include "ggml/test_support.h"

namespace wasinn::ggml {
namespace {

std::string Repeated(const std::string& text, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

GrammarMatch MatchOf(const std::string& text) {
  return GrammarMatch(std::make_shared<const Grammar>(text, nullptr));
}

// Whether the grammar takes the text, byte by byte, and whole.
bool Takes(const std::string& grammar, const std::string& text) {
  GrammarMatch match = MatchOf(grammar);
  for (const char& c : text) {
    const std::string_view piece(&c, 1);
    const bool allows = match.Allows(0, piece);
    EXPECT_TRUE(!allows || match.MayBegin(static_cast<uint8_t>(c))) << grammar << ": " << text;
    EXPECT_EQ(match.Accept(0, piece), allows);
    if (!allows) return false;
  }
  GrammarMatch whole = MatchOf(grammar);
  EXPECT_TRUE(text.empty() || whole.Accept(0, text)) << grammar << ": " << text;
  EXPECT_TRUE(text.empty() || whole.complete() == match.complete()) << grammar << ": " << text;
  return match.complete();
}

std::string Refusal(const std::string& text) {
  try {
    const Grammar grammar(text, nullptr);
    return "";
  } catch (const std::invalid_argument& wrong) {
    return wrong.what();
  }
}

TEST(GgmlGrammarTest, TakesWhatItDescribes) {
  struct Case {
    const char* grammar;
    std::vector<const char*> good;
    std::vector<const char*> bad;
  };
  const Case cases[] = {
      {"root ::= \"ab\" [c-e]+ # comment\n", {"abc", "abcde"}, {"ab", "abx", "", "ac"}},
      {"root ::= (\"a\" | \"bc\"\n | \"\")* \"d\"", {"d", "abcd", "bcaad"}, {"abd", "bc"}},
      {"root ::= \"a\"{2} \"b\"{1,} \"c\"{0,2} \"d\"?", {"aab", "aabbccd"}, {"ab", "aabccc"}},
      {"root ::= \"ab\"*\n", {"", "abab"}, {"aba", "abb"}},
      {"root ::= [^a-c\\]\\-] .", {"dx", "\xC3\xA4z", "e\xE2\x82\xAC"}, {"ax", "]x", "-x", "d"}},
      {"root ::= \"\\u20ac\" [\\U0001F600-\\U0001F64F]",
       {"\xE2\x82\xAC\xF0\x9F\x98\x80"},
       {"\xE2\x82"}},
      {"root ::= [\xC3\xA4-\xC3\xBC]", {"\xC3\xB6"}, {"\xC3\xA3", "a"}},
      // Rules that call themselves, at their ends, in their middle and at their beginnings.
      {"root ::= \"a\" root | \"\"", {"", "aaaa"}, {"ab"}},
      {"root ::= \"(\" root \")\" root | \"\"", {"", "(())()"}, {"(", "())"}},
      {"root ::= root \"a\" | \"b\"", {"b", "baaa"}, {"a", "bb"}},
      {"root ::= none root \"b\" | \"c\"\nnone ::= other\nother ::= \"\"", {"c", "cbbb"}, {"b"}},
      {"root ::= e\ne ::= e \"+\" e | [0-9]", {"1", "1+2+3"}, {"+1", "1+"}},
      // Loops over what may be empty.
      {"root ::= ((\"a\")*)*", {"", "aaaa"}, {"b"}},
      {"root ::= ((\"a\"?)+ | n)* \"c\"\nn ::= n n | \"\" | \"b\"", {"c", "abbac"}, {"ab"}},
      // Parts that lead nowhere are left out.
      {"root ::= endless | \"a\"\nendless ::= \"b\" endless", {"a"}, {"b", "bb"}},
      // Of rules of one name the last counts.
      {"root ::= \"a\"\nroot ::= \"b\"", {"b"}, {"a"}},
  };
  for (const Case& one : cases) {
    for (const char* text : one.good) EXPECT_TRUE(Takes(one.grammar, text)) << one.grammar << text;
    for (const char* text : one.bad) EXPECT_FALSE(Takes(one.grammar, text)) << one.grammar << text;
  }
}

TEST(GgmlGrammarTest, BytesThatAreNoCharactersAreNotAllowed) {
  for (const char* text : {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80",
                           "\xFF", "\xC3\x28"}) {
    EXPECT_FALSE(Takes("root ::= .", text));
    EXPECT_FALSE(Takes("root ::= [^a]", text));
  }
}

TEST(GgmlGrammarTest, TokensAreAllowedByNumber) {
  GrammarMatch match = MatchOf("root ::= \"a\" <[7]> !<[8]> \"b\"");
  EXPECT_TRUE(match.Accept(1, "a"));
  EXPECT_TRUE(match.HasTokens());
  EXPECT_FALSE(match.Allows(8, "a"));
  EXPECT_TRUE(match.Accept(7, ""));
  EXPECT_FALSE(match.Allows(8, "x"));
  EXPECT_TRUE(match.Accept(9, "anything"));
  EXPECT_TRUE(match.Accept(1, "b"));
  EXPECT_TRUE(match.complete());
}

TEST(GgmlGrammarTest, WhatIsNoneIsRefusedWithTheReason) {
  for (const auto& [text, why] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", "no rule root"},
           {"other ::= \"a\"", "no rule root"},
           {"root ::= other", "no rule other"},
           {"root \"a\"", "no ::="},
           {"root ::= (\"a\"", "no closing parenthesis"},
           {"root ::= \"a", "no end of a text"},
           {"root ::= [a", "no end of a text or class"},
           {"root ::= []", "no character in a class"},
           {"root ::= [z-a]", "in order"},
           {"root ::= \"\\q\"", "no escape"},
           {"root ::= \"\\xZZ\"", "hexadecimal"},
           {"root ::= \"\\U00110000\"", "Unicode"},
           {"root ::= \"\xC3\"", "UTF-8"},
           {"root ::= *", "in front of a repetition"},
           {"root ::= \"a\"{3,2}", "at least 3 and at most 2 times"},
           {"root ::= \"a\"{x}", "no number"},
           {"root ::= \"a\"{1", "end of a repetition"},
           {"root ::= <unknown>", "names no token"},
           {"root ::= \"a\" ]", "line end"},
           {"root ::= root \"a\"", "no text can come to the end"},
           {"root ::= a b\na ::= b\nb ::= a", "no text can come to the end"}}) {
    EXPECT_NE(Refusal(text).find(why), std::string::npos) << text << ": " << Refusal(text);
  }
}

TEST(GgmlGrammarTest, LargeOnesAreRefused) {
  for (const std::string& text :
       {std::string("root ::= (((\"a\"{100}){100}){100})"), std::string("root ::= \"a\"{1000000}"),
        std::string("root ::= \"a\"{99999999999999999999}"),
        std::string("root ::= (((\"\"){200000}){200000}){200000}"),
        "root ::= " + Repeated("(", 300) + "\"a\"" + Repeated(")", 300),
        "root ::= \"a\"" + Repeated("{2}", 60), "root ::= \"a\"" + Repeated("{0,3}", 60),
        "root ::= " + Repeated("(", 200) + "\"a\"" + Repeated("{2})", 200),
        "root ::= \"" + std::string(Grammar::kMaxBytes, 'a') + "\"",
        "root ::= [" + std::string(60000, 'a') + "]{2000} (\"" + std::string(60000, 'a') +
            "\"){2000}"}) {
    EXPECT_NE(Refusal(text), "") << text.substr(0, 100);
  }
  // As large as they may be.
  EXPECT_EQ(Refusal("root ::= [a-z]{100000}"), "");
  EXPECT_EQ(Refusal("root ::= \"a\" " + Repeated("| \"b\" ", 40000)), "");
}

// Each would take time or memory that doubles with every letter, or with every rule.
TEST(GgmlGrammarTest, AmbiguousOnesTakeNoLonger) {
  std::string rules = "root ::= r0\n";
  for (int i = 0; i < 25; ++i) {
    const std::string next = "r" + std::to_string(i + 1);
    rules +=
        "r" + std::to_string(i) + " ::= " + next + " | " + next + " " + next + " | " + next + "\n";
  }
  for (const std::string& grammar :
       {std::string("root ::= ((\"a\")*)*"),
        std::string("root ::= (\"a\"* \"a\"*)* (\"a\" | \"a\"? \"a\")*"),
        std::string(
            "root ::= \"a\" root x | \"a\" root y | \"\"\nx ::= \"x\" | \"\"\ny ::= \"y\" | \"\""),
        std::string("root ::= root root | \"a\" | \"\""), rules + "r25 ::= \"a\"*"}) {
    GrammarMatch match = MatchOf(grammar);
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(match.Accept(0, "a")) << grammar << i;
    EXPECT_TRUE(match.Accept(0, std::string(8, 'a'))) << grammar;
  }
}

TEST(GgmlGrammarTest, TooMuchOfAnAnswerIsAnError) {
  // So many places at once, and so many more with each letter.
  const std::string wide = "root ::= (" + Repeated("\"a\"{0,60} | ", 2000) + "\"b\")*";
  EXPECT_THROW(
      {
        GrammarMatch match = MatchOf(wide);
        for (int i = 0; i < 200; ++i) match.Accept(0, "aaaaaaaaaaaaaaaa");
      },
      Failure);
}

TEST(GgmlGrammarTest, VeryAmbiguousOnesAreAnErrorInTheEnd) {
  EXPECT_THROW(
      {
        GrammarMatch match = MatchOf("root ::= root root root | root root | \"a\"");
        for (int i = 0; i < 2000; ++i) match.Accept(0, "aaaa");
      },
      Failure);
}

TEST(GgmlGrammarTest, LongAnswersKeepNoMoreThanTheyNeed) {
  GrammarMatch match = MatchOf(
      "root ::= value\nvalue ::= list | word\nlist ::= \"[\" (value (\",\" value)*)? \"]\"\n"
      "word ::= [a-z]+");
  ASSERT_TRUE(match.Accept(0, "["));
  for (int i = 0; i < 50000; ++i) ASSERT_TRUE(match.Accept(0, "[a],"));
  ASSERT_TRUE(match.Accept(0, "b]"));
  EXPECT_TRUE(match.complete());
}

TEST(GgmlGrammarTest, HostileOnesOfAGuestEndItsRun) {
  const Model model;
  Session session(model, {{"temp", "0"}});
  for (const char* grammar : {"root ::= \"a\"{3,2}", "root ::= (((\"a\"{100}){100}){100})"}) {
    EXPECT_EQ(session.Ask("abc", nlohmann::json{{"grammar", grammar}}.dump()),
              WASINN_INVALID_ARGUMENT);
    EXPECT_TRUE(session.message.starts_with("ggml: option 'grammar': expected a grammar in GBNF"))
        << session.message;
  }
  EXPECT_EQ(
      session.Ask("abc", nlohmann::json{{"grammar", "root ::= root root | [a-z] | \"\""}}.dump()),
      WASINN_OK)
      << session.message;
  EXPECT_TRUE(session.text.starts_with("def")) << session.text;
}

}  // namespace
}  // namespace wasinn::ggml
