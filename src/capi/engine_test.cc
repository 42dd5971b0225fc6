#include "capi/engine.h"

#include <gtest/gtest.h>
#include <wasinn/adapter.h>

#include <cstring>
#include <latch>
#include <thread>

#include "capi/guard.h"
#include "support/core.h"

namespace wasinn {
namespace {

using testing::BytesOf;
using testing::Eventually;
using testing::ScriptedBackend;

TEST(VersionedTest, AnOlderShorterStructKeepsTheDefaultsOfTheRest) {
  const wasinn_engine_options defaults = WASINN_ENGINE_OPTIONS_INIT;
  wasinn_engine_options given = WASINN_ENGINE_OPTIONS_INIT;
  given.threads = 7;
  given.log_level = WASINN_LOG_DEBUG;
  given.struct_size = offsetof(wasinn_engine_options, memory_budget);
  const auto copy = CopyVersioned(&given, defaults);
  EXPECT_EQ(copy.threads, 7u);
  EXPECT_EQ(copy.log_level, WASINN_LOG_WARN);
  EXPECT_EQ(copy.struct_size, sizeof(copy));
  given.struct_size = SIZE_MAX;  // a later, longer one
  EXPECT_EQ(CopyVersioned(&given, defaults).log_level, WASINN_LOG_DEBUG);
  EXPECT_EQ(CopyVersioned<wasinn_engine_options>(nullptr, defaults).threads, 0u);
}

TEST(GuardTest, ExceptionsBecomeCodes) {
  wasinn_error error{};
  EXPECT_EQ(Guard(&error, []() -> Result<> { throw std::runtime_error("broken"); }),
            WASINN_UNKNOWN);
  EXPECT_STREQ(error.message, "internal error: broken");
  EXPECT_EQ(Guard(nullptr, []() -> Result<> { throw std::bad_alloc(); }), WASINN_TOO_LARGE);
  EXPECT_EQ(GuardText(&error, []() -> Result<std::string> { throw 1; }), nullptr);
}

// An adapter of the first release, whose table ends before compiling ahead of time.
TEST(EngineTest, AShorterAdapterCannotCompileAheadOfTime) {
  wasinn_adapter table{};
  table.struct_size = offsetof(wasinn_adapter, compile);
  table.abi_version = WASINN_ADAPTER_ABI_VERSION;
  table.name = "short";
  table.open = [](const wasinn_adapter_host*, wasinn_adapter_instance**, wasinn_error*) {
    return WASINN_OK;
  };
  table.close = [](wasinn_adapter_instance*) {};
  table.inspect = [](wasinn_adapter_instance*, wasinn_bytes, wasinn_guest_info*, wasinn_error*) {
    return WASINN_UNKNOWN;
  };
  table.inspect_free = [](wasinn_guest_info*) {};
  table.program_load = [](wasinn_adapter_instance*, wasinn_bytes, wasinn_adapter_program**,
                          wasinn_program_stats*, wasinn_error*) { return WASINN_UNKNOWN; };
  table.program_free = [](wasinn_adapter_program*) {};
  table.run = [](wasinn_adapter_program*, wasinn_session*, const wasinn_run_options*,
                 wasinn_run_result*, wasinn_error*) { return WASINN_UNKNOWN; };
  // The memory after the table is not part of it.
  table.compile = [](wasinn_adapter_instance*, wasinn_bytes, void (*)(void*, wasinn_bytes), void*,
                     wasinn_error*) { return WASINN_OK; };

  wasinn_engine* engine = nullptr;
  ASSERT_EQ(wasinn_engine_create(nullptr, &engine, nullptr), WASINN_OK);
  wasinn_error error{};
  --table.struct_size;
  EXPECT_EQ(wasinn_engine_add_adapter(engine, &table, &error), WASINN_INVALID_ARGUMENT);
  ++table.struct_size;
  ASSERT_EQ(wasinn_engine_add_adapter(engine, &table, &error), WASINN_OK) << error.message;
  const auto take = [](void*, wasinn_bytes) {};
  EXPECT_EQ(wasinn_program_compile(engine, nullptr, {}, take, nullptr, &error),
            WASINN_UNSUPPORTED_OPERATION);
  EXPECT_STREQ(error.message, "the adapter short does not compile ahead of time");
  wasinn_program* program = nullptr;
  EXPECT_EQ(wasinn_program_load_trusted(engine, nullptr, {}, &program, &error),
            WASINN_UNSUPPORTED_OPERATION);
  wasinn_engine_free(engine);
}

TEST(EngineTest, RefusesAThreadCountThatIsNone) {
  wasinn_engine_options options = WASINN_ENGINE_OPTIONS_INIT;
  options.threads = 5000;
  wasinn_engine* engine = nullptr;
  wasinn_error error{};
  EXPECT_EQ(wasinn_engine_create(&options, &engine, &error), WASINN_INVALID_ARGUMENT);
  EXPECT_STREQ(error.message, "threads: expected at most 4096, given 5000");
  EXPECT_EQ(engine, nullptr);
}

// Files with a hole: larger together than any half of a machine's memory.
TEST(EngineTest, WithoutABudgetNothingIsEvicted) {
  const testing::TempDir dir;
  for (const uint64_t budget : {0, 1}) {
    wasinn_engine_options options = WASINN_ENGINE_OPTIONS_INIT;
    options.memory_budget = budget;
    const auto engine = Engine::Create(options);
    ASSERT_TRUE(engine);
    ModelStore& models = (*engine)->models();
    for (const char* name : {"a", "b"}) {
      std::filesystem::resize_file(dir.Write(name, name), 1ull << 40);
      ModelConfig config;
      config.name = name;
      config.path = dir.path(name);
      config.backend = "echo";
      ASSERT_TRUE(models.Add(std::move(config)));
      EXPECT_TRUE(models.Get(name));
    }
    EXPECT_EQ(models.GetCounters().evictions, budget);
  }
}

// A backend that does not end its run keeps what it may still use; the log is silent from then on.
TEST(EngineTest, ABackendThatNeverEndsDoesNotTakeTheProcessAlong) {
  auto script = std::make_unique<ScriptedBackend>(0);
  static wasinn_backend_sink sink;
  static std::atomic<int> lines;
  lines = 0;
  script->run = [](const wasinn_backend_input*, size_t, const wasinn_backend_sink& given) {
    sink = given;
  };
  wasinn_engine_options options = WASINN_ENGINE_OPTIONS_INIT;
  options.log = [](void*, wasinn_log_level, wasinn_str) { ++lines; };
  options.log_level = WASINN_LOG_DEBUG;
  {
    auto engine = Engine::Create(options);
    ASSERT_TRUE(engine);
    ASSERT_TRUE((*engine)->backends().Add(&script->table));
    Session session((*engine)->session_host(), Policy());
    const std::span<const uint8_t> parts[] = {BytesOf("model")};
    const uint32_t graph = *session.Load(parts, Encoding::kOnnx, Target::kCpu).Take();
    const uint32_t context = *session.InitContext(graph, {});
    const int64_t dims[] = {1};
    ASSERT_TRUE(session.SetInput(context, std::nullopt, 0, DType::kU8, *Shape::OfTensor(dims),
                                 BytesOf("x")));
    const wasinn_waker waker{[](void*) {}, nullptr};
    auto call = session.Compute(context);
    ASSERT_FALSE(call.Ready(&waker));
  }
  EXPECT_GT(lines, 0);  // that something was left behind
  const int before = lines;
  ScriptedBackend::Done(sink);
  ScriptedBackend::Done(sink);  // would be logged
  EXPECT_EQ(lines, before);
  EXPECT_EQ(script->closed, 0);
  // The context is freed all the same, by a thread of what was left behind, and with it the graph
  // that only it had.
  EXPECT_TRUE(Eventually([&] { return script->graphs_freed == 1; }));
  EXPECT_EQ(script->contexts_freed, 1);
}

TEST(EngineTest, EndsWhileALoadIsUnderWay) {
  ScriptedBackend script(WASINN_BACKEND_PARALLEL_LOAD);
  std::latch begun(1);
  script.load = [&](const wasinn_load_request&, wasinn_error*) {
    begun.count_down();
    // Longer than the time after which idle memory is looked at.
    std::this_thread::sleep_for(std::chrono::seconds(6));
    return WASINN_OK;
  };
  const wasinn_engine_options options = WASINN_ENGINE_OPTIONS_INIT;
  {
    auto engine = Engine::Create(options);
    ASSERT_TRUE((*engine)->backends().Add(&script.table));
    Session session((*engine)->session_host(), Policy());
    const std::span<const uint8_t> parts[] = {BytesOf("model")};
    const wasinn_waker waker{[](void*) {}, nullptr};
    auto call = session.Load(parts, Encoding::kOnnx, Target::kCpu);
    ASSERT_FALSE(call.Ready(&waker));
    begun.wait();
  }
  EXPECT_EQ(script.graphs_freed, 1);
  EXPECT_EQ(script.closed, 1);
}

}  // namespace
}  // namespace wasinn
