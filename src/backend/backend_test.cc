#include "backend/backend.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "support/core.h"

namespace wasinn {
namespace {

using testing::KeptLog;
using testing::ScriptedBackend;

class BackendTest : public ::testing::Test {
 protected:
  ~BackendTest() override { pool_->Close(); }
  Result<std::unique_ptr<Backend>> Create(const wasinn_backend* table, std::string origin = "") {
    return Backend::Create(table, std::move(origin), {pool_, log_.get(), 3});
  }
  std::string Why(const wasinn_backend& table) {
    const auto backend = Create(&table, "p.so");
    return backend ? "" : backend.error().message;
  }
  BufferPool* pool_ = BufferPool::Create(1 << 20);
  KeptLog log_;
  ScriptedBackend script_;
};

TEST_F(BackendTest, CopiesWhatTheTableSays) {
  script_.table.description = "For tests";
  script_.table.encodings = " onnx  ggml ";
  const wasinn_option_spec option{
      "speed", WASINN_OPTION_INT, WASINN_SCOPE_CONTEXT, nullptr, nullptr, 1, 9, "help", 1};
  script_.table.options = &option;
  script_.table.option_count = 1;
  const auto backend = Create(&script_.table);
  ASSERT_TRUE(backend) << backend.error().message;
  EXPECT_EQ((*backend)->name(), "scripted");
  EXPECT_EQ((*backend)->description(), "For tests");
  EXPECT_EQ((*backend)->encodings(), (std::vector<std::string>{"onnx", "ggml"}));
  EXPECT_TRUE((*backend)->blocking());
  EXPECT_FALSE((*backend)->generates());
  ASSERT_EQ((*backend)->options().size(), 1u);
  EXPECT_EQ((*backend)->options()[0].default_value, "");
  EXPECT_TRUE((*backend)->options()[0].is_prefix);
}

TEST_F(BackendTest, AliasesBelongToTheOptionBeforeThem) {
  const auto row = [](const char* name, uint32_t flags) {
    return wasinn_option_spec{name, WASINN_OPTION_TEXT, WASINN_SCOPE_CONTEXT, "", "", 0, 0, "",
                              flags};
  };
  const std::array options = {row("temp", 0), row("temperature", WASINN_OPTION_FLAG_ALIAS),
                              row("heat", WASINN_OPTION_FLAG_ALIAS), row("seed", 0)};
  script_.table.options = options.data();
  script_.table.option_count = options.size();
  const auto backend = Create(&script_.table);
  ASSERT_TRUE(backend) << backend.error().message;
  std::vector<std::string> owners;
  for (const OptionSpec& spec : (*backend)->options()) owners.push_back(spec.alias_of);
  EXPECT_EQ(owners, (std::vector<std::string>{"", "temp", "temp", ""}));
}

TEST_F(BackendTest, SlotsThatAnOlderTableLacksAreAbsent) {
  wasinn_backend table = script_.table;
  const auto backend = Create(&table);
  ASSERT_TRUE(backend);
  EXPECT_FALSE((*backend)->has_early_io());
  // The memory after the author's table is not part of it.
  table.input_set = [](wasinn_backend_context*, uint32_t, const wasinn_tensor_view*,
                       wasinn_error*) { return WASINN_UNKNOWN; };
  table.struct_size = offsetof(wasinn_backend, input_set);
  const auto old = Create(&table);
  ASSERT_TRUE(old) << old.error().message;
  EXPECT_FALSE((*old)->has_early_io());
  EXPECT_EQ((*old)->table().input_set(nullptr, 0, nullptr, nullptr), WASINN_OK);
  EXPECT_EQ((*old)->table().output_get(nullptr, 0, nullptr, nullptr), WASINN_INVALID_ARGUMENT);
  table.struct_size = sizeof table;
  EXPECT_TRUE((*Create(&table))->has_early_io());
}

TEST_F(BackendTest, RefusesBadTables) {
  EXPECT_EQ(Create(nullptr).error().message,
            "a linked-in backend: expected a backend table, given NULL");
  wasinn_backend table = script_.table;
  table.abi_version = 2;
  EXPECT_EQ(Why(table), "p.so: expected backend ABI version 1, given 2");
  table = script_.table;
  table.struct_size = 8;
  EXPECT_EQ(Why(table), fmt::format("p.so: expected a backend table of at least {} bytes, given 8",
                                    offsetof(wasinn_backend, input_set)));
  table.struct_size = SIZE_MAX;
  EXPECT_NE(Why(table), "");
  table.struct_size = sizeof(table) + 64;  // a later table of the same ABI
  EXPECT_EQ(Why(table), "");
  for (const char* name : {"", "Onnx", "a b", "x/y"}) {
    table = script_.table;
    table.name = name;
    EXPECT_EQ(Why(table), fmt::format("p.so: backend name: expected 1 to 64 of a-z, 0-9, - and _, "
                                      "given '{}'",
                                      name));
  }
  table = script_.table;
  table.name = nullptr;
  EXPECT_NE(Why(table), "");
  table = script_.table;
  table.option_count = 1;
  EXPECT_EQ(Why(table),
            "p.so: backend scripted: expected at most 1024 options with a table, given "
            "1 without one");
}

TEST_F(BackendTest, EverySlotThatMustBeThereIsAskedFor) {
  const auto without = [&](auto member) {
    wasinn_backend table = script_.table;
    table.*member = nullptr;
    return Why(table);
  };
  EXPECT_EQ(without(&wasinn_backend::run),
            "p.so: backend scripted: expected a function in slot run, given NULL");
  EXPECT_NE(without(&wasinn_backend::open), "");
  EXPECT_NE(without(&wasinn_backend::graph_load), "");
  EXPECT_NE(without(&wasinn_backend::graph_describe), "");
  EXPECT_NE(without(&wasinn_backend::graph_free), "");
  EXPECT_NE(without(&wasinn_backend::context_create), "");
  EXPECT_NE(without(&wasinn_backend::context_free), "");
}

TEST_F(BackendTest, SlotsThatMayBeAbsentGetStandIns) {
  script_.table.close = nullptr;
  script_.table.devices = nullptr;
  script_.table.probe = nullptr;
  script_.table.cancel = nullptr;
  auto backend = Create(&script_.table);
  ASSERT_TRUE(backend);
  EXPECT_EQ(*(*backend)->Devices(), "cpu");
  EXPECT_EQ((*backend)->Probe({}, 0, nullptr), 0);
  (*backend)->table().cancel(nullptr, 1);
}

TEST_F(BackendTest, OpensOnceWhenNeededAndClosesAtTheEnd) {
  {
    auto backend = Create(&script_.table);
    EXPECT_EQ(script_.host, nullptr);
    const auto first = (*backend)->Instance();
    ASSERT_TRUE(first);
    EXPECT_EQ(*(*backend)->Instance(), *first);
    EXPECT_EQ(script_.host->threads, 3u);
  }
  EXPECT_EQ(script_.closed, 1);
  {
    auto never = Create(&script_.table);
  }
  EXPECT_EQ(script_.closed, 1);
}

TEST_F(BackendTest, AFailureToOpenIsRemembered) {
  static int opened;
  opened = 0;
  script_.table.open = [](const wasinn_backend_host*, wasinn_backend_instance**,
                          wasinn_error* error) {
    ++opened;
    std::strcpy(error->message, "no device");
    error->engine_code = 7;
    return WASINN_UNSUPPORTED_OPERATION;
  };
  auto backend = Create(&script_.table);
  for (int i = 0; i < 2; ++i) {
    const auto instance = (*backend)->Instance();
    ASSERT_FALSE(instance);
    EXPECT_EQ(instance.error().code, Code::kUnsupportedOperation);
    EXPECT_EQ(instance.error().message, "no device");
    EXPECT_EQ(instance.error().engine_code, 7);
  }
  EXPECT_EQ(opened, 1);
  EXPECT_EQ((*backend)->Probe({}, 0, nullptr), 0);
  EXPECT_TRUE(log_.Contains("no device"));
}

TEST_F(BackendTest, HostServices) {
  auto backend = Create(&script_.table);
  ASSERT_TRUE((*backend)->Instance());
  const wasinn_backend_host& host = *script_.host;
  void* data = host.buffer_alloc(host.self, 1000);
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % 64, 0u);
  host.buffer_free(host.self, data);
  host.buffer_free(host.self, nullptr);
  EXPECT_EQ(host.buffer_alloc(host.self, 2 << 20), nullptr);
  EXPECT_EQ(pool_->GetStats().in_use, 0u);
  host.log(host.self, WASINN_LOG_INFO, ToStr("a line"));
  EXPECT_TRUE(log_.Contains("scripted: a line"));
}

TEST_F(BackendTest, LoadsAreSerialUnlessTheBackendTakesThemInParallel) {
  for (const bool parallel : {false, true}) {
    ScriptedBackend script(parallel ? WASINN_BACKEND_PARALLEL_LOAD : 0);
    auto backend = Create(&script.table);
    script.load = [&](const wasinn_load_request&, wasinn_error*) {
      // In parallel, each waits until it has seen the other.
      if (parallel) testing::Eventually([&] { return script.max_loading == 2; });
      return WASINN_OK;
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&] {
        wasinn_load_request request{};
        EXPECT_TRUE((*backend)->LoadGraph(request));
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(script.max_loading, parallel ? 2 : 1);
  }
}

}  // namespace
}  // namespace wasinn
