#include "model/graph.h"

#include <gtest/gtest.h>

#include "support/core.h"

namespace wasinn {
namespace {

using testing::Core;

class GraphTest : public ::testing::Test {
 protected:
  Core core_;
};

TEST_F(GraphTest, DescribesPortsAndMetadata) {
  const auto graph = core_.Load(
      "wasinn-echo\ninput x f32 -1,3\ninput s i64 scalar\ninput o u8 * optional\noutput y f32 "
      "-1,3");
  const GraphInfo& info = graph->info();
  ASSERT_EQ(info.inputs.size(), 3u);
  EXPECT_EQ(info.inputs[0].TypeText(), "f32 [?,3]");
  EXPECT_EQ(info.inputs[1].TypeText(), "i64 []");
  EXPECT_EQ(info.inputs[2].TypeText(), "u8 of any shape");
  EXPECT_TRUE(info.inputs[2].optional);
  ASSERT_EQ(info.outputs.size(), 1u);
  EXPECT_EQ(info.metadata[0].second, "wasinn-echo");
}

TEST_F(GraphTest, PortsAreFoundByNameThenByIndex) {
  const auto graph = core_.Load("wasinn-echo\ninput 1 f32 1\ninput b f32 1\noutput y f32 1");
  EXPECT_EQ(*graph->FindInput("b"), 1u);
  EXPECT_EQ(*graph->FindInput("1"), 0u);  // a name goes before an index
  EXPECT_EQ(*graph->FindInput("0"), 0u);
  EXPECT_EQ(*graph->FindOutput("y"), 0u);
  const auto missing = graph->FindInput("c");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_EQ(missing.error().message,
            "expected the name or the index (0 to 1) of an input, given 'c' (did you mean 1, b?)");
  for (const char* bad : {"2", "-1", "", "99999999999999999999"}) {
    EXPECT_FALSE(graph->FindInput(bad)) << bad;
  }
}

TEST_F(GraphTest, AnOnlyPortWithoutNameTakesAnyName) {
  const auto graph = core_.Load("any bytes");
  EXPECT_EQ(*graph->FindInput("whatever"), 0u);
  EXPECT_EQ(*graph->FindOutput("0"), 0u);
}

TEST_F(GraphTest, OptionsAreSortedByScope) {
  Backend& echo = **core_.backends.Find("echo");
  const auto sorted = SortOptions(echo, {{"load_delay_ms", "1"}, {"delay_ms", "2"}});
  ASSERT_TRUE(sorted) << sorted.error().message;
  EXPECT_EQ(sorted->load, (Options{{"load_delay_ms", "1"}}));
  EXPECT_EQ(sorted->context, (Options{{"delay_ms", "2"}}));
  EXPECT_NE(FindOption(echo, "fail"), nullptr);
  EXPECT_EQ(FindOption(echo, "fails"), nullptr);
  const auto unknown = SortOptions(echo, {{"delay", "2"}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message.find("backend echo: unknown option 'delay'"), 0u);
  EXPECT_FALSE(SortOptions(echo, {{"delay_ms", "-1"}}));
}

TEST_F(GraphTest, TypicalTimeIsAMovingAverage) {
  const auto graph = core_.Load("x");
  EXPECT_EQ(graph->typical_run_ns(), 0u);
  graph->CountRun(4000, 4);
  EXPECT_EQ(graph->typical_run_ns(), 4000u);
  graph->CountRun(8000, 4);
  EXPECT_EQ(graph->typical_run_ns(), 5000u);
  EXPECT_EQ(graph->runs(), 2u);
}

TEST_F(GraphTest, IsFreedOnceAlsoWhenItCannotBeDescribed) {
  testing::ScriptedBackend script;
  script.table.graph_describe = [](wasinn_backend_graph*, wasinn_graph_info*, wasinn_error*) {
    return WASINN_RUNTIME_ERROR;
  };
  auto backend = Backend::Create(&script.table, "", {&core_.buffers(), core_.log.get(), 1});
  ASSERT_TRUE(backend);
  const auto graph = Graph::Load(**backend, {}, Target::kCpu, {});
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().message,
            "backend scripted: graph_describe failed with runtime_error and gave no text");
  EXPECT_EQ(script.graphs_freed, 1);
}

}  // namespace
}  // namespace wasinn
