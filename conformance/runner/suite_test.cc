#include "suite.h"

#include <gtest/gtest.h>

#include "test_support.h"

namespace wasinn::conformance {
namespace {

const std::string kHead = "group = \"g\"\ntitle = \"G\"\nabout = \"About.\"\n";
const std::string kCase =
    "[[case]]\nname = \"c\"\ndialect = \"witx\"\nguest = \"core\"\nchecks = \"Checks.\"\n"
    "source = \"specification\"\nrule = \"rule\"\nwhy = \"why\"\n";

std::string Why(const std::string& text) {
  const auto group = ParseGroup(text, "g.toml");
  return group ? "fine" : group.error();
}

TEST(Suite, ReadsACase) {
  const auto group = ParseGroup(
      kHead + kCase +
          "args = [\"x\"]\nmodels = [\"m\"]\ncopies = 8\n"
          "time_limit = 20\npolicy = { max_contexts = \"3\" }\n"
          "record = [\"text\"]\nwasinn = { more = \"7\" }\nwrong = { errno = \"2\" }\n"
          "expect = { errno = \"0\", out = \"~^1\" }\naccept = { errno = [\"1\", \"5\"] }\n",
      "g.toml");
  ASSERT_TRUE(group) << group.error();
  const Case& one = group->cases.at(0);
  EXPECT_EQ(one.group, "g");
  EXPECT_EQ(one.dialects, std::vector<std::string>{"witx"});
  EXPECT_EQ(one.frameworks, FrameworkUse::kEach);
  EXPECT_EQ(one.copies, 8U);
  EXPECT_EQ(one.time_limit, 20U);
  EXPECT_EQ(one.policy, (TextPairs{{"max_contexts", "3"}}));
  ASSERT_EQ(one.expect.size(), 2U);
  EXPECT_EQ(one.expect[0].key, "errno");
  EXPECT_EQ(one.expect[0].accepted, (std::vector<std::string>{"1", "5"}));
  EXPECT_EQ(one.wasinn, (TextPairs{{"more", "7"}}));
  EXPECT_EQ(one.wrong, (TextPairs{{"errno", "2"}}));
  EXPECT_FALSE(one.recorded);
}

TEST(Suite, EachCaseCanFail) {
  const std::string expect = "expect = { errno = \"1\" }\n";
  const std::string wrong = "wrong = { errno = \"0\" }\n";
  EXPECT_EQ(Why(kHead + kCase + wrong + expect), "fine");
  EXPECT_EQ(Why(kHead + kCase + expect),
            "g.toml:4: wrong: expected the answers of a host that breaks the rule, given none");
  EXPECT_EQ(Why(kHead + kCase + wrong + expect + "accept = { errno = [\"0\"] }\n"),
            "g.toml:12: wrong.errno: expected an answer that is not right, given \"0\"");
  EXPECT_EQ(Why(kHead + kCase + "wrong = { out = \"0\" }\n" + expect),
            "g.toml:12: wrong.out: expected a key of expect, given another");
  // An errno, a code or a text, whichever it is.
  for (const auto* const accepted : {"~^[02-8]$", "~^[0-9]+$", "~."}) {
    EXPECT_NE(Why(kHead + kCase + wrong + expect + "accept = { errno = [\"" + accepted + "\"] }\n")
                  .find("expect.errno: expected a key that some answer misses"),
              std::string::npos)
        << accepted;
  }
  EXPECT_TRUE(TakesEveryAnswer({"load", "ok", {"~^(?!ok$)"}}));
  EXPECT_FALSE(TakesEveryAnswer({"load", "~^(?!ok$)"}));
  EXPECT_TRUE(TakesEveryAnswer({"load.text", "~^"}));
  EXPECT_FALSE(TakesEveryAnswer({"load.text", "~."}));
}

TEST(Suite, WhatIsRecordedIsNotJudged) {
  const std::string recorded = kHead + kCase + "kind = \"recorded\"\n";
  EXPECT_EQ(Why(recorded), "fine");
  EXPECT_EQ(Why(recorded + "wasinn = { errno = \"0\" }\n"), "fine");
  EXPECT_NE(Why(kHead + kCase + "kind = \"other\"\n").find("expected one of judged, recorded"),
            std::string::npos);
  EXPECT_NE(Why(recorded + "wasinn = { errno = \"0\" }\nwrong = { errno = \"1\" }\n"
                           "expect = { errno = \"0\" }\n")
                .find("wasinn.errno: expected a key that is not judged"),
            std::string::npos);
}

TEST(Suite, MistakesNameFileLineAndWhatIsExpected) {
  const std::string good =
      kHead + kCase + "expect = { errno = \"0\" }\nwrong = { errno = \"1\" }\n";
  EXPECT_EQ(Why(good), "fine");
  EXPECT_EQ(Why(good + "gest = \"x\"\n").find("g.toml:14: case: expected one of the keys name, "),
            0U);
  EXPECT_NE(Why(good + "model = [\"x\"]\n").find("did you mean models?"), std::string::npos);
  EXPECT_EQ(Why(kHead + kCase), "g.toml:4: expect: expected at least one key, given none");
  EXPECT_EQ(Why(kHead + kCase + "expect = { errno = 0 }\n"),
            "g.toml:12: case: expect.errno: expected a text in quotes, given a number");
  EXPECT_EQ(Why(good + "accept = { other = \"1\" }\n"),
            "g.toml:14: accept.other: expected a key of expect, given another");
  EXPECT_NE(Why(good + "needs = [\"polcy\"]\n").find("did you mean policy?"), std::string::npos);
  EXPECT_NE(Why(kHead + kCase + "expect = { errno = \"~(\" }\n").find("a regular expression"),
            std::string::npos);
  EXPECT_EQ(Why(good + kCase + "expect = { errno = \"0\" }\nwrong = { errno = \"1\" }\n"),
            "g.toml:14: expected a name of its own for each case, given \"c\" again");
  EXPECT_EQ(Why(good + "copies = 0\n"),
            "g.toml:14: case: copies: expected a whole number from 1, given a number");
  EXPECT_EQ(Why("group = \"g\"\n").find("g.toml:1: title: expected a text, given none"), 0U);
  EXPECT_EQ(Why("group = [").find("g.toml:1: "), 0U);
}

TEST(Suite, LoadsAFolderAndMissesModels) {
  const Folder folder;
  folder.Write(
      "cases/g.toml",
      kHead + kCase + "models = [\"m\"]\nexpect = { errno = \"0\" }\nwrong = { errno = \"1\" }\n");
  const auto why = [&] {
    const auto suite = LoadSuite(folder.path());
    return suite ? "fine" : suite.error();
  };
  EXPECT_NE(why().find("manifest.json"), std::string::npos);
  folder.Write("models/manifest.json", "{\"frameworks\": {}}");
  EXPECT_EQ(why(), "g/c: expected a model of models/manifest.json, given \"m\"");
  folder.Write("models/manifest.json", "[1");
  EXPECT_NE(why().find("expected a JSON object"), std::string::npos);
  folder.Write("models/manifest.json",
               "{\"frameworks\": {\"onnx\": {\"encoding\": \"onnx\", \"models\": {\"m\": "
               "{\"files\": [\"m/model.onnx\"], \"bytes\": 1}}}}}");
  EXPECT_EQ(why(), "fine");
  folder.Write("cases/h.toml",
               kHead + kCase + "expect = { errno = \"0\" }\nwrong = { errno = \"1\" }\n");
  EXPECT_NE(why().find("h.toml: expected a name of its own for each case of g"), std::string::npos);
  std::string other = kCase;
  other.replace(other.find("\"c\""), 3, "\"d\"");
  folder.Write("cases/h.toml",
               kHead + other + "expect = { errno = \"0\" }\nwrong = { errno = \"1\" }\n");
  ASSERT_EQ(why(), "fine");
  EXPECT_EQ(LoadSuite(folder.path())->groups.at(0).cases.size(), 2U);
}

}  // namespace
}  // namespace wasinn::conformance
