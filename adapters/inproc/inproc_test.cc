#include "inproc/inproc.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <thread>

namespace wasinn::inproc {
namespace {

constexpr const char* kModule = "wasi_ephemeral_nn";

class InprocTest : public ::testing::TestWithParam<Wait> {
 protected:
  void SetUp() override {
    ASSERT_EQ(wasinn_engine_create(nullptr, &engine_, &error_), WASINN_OK) << error_.message;
    AddEcho("slow", "wasinn-echo\ninput x u8 4\noutput y u8 4\noption delay_ms 20\n");
    AddEcho("stuck", "wasinn-echo\ninput x u8 4\noutput y u8 4\noption delay_ms 600000\n");
    guest_ = Guest::Create(engine_, nullptr, 4096, &error_);
    ASSERT_NE(guest_, nullptr) << error_.message;
    guest_->set_wait(GetParam());
  }
  void TearDown() override {
    guest_.reset();
    wasinn_engine_free(engine_);
  }

  void AddEcho(std::string_view name, std::string_view content) {
    wasinn_model_config config = WASINN_MODEL_CONFIG_INIT;
    config.name = {name.data(), name.size()};
    config.content = {content.data(), content.size()};
    ASSERT_EQ(wasinn_engine_add_model_config(engine_, &config, &error_), WASINN_OK)
        << error_.message;
  }

  uint64_t Call(const char* name, std::initializer_list<uint64_t> args) {
    const wasinn_core_import* import = FindCoreImport(kModule, name);
    EXPECT_NE(import, nullptr) << name;
    uint64_t result = ~0ull;
    state_ = guest_->Call(*import, {args.begin(), args.size()}, &result);
    return result;
  }
  void Put(size_t at, std::string_view bytes) {
    std::memcpy(guest_->memory().data() + at, bytes.data(), bytes.size());
  }
  void PutU32(size_t at, uint32_t value) {
    std::memcpy(guest_->memory().data() + at, &value, sizeof(value));
  }
  // Loads a model into graph 0 and gives its context 0 the input "abcd".
  void Prepare(std::string_view model) {
    Put(0, model);
    ASSERT_EQ(Call("load_by_name", {0, model.size(), 64}), 0u) << guest_->last_error();
    ASSERT_EQ(Call("init_execution_context", {0, 64}), 0u) << guest_->last_error();
    PutU32(128, 4);
    Put(160, "abcd");
    for (const auto& [at, value] :
         {std::pair{200u, 128u}, {204, 1}, {208, 3}, {212, 160}, {216, 4}}) {
      PutU32(at, value);
    }
    ASSERT_EQ(Call("set_input", {0, 0, 200}), 0u) << guest_->last_error();
  }

  wasinn_engine* engine_ = nullptr;
  wasinn_error error_ = {};
  std::unique_ptr<Guest> guest_;
  wasinn_call_state state_ = WASINN_CALL_TRAP;
};

TEST_P(InprocTest, GivesTheInputBack) {
  Prepare("slow");
  ASSERT_EQ(Call("compute", {0}), 0u) << guest_->last_error();
  ASSERT_EQ(Call("get_output", {0, 0, 300, 4, 304}), 0u) << guest_->last_error();
  EXPECT_EQ(std::memcmp(guest_->memory().data() + 300, "abcd\4\0\0\0", 8), 0);
  // The compute, and the load unless it ended before anybody had to wait.
  const uint64_t pending = guest_->pending_calls();
  EXPECT_GE(pending, GetParam() == Wait::kBlock ? 0u : 1u);
  EXPECT_LE(pending, GetParam() == Wait::kBlock ? 0u : 2u);
}

TEST_P(InprocTest, CancelEndsACallUnderWay) {
  Prepare("stuck");
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    wasinn_session_cancel(guest_->session());
  });
  Call("compute", {0});
  canceller.join();
  EXPECT_EQ(state_, WASINN_CALL_TRAP);
  EXPECT_FALSE(guest_->last_error().empty());
}

TEST_P(InprocTest, AnAbandonedComputeLeavesTheContextUsableAgain) {
  Prepare("stuck");
  guest_->set_wait(Wait::kAbandon);
  Call("compute", {0});
  EXPECT_EQ(state_, WASINN_CALL_PENDING);
  // Its cancelled run may still be ending; the session must still work.
  EXPECT_EQ(Call("get_output", {0, 0, 300, 4, 304}), 1u);
  EXPECT_EQ(state_, WASINN_CALL_DONE);
}

INSTANTIATE_TEST_SUITE_P(Waits, InprocTest, ::testing::Values(Wait::kBlock, Wait::kWaker),
                         [](const auto& wait) {
                           return wait.param == Wait::kBlock ? "Block" : "Waker";
                         });

TEST(InprocTables, RowsAreFoundByTheirFullName) {
  EXPECT_NE(FindCoreImport(kModule, "compute"), nullptr);
  EXPECT_EQ(FindCoreImport("wasi_nn_2", "compute"), nullptr);
  EXPECT_EQ(FindCoreImport(kModule, "comput"), nullptr);
  EXPECT_NE(FindComponentImport("wasi:nn/graph@0.2.0-rc-2024-10-28", "load"), nullptr);
  EXPECT_EQ(FindComponentImport("wasi:nn/graph", "load"), nullptr);
  EXPECT_NE(FindComponentResource("wasi:nn/tensor@0.2.0-rc-2024-06-25", "tensor"), nullptr);
  EXPECT_EQ(FindComponentResource("wasi:nn/tensor@0.2.0-rc-2024-06-25", "graph"), nullptr);
}

}  // namespace
}  // namespace wasinn::inproc
