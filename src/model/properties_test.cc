#include "model/properties.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/core.h"

namespace wasinn {
namespace {

using testing::Core;

class PropertiesTest : public ::testing::Test {
 protected:
  std::string Get(std::string_view name) {
    return GetProperty(*graph_, given_, name).value_or("(none)");
  }
  std::string SetError(std::string_view name, std::string_view value) {
    const auto set = SetProperty(*graph_, given_, name, value);
    EXPECT_FALSE(set);
    return set ? "" : set.error().message;
  }

  Core core_;
  std::shared_ptr<Graph> graph_ = core_.Load(
      "wasinn-echo\ninput x f32 -1,3\ninput s i64 scalar\ninput o any * optional\n"
      "output y f32 -1,3\n");
  Options given_;
};

TEST_F(PropertiesTest, TellWhatTheGraphIs) {
  EXPECT_EQ(Get("backend.name"), "echo");
  EXPECT_EQ(Get("backend.version"), "1.0.0");
  EXPECT_EQ(Get("encoding"), "");
  EXPECT_EQ(Get("target"), "cpu");
  EXPECT_EQ(Get("input.count"), "3");
  EXPECT_EQ(Get("input.0.name"), "x");
  EXPECT_EQ(Get("input.0.type"), "f32");
  EXPECT_EQ(Get("input.0.dims"), "-1,3");
  EXPECT_EQ(Get("input.0.optional"), "false");
  EXPECT_EQ(Get("input.1.dims"), "scalar");
  EXPECT_EQ(Get("input.2.type"), "any");
  EXPECT_EQ(Get("input.2.dims"), "*");
  EXPECT_EQ(Get("input.2.optional"), "true");
  EXPECT_EQ(Get("output.count"), "1");
  EXPECT_EQ(Get("output.0.name"), "y");
  EXPECT_EQ(Get("metadata.producer"), "wasinn-echo");
  EXPECT_EQ(Get("option.delay_ms"), "0");
  for (const char* none : {"", "input", "input.3.name", "output.0.optional", "option.load_fail",
                           "option.", "delay_ms", "Target"}) {
    EXPECT_EQ(Get(none), "(none)") << none;
  }
}

TEST_F(PropertiesTest, ListNamesAllThatCanBeRead) {
  const auto names = PropertyNames(*graph_, given_);
  EXPECT_EQ(names.front(), "backend.name");
  for (const std::string& name : names) EXPECT_NE(Get(name), "(none)") << name;
  EXPECT_NE(std::ranges::find(names, "option.fail"), names.end());
  const std::set<std::string> distinct(names.begin(), names.end());
  EXPECT_EQ(distinct.size(), names.size());
}

TEST_F(PropertiesTest, OptionsCanBeSet) {
  ASSERT_TRUE(SetProperty(*graph_, given_, "option.delay_ms", "7"));
  EXPECT_EQ(given_, (Options{{"delay_ms", "7"}}));
  EXPECT_EQ(Get("option.delay_ms"), "7");
}

TEST_F(PropertiesTest, RegisteredOptionsGoOverDefaultsAndSetOnesOverThem) {
  graph_ = core_.Load("any", "echo", {{"delay_ms", "3"}});
  EXPECT_EQ(Get("option.delay_ms"), "3");
  ASSERT_TRUE(SetProperty(*graph_, given_, "option.delay_ms", "4"));
  EXPECT_EQ(Get("option.delay_ms"), "4");
}

TEST_F(PropertiesTest, RefusalsSayWhatWasExpected) {
  EXPECT_EQ(SetError("input.0.name", "z"),
            "property 'input.0.name': expected an option (option.NAME), given one that can only be "
            "read");
  EXPECT_EQ(SetError("input.0.nam", "z"),
            "expected a property of this graph, given 'input.0.nam' (did you mean input.0.name, "
            "input.1.name, input.2.name?)");
  EXPECT_EQ(SetError("speed", "z"),
            "expected a property of this graph, given 'speed' (there are: option.allocate_bytes, "
            "option.async, option.chunk_bytes, option.chunk_delay_ms, option.delay_ms, "
            "option.early_output, option.fail, "
            "option.ignore_cancel, option.input_fail)");
  EXPECT_EQ(SetError("option.delay", "1"),
            "backend echo: unknown context option 'delay' (did you mean delay_ms?)");
  EXPECT_EQ(SetError("option.delay_ms", "soon"),
            "backend echo: option 'delay_ms': expected an integer from 0 to 600000, given 'soon'");
  EXPECT_TRUE(given_.empty());
}

TEST_F(PropertiesTest, WhatIsGivenIsLimited) {
  const std::string large(70000, '1');
  EXPECT_EQ(SetError("option.delay_ms", large),
            "options of a graph: expected at most 65536 bytes, given 70015");
}

}  // namespace
}  // namespace wasinn
