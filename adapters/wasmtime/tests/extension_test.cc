// The drafts of wasi:nn and wasinn's own package, from components of every snapshot.
#include <echo/echo.h>

#include <fstream>
#include <iterator>
#include <mutex>

#include "guest_runner.h"

namespace wasinn {
namespace {

class ExtensionTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::ifstream file(std::filesystem::path(WASINN_TEST_GUESTS) /
                           (std::string("extension_wit_") + GetParam() + ".wasm"),
                       std::ios::binary);
    if (!file) GTEST_SKIP() << "the guests were not built";
    guest_.assign(std::istreambuf_iterator<char>(file), {});
    ModelConfig model;
    model.content = Bytes("any bytes are an echo model");
    Expect(engine_.AddBackend(wasinn_backend_echo_generating_entry()));
    model.backend = "echo-generating";
    model.name = "talk";
    Expect(engine_.AddModel(model));
    model.name = "slow talk";
    model.options = {{"delay_ms", "3"}};
    Expect(engine_.AddModel(model));
    model.name = "failing";
    model.options = {{"fail", "context_full"}};
    Expect(engine_.AddModel(model));
  }

  Ran RunWith(const std::string& name, const std::string& model, Session& session) {
    const Program program = Expect(engine_.LoadProgram(Bytes(guest_)));
    RunOptions options;
    options.args = {"guest", name, model};
    return RunGuest(program, session, options);
  }

  void Run(const std::string& name, const std::string& model, const Rules& rules = {}) {
    Session session = NewSession(engine_, rules);
    const Ran ran = RunWith(name, model, session);
    EXPECT_EQ(ran.code, WASINN_OK) << ran.message;
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
  }

  Engine engine_ = NewEngine();
  std::string guest_;
};

TEST_P(ExtensionTest, Properties) { Run("properties", "echo"); }
TEST_P(ExtensionTest, Prompt) { Run("prompt", "talk"); }
TEST_P(ExtensionTest, PromptThatWaits) { Run("prompt", "slow talk"); }
TEST_P(ExtensionTest, PromptRefused) { Run("prompt_refused", "echo"); }
TEST_P(ExtensionTest, PromptFailed) { Run("prompt_failed", "failing"); }
TEST_P(ExtensionTest, Info) { Run("info", "echo"); }
TEST_P(ExtensionTest, Options) { Run("options", "echo"); }
TEST_P(ExtensionTest, Done) { Run("done", "echo"); }
TEST_P(ExtensionTest, Stream) { Run("stream", "echo"); }
TEST_P(ExtensionTest, Pollables) { Run("pollables", "echo"); }
TEST_P(ExtensionTest, PollableOfARunThatTookTooLong) {
  Run("poll_for_ever", "echo", {{"compute_timeout", "20ms"}});
}

TEST_P(ExtensionTest, GuestThatPollsForEverIsStoppedByItsDeadline) {
  Session session = NewSession(engine_, {{"run_timeout", "100ms"}});
  const Ran ran = RunWith("poll_for_ever", "echo", session);
  EXPECT_EQ(ran.code, WASINN_TIMEOUT) << ran.err;
  EXPECT_NE(ran.message.find("run_timeout"), std::string::npos) << ran.message;
}

TEST_P(ExtensionTest, GuestThatPollsForEverIsStoppedByItsHost) {
  const Program program = Expect(engine_.LoadProgram(Bytes(guest_)));
  Session session = NewSession(engine_);
  RunOptions options;
  options.args = {"guest", "poll_for_ever", "echo"};
  options.stdin_data = "";
  options.stdout_write = [&](std::string_view text) {
    if (text.find("waiting") != std::string_view::npos) session.Cancel();
  };
  const auto result = program.Run(session, options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, WASINN_CANCELLED) << result.error().message;
}

// A pollable is a handle like any other.
TEST_P(ExtensionTest, PollablesAreCounted) {
  Session session = NewSession(engine_, {{"max_handles", "2"}});
  const Ran ran = RunWith("pollables", "echo", session);
  EXPECT_EQ(ran.code, WASINN_TOO_LARGE) << ran.err;
  EXPECT_NE(ran.message.find("max_handles"), std::string::npos) << ran.message;
}

TEST_P(ExtensionTest, Cancel) { Run("cancel", "echo"); }

INSTANTIATE_TEST_SUITE_P(Snapshots, ExtensionTest,
                         ::testing::Values("2024-10-28", "2024-08-19", "2024-06-25"),
                         [](const auto& snapshot) {
                           std::string name = snapshot.param;
                           std::erase(name, '-');
                           return name;
                         });

// Every row of the core's tables has a wrapper; a row without one would be reported when the engine
// starts.
TEST(ComponentTableTest, AdapterKnowsAllRows) {
  std::mutex mutex;
  std::string told;
  EngineOptions options;
  options.log = [&](wasinn_log_level, std::string_view text) {
    const std::lock_guard lock(mutex);
    if (text.find("does not know") != std::string_view::npos) told += std::string(text) + '\n';
  };
  {
    const Engine engine = NewEngine(std::move(options));
    EXPECT_EQ(RunText(engine, Module("")).exit_code, 0);
  }
  EXPECT_EQ(told, "");
}

}  // namespace
}  // namespace wasinn
