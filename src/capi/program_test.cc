#include <gtest/gtest.h>
#include <wasinn/adapter.h>
#include <wasinn/wasinn.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>

#include "capi/engine.h"

namespace wasinn {
namespace {

// An adapter that throws where it should run a guest.
wasinn_adapter ThrowingAdapter() {
  wasinn_adapter table{};
  table.struct_size = sizeof(table);
  table.abi_version = WASINN_ADAPTER_ABI_VERSION;
  table.name = "throwing";
  table.version = "1";
  table.description = "";
  table.open = [](const wasinn_adapter_host*, wasinn_adapter_instance** out, wasinn_error*) {
    *out = nullptr;
    return WASINN_OK;
  };
  table.close = [](wasinn_adapter_instance*) {};
  table.inspect = [](wasinn_adapter_instance*, wasinn_bytes, wasinn_guest_info*, wasinn_error*) {
    return WASINN_UNSUPPORTED_OPERATION;
  };
  table.inspect_free = [](wasinn_guest_info*) {};
  table.program_load = [](wasinn_adapter_instance*, wasinn_bytes, wasinn_adapter_program** out,
                          wasinn_program_stats*, wasinn_error*) {
    *out = nullptr;
    return WASINN_OK;
  };
  table.program_free = [](wasinn_adapter_program*) {};
  table.run = [](wasinn_adapter_program*, wasinn_session*, const wasinn_run_options*,
                 wasinn_run_result*,
                 wasinn_error*) -> wasinn_code { throw std::runtime_error("thrown by run"); };
  return table;
}

TEST(ProgramTest, TheDeadlineOfARunEndsWithItHoweverItEnds) {
  const wasinn_engine_options options = WASINN_ENGINE_OPTIONS_INIT;
  wasinn_engine* engine = nullptr;
  wasinn_error error{};
  ASSERT_EQ(wasinn_engine_create(&options, &engine, &error), WASINN_OK) << error.message;
  const wasinn_adapter adapter = ThrowingAdapter();
  ASSERT_TRUE(FromC(engine).AddAdapter(&adapter));
  wasinn_policy* policy = nullptr;
  ASSERT_EQ(wasinn_policy_create(&policy, &error), WASINN_OK);
  ASSERT_EQ(wasinn_policy_set(policy, {"run_timeout", 11}, {"20ms", 4}, &error), WASINN_OK);
  wasinn_session* session = nullptr;
  ASSERT_EQ(wasinn_session_create(engine, policy, &session, &error), WASINN_OK);
  wasinn_program* program = nullptr;
  ASSERT_EQ(wasinn_program_load(engine, "throwing", {"", 0}, &program, &error), WASINN_OK);
  EXPECT_EQ(wasinn_program_run(program, session, nullptr, nullptr, &error), WASINN_UNKNOWN);
  EXPECT_EQ(std::string(error.message), "internal error: thrown by run");
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  EXPECT_EQ(wasinn_session_stopped(session), WASINN_OK);
  wasinn_program_free(program);
  wasinn_session_free(session);
  wasinn_policy_free(policy);
  wasinn_engine_free(engine);
}

}  // namespace
}  // namespace wasinn
