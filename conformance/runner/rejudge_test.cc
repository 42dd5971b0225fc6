#include "rejudge.h"

#include <gtest/gtest.h>

#include "test_support.h"

namespace wasinn::conformance {
namespace {

class Rejudging : public ::testing::Test {
 protected:
  Rejudging() {
    suite_.dir = folder_.path();
    Case one;
    one.group = "g";
    one.name = "c";
    one.expect = {{"errno", "1", {"5"}}, {"out", "~^x"}};
    one.source = "ours";
    suite_.groups = {{"g", "G", "About.", {one}}};
  }

  static Check Answer(const std::string& key, const std::string& given) {
    return {key, "", {}, given, true, Verdict::kMet, ""};
  }

  CaseResult Again(Kind kind, std::vector<Check> checks) {
    Report report;
    HostReport host;
    host.name = "h";
    CaseResult result;
    result.id = "g/c@witx";
    result.group = "g";
    result.name = name_;
    result.kind = kind;
    result.message = "as it was";
    result.checks = std::move(checks);
    host.results = {result};
    report.hosts = {host};
    EXPECT_TRUE(Rejudge(suite_, exact_, report));
    EXPECT_EQ(report.groups.size(), 1U);
    return report.hosts[0].results[0];
  }

  const Folder folder_;
  Suite suite_;
  std::string name_ = "c";
  bool exact_ = false;
};

TEST_F(Rejudging, TheAnswersDecide) {
  const auto failed = Again(Kind::kPass, {Answer("errno", "0"), Answer("out", "x")});
  EXPECT_EQ(failed.kind, Kind::kFail);
  EXPECT_EQ(failed.message, "errno: expected 1, given 0");
  EXPECT_EQ(failed.was, "pass");
  const auto good = Again(Kind::kAcceptable, {Answer("errno", "5"), Answer("out", "x")});
  EXPECT_EQ(good.kind, Kind::kAcceptable);
  EXPECT_EQ(good.was, "");
  exact_ = true;
  EXPECT_EQ(Again(Kind::kAcceptable, {Answer("errno", "5"), Answer("out", "x")}).kind, Kind::kFail);
}

TEST_F(Rejudging, AnswersThatWereNotPrinted) {
  Check missing = Answer("out", "");
  missing.printed = false;
  missing.verdict = Verdict::kMissed;
  EXPECT_EQ(Again(Kind::kFail, {Answer("errno", "1"), missing}).message,
            "out: expected ~^x, given nothing");
  // The suite of the run did not ask for it.
  const auto outdated = Again(Kind::kPass, {Answer("errno", "0")});
  EXPECT_EQ(outdated.kind, Kind::kPass);
  EXPECT_TRUE(outdated.outdated);
  name_ = "gone";
  EXPECT_TRUE(Again(Kind::kPass, {Answer("errno", "0")}).outdated);
}

TEST_F(Rejudging, OtherEndsStay) {
  for (const Kind kind : {Kind::kTrap, Kind::kCrash, Kind::kHang, Kind::kPanic, Kind::kExit}) {
    const auto result = Again(kind, {Answer("errno", "1"), Answer("out", "x")});
    EXPECT_EQ(result.kind, kind);
    EXPECT_EQ(result.message, "as it was");
  }
  EXPECT_EQ(Again(Kind::kFail, {Answer("errno", "1"), Answer("out", "x")}).message, "as it was");
  EXPECT_EQ(Again(Kind::kSkip, {}).kind, Kind::kSkip);
  EXPECT_EQ(Again(Kind::kSetup, {Answer("setup", "load: errno 2")}).kind, Kind::kSetup);
}

TEST_F(Rejudging, ReasonsAreThoseOfTheSuitesHostFile) {
  folder_.Write("hosts/h.toml",
                "name = \"h\"\ntitle = \"H\"\nprogram = \"h\"\nrun = [\"{program}\"]\n"
                "[claims]\ndialects = [\"witx\"]\n"
                "[[deviation]]\ncases = [\"g/*\"]\nreason = \"Why.\"\n");
  EXPECT_EQ(Again(Kind::kPass, {Answer("errno", "0"), Answer("out", "x")}).known, "Why.");
}

}  // namespace
}  // namespace wasinn::conformance
