#include "session/policy.h"

#include <gtest/gtest.h>

#include <set>

namespace wasinn {
namespace {

TEST(PolicyTest, DefaultsAreThoseOfTheTable) {
  const Policy policy;
  EXPECT_TRUE(policy.GrantsModel("anything"));
  EXPECT_EQ(policy.load_bytes, 1u);
  EXPECT_EQ(policy.max_model_bytes, 1u << 30);
  EXPECT_EQ(policy.compute_timeout, 0u);
  std::set<std::string_view> names;
  for (const PolicyRule& rule : PolicyRules()) {
    EXPECT_TRUE(names.insert(rule.name).second) << rule.name;
    EXPECT_FALSE(rule.help.empty()) << rule.name;
    Policy copy;
    EXPECT_TRUE(copy.Set(rule.name, rule.default_value)) << rule.name;
    EXPECT_EQ(*copy.Get(rule.name), *policy.Get(rule.name)) << rule.name;
  }
}

TEST(PolicyTest, SetsEachKind) {
  Policy policy;
  ASSERT_TRUE(policy.Set("max_tensor_bytes", "64MiB"));
  EXPECT_EQ(*policy.Get("max_tensor_bytes"), 64u << 20);
  ASSERT_TRUE(policy.Set("compute_timeout", "1.5s"));
  EXPECT_EQ(*policy.Get("compute_timeout"), 1500u);
  ASSERT_TRUE(policy.Set("load_bytes", "no"));
  EXPECT_EQ(*policy.Get("load_bytes"), 0u);
  ASSERT_TRUE(policy.Set("max_graphs", "3"));
  EXPECT_EQ(policy.max_graphs, 3u);
  ASSERT_TRUE(policy.Set("models", " a, b ,"));
  EXPECT_TRUE(policy.GrantsModel("a"));
  EXPECT_TRUE(policy.GrantsModel("b"));
  EXPECT_FALSE(policy.GrantsModel("c"));
  EXPECT_FALSE(policy.GrantsModel("*"));
  EXPECT_FALSE(policy.GrantsModel(""));
  ASSERT_TRUE(policy.Set("models", ""));
  EXPECT_FALSE(policy.GrantsModel("a"));
}

TEST(PolicyTest, BadValuesAndNames) {
  Policy policy;
  const auto why = [&](std::string_view rule, std::string_view value) {
    return policy.Set(rule, value).error().message;
  };
  EXPECT_EQ(why("max_tensor_bytes", "lots"),
            "policy rule max_tensor_bytes: expected a size such as 64MiB, given 'lots'");
  EXPECT_EQ(why("max_graphs", "-1"), "policy rule max_graphs: expected a number, given '-1'");
  EXPECT_EQ(why("load_bytes", "maybe"),
            "policy rule load_bytes: expected true or false, given 'maybe'");
  EXPECT_EQ(why("run_timeout", "soon"),
            "policy rule run_timeout: expected a duration such as 1500ms or 2s, given 'soon'");
  EXPECT_EQ(why("max_graph", "1"),
            "no policy rule named 'max_graph' (did you mean max_graphs, max_graph_bytes?)");
  EXPECT_EQ(policy.Set("x", "1").error().code, Code::kNotFound);
  EXPECT_EQ(policy.Get("x").error().code, Code::kNotFound);
  EXPECT_EQ(policy.max_graphs, Policy().max_graphs);
}

TEST(PolicyTest, LimitsNameTheirRule) {
  EXPECT_TRUE(CheckLimit("r", 0, UINT64_MAX));
  EXPECT_TRUE(CheckLimit("r", 5, 5));
  const auto refused = CheckLimit("max_x", 5, 6);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kSecurity);
  EXPECT_EQ(refused.error().message, "policy rule max_x: expected at most 5, given 6");
}

}  // namespace
}  // namespace wasinn
