#include "plan.h"

#include <gtest/gtest.h>

namespace wasinn::conformance {
namespace {

Suite MakeSuite() {
  Suite suite;
  suite.dir = "/s";
  suite.frameworks["onnx"] = {"onnx", {{"m", {"m/model.onnx"}}, {"two", {"two/a", "two/b"}}}};
  suite.frameworks["echo"] = {"autodetect", {{"m", {"m/model.echo"}}}};
  Case one;
  one.group = "g";
  one.name = "c";
  one.dialects = {"witx", "wit-2024-10-28"};
  one.guest = "core";
  one.models = {"m"};
  one.frameworks = FrameworkUse::kEach;
  one.expect = {{"errno", "0"}};
  suite.groups.push_back({"g", "G", "About.", {one}});
  return suite;
}

Host MakeHost() {
  const auto host = ParseHost(
      "name = \"h\"\ntitle = \"H\"\nprogram = \"p\"\n"
      "run = [\"{program}\", \"{models}\", \"{dirs}\", \"{policy}\", \"{copies}\", \"{stem}\", "
      "\"{args}\"]\n"
      "model = [\"-m\", \"{name}={path}:{ENCODING}:{dir}\"]\ndir = [\"-d\", "
      "\"{host}:{guest_dir}\"]\n"
      "policy = [\"-p{rule}={value}\"]\ncopies = [\"-n\", \"{n}\"]\n"
      "[claims]\ndialects = [\"witx\", \"wit-2024-10-28\"]\nframeworks = [\"echo\", \"onnx\"]\n"
      "features = [\"load-by-name\", \"files\", \"policy\", \"copies\"]\n"
      "[[deviation]]\ncases = \"g/*@wit-*\"\nreason = \"known\"\n",
      "h.toml");
  EXPECT_TRUE(host) << host.error();
  return *host;
}

std::vector<std::string> Ids(const std::vector<Job>& jobs) {
  std::vector<std::string> ids;
  for (const auto& job : jobs) {
    ids.push_back(job.id + (job.skip.empty() ? "" : " skipped: " + job.skip));
  }
  return ids;
}

using Texts = std::vector<std::string>;

TEST(Plan, OneJobForEachDialectAndFramework) {
  const Suite suite = MakeSuite();
  const Host host = MakeHost();
  const auto jobs = Plan(suite, host, {.filter = {}, .program = "/p", .lacking = {}});
  EXPECT_EQ(Ids(jobs), (Texts{"g/c@witx+echo", "g/c@witx+onnx", "g/c@wit-2024-10-28+echo",
                              "g/c@wit-2024-10-28+onnx"}));
  EXPECT_EQ(jobs[0].command,
            (Texts{"/p", "-m", "m=/s/models/echo/m/model.echo:AUTODETECT:/s/models/echo/m", "core",
                   "c", "framework=echo", "encoding=5", "target=0"}));
  // The number of an encoding is that of the dialect, a component's guest that of its snapshot.
  EXPECT_EQ(jobs[2].command[3], "core-2024-10-28");
  EXPECT_EQ(jobs[2].command[6], "encoding=6");
  EXPECT_EQ(jobs[0].known, "");
  EXPECT_EQ(jobs[2].known, "known");
}

TEST(Plan, FilesPolicyCopiesAndArgs) {
  Suite suite = MakeSuite();
  Case& one = suite.groups[0].cases[0];
  one.dialects = {"witx"};
  one.models.clear();
  one.files = {"two"};
  one.policy = {{"max_contexts", "3"}};
  one.copies = 8;
  one.args = {"a b"};
  const Host host = MakeHost();
  const auto jobs = Plan(suite, host, {.filter = {}, .program = "/p", .lacking = {}});
  ASSERT_EQ(Ids(jobs), Texts{"g/c@witx+onnx"});
  EXPECT_EQ(jobs[0].command, (Texts{"/p", "-d", "/s/models/onnx:/models", "-pmax_contexts=3", "-n",
                                    "8", "core", "c", "framework=onnx", "encoding=1", "target=0",
                                    "file.two=/models/two/a;/models/two/b", "a b"}));
}

TEST(Plan, SkipsSayWhy) {
  Suite suite = MakeSuite();
  Case& one = suite.groups[0].cases[0];
  one.dialects = {"witx"};
  Host host = MakeHost();
  const auto ids = [&](const PlanOptions& options) { return Ids(Plan(suite, host, options)); };
  EXPECT_EQ(ids({.filter = {}, .program = "", .lacking = {"onnx"}}), Texts{"g/c@witx+echo"});
  EXPECT_EQ(ids({.filter = {}, .program = "", .lacking = {"onnx", "echo"}}),
            Texts{"g/c@witx skipped: this build has no such backend"});
  one.frameworks = FrameworkUse::kOne;
  EXPECT_EQ(ids({}), Texts{"g/c@witx+echo"});
  one.needs = {"error-text"};
  EXPECT_EQ(ids({}), Texts{"g/c@witx skipped: does not claim error-text"});
  one.needs.clear();
  one.dialects = {"wamr"};
  EXPECT_EQ(ids({}), Texts{"g/c@wamr skipped: does not claim wamr"});
  one.dialects = {"witx"};
  host.model.clear();
  EXPECT_EQ(ids({}), Texts{"g/c@witx skipped: its file has no template \"model\""});
  host = MakeHost();
  host.frameworks = {"tensorflow"};
  EXPECT_EQ(ids({}), Texts{"g/c@witx skipped: claims no framework that has the models m"});
}

TEST(Plan, Filters) {
  const Suite suite = MakeSuite();
  const Host host = MakeHost();
  const auto ids = [&](const Filter& filter) {
    return Ids(Plan(suite, host, {.filter = filter, .program = "", .lacking = {}}));
  };
  EXPECT_EQ(ids({.groups = {}, .cases = {"*@witx+onnx"}, .frameworks = {}, .dialects = {}}),
            Texts{"g/c@witx+onnx"});
  EXPECT_EQ(ids({.groups = {"g"}, .cases = {"c"}, .frameworks = {"onnx"}, .dialects = {"witx"}}),
            Texts{"g/c@witx+onnx"});
  EXPECT_EQ(FilterMistake(suite, {.groups = {"h"}, .cases = {}, .frameworks = {}, .dialects = {}}),
            "--group: expected one of g, given \"h\" (did you mean g?)");
  EXPECT_EQ(FilterMistake(suite, {.groups = {}, .cases = {"x*"}, .frameworks = {}, .dialects = {}}),
            "--case: expected a pattern that some case matches, given \"x*\"");
  EXPECT_EQ(
      FilterMistake(suite, {.groups = {}, .cases = {"g/c"}, .frameworks = {}, .dialects = {}}), "");
}

TEST(Plan, AGuestThatIsNotThereIsAFlaw) {
  const Suite suite = MakeSuite();
  Host host = MakeHost();
  host.run = {"{program}", "{guest}"};
  const auto jobs = Plan(suite, host, {.filter = {}, .program = "/p", .lacking = {}});
  EXPECT_EQ(jobs[0].flaw, "the suite lacks the guest /s/guests/core.wasm");
}

TEST(Host, MistakesInTemplatesAndClaims) {
  const auto why = [](const std::string& text) {
    const auto host = ParseHost("name = \"h\"\ntitle = \"H\"\nprogram = \"p\"\n" + text, "h.toml");
    return host ? "fine" : host.error();
  };
  const std::string claims = "[claims]\ndialects = [\"witx\"]\n";
  EXPECT_EQ(why("run = [\"{program}\"]\n" + claims), "fine");
  EXPECT_NE(why("run = [\"{guset}\"]\n" + claims).find("h.toml:4: run: expected one of {program}"),
            std::string::npos);
  EXPECT_NE(why("run = [\"x{args}\"]\n" + claims).find("as a word of its own"), std::string::npos);
  EXPECT_NE(why(claims).find("run: expected a list of texts, given none"), std::string::npos);
  EXPECT_NE(why("run = [\"p\"]\n").find("expected a table [claims]"), std::string::npos);
  EXPECT_NE(
      why("run = [\"p\"]\n[claims]\ndialects = [\"wit\"]\n").find("dialects: expected one of"),
      std::string::npos);
  EXPECT_NE(why("run = [\"p\"]\n" + claims + "[[deviation]]\ncases = \"*\"\n")
                .find("deviation: reason: expected a text"),
            std::string::npos);
  EXPECT_NE(
      why("run = [\"p\"]\ntrap = { text = 1 }\n" + claims).find("trap: text: expected a text"),
      std::string::npos);
}

}  // namespace
}  // namespace wasinn::conformance
