// Eight threads, each with a thousand sessions one after another, on the same graphs.
#include <echo/echo.h>
#include <gtest/gtest.h>
#include <wasinn/backend.h>
#include <wasinn/wasinn.h>

#include <atomic>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr int kThreads = 8;
constexpr int kSessions = 1000;

wasinn_str Str(std::string_view text) { return {text.data(), text.size()}; }

class StressTest : public ::testing::Test {
 protected:
  StressTest() {
    wasinn_engine_options options = WASINN_ENGINE_OPTIONS_INIT;
    options.threads = 4;
    EXPECT_EQ(wasinn_engine_create(&options, &engine_, nullptr), WASINN_OK);
    EXPECT_EQ(wasinn_engine_add_backend(engine_, wasinn_backend_echo_blocking_entry(), nullptr),
              WASINN_OK);
  }
  ~StressTest() override {
    for (auto& thread : threads_) thread.join();
    wasinn_engine_free(engine_);
  }
  void AddModel(const char* name, const char* backend, std::string_view text) {
    wasinn_model_config config = WASINN_MODEL_CONFIG_INIT;
    config.name = Str(name);
    config.content = {text.data(), text.size()};
    config.backend = backend;
    wasinn_error error{};
    ASSERT_EQ(wasinn_engine_add_model_config(engine_, &config, &error), WASINN_OK) << error.message;
  }
  // One guest's life: load by name, context, set, compute, get, drop. Says where it failed.
  std::string OneSession(const char* model, uint64_t number) const {
    wasinn_error error{};
    wasinn_session* session = nullptr;
    if (wasinn_session_create(engine_, nullptr, &session, &error) != WASINN_OK) return "create";
    const auto end = [&](const std::string& where) {
      wasinn_session_free(session);
      return where.empty() ? where : where + ": " + error.message;
    };
    uint32_t graph = 0;
    uint32_t context = 0;
    if (wasinn_session_load_by_name(session, Str(model), &graph, &error) != WASINN_OK) {
      return end("load");
    }
    if (wasinn_session_init_context(session, graph, nullptr, 0, &context, &error) != WASINN_OK) {
      return end("context");
    }
    for (int run = 0; run < 2; ++run) {
      std::vector<uint64_t> values(1 + number % 700, number + static_cast<uint64_t>(run));
      const int64_t dims[] = {static_cast<int64_t>(values.size())};
      const wasinn_tensor_view input{WASINN_DTYPE_U64, 1, dims, values.data(), values.size() * 8};
      if (wasinn_session_set_input(session, context, Str("x"), &input, &error) != WASINN_OK) {
        return end("set");
      }
      if (wasinn_session_compute(session, context, &error) != WASINN_OK) return end("compute");
      wasinn_tensor_view output{};
      if (wasinn_session_output(session, context, 0, nullptr, &output, &error) != WASINN_OK) {
        return end("get");
      }
      if (output.size != input.size || std::memcmp(output.data, values.data(), output.size) != 0) {
        return end("another session's values");
      }
    }
    if (number % 2 == 0) {
      if (wasinn_session_drop_graph(session, graph, &error) != WASINN_OK) return end("drop graph");
      if (wasinn_session_drop_context(session, context, &error) != WASINN_OK) return end("drop");
    }
    return end("");
  }
  void RunSessions(const char* model, int sessions) {
    for (int t = 0; t < kThreads; ++t) {
      threads_.emplace_back([this, model, sessions, t] {
        for (int i = 0; i < sessions; ++i) {
          const std::string failed = OneSession(model, static_cast<uint64_t>(t * sessions + i));
          if (!failed.empty()) {
            ADD_FAILURE() << "session " << i << ": " << failed;
            return;
          }
          ++done_;
        }
      });
    }
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }
  bool StatsSay(const char* part) const {
    char* stats = wasinn_engine_stats_json(engine_, nullptr);
    const bool found = std::string_view(stats).find(part) != std::string_view::npos;
    if (!found) ADD_FAILURE() << "expected " << part << " in " << stats;
    wasinn_text_free(stats);
    return found;
  }

  wasinn_engine* engine_ = nullptr;
  std::vector<std::thread> threads_;
  std::atomic<int> done_{0};
};

TEST_F(StressTest, SessionsOnABlockingBackend) {
  AddModel("m", "echo-blocking", "wasinn-echo\ninput x u64 -1\noutput y u64 -1\n");
  RunSessions("m", kSessions);
  EXPECT_EQ(done_, kThreads * kSessions);
  EXPECT_TRUE(StatsSay("\"loads\":1,"));
  EXPECT_TRUE(StatsSay("\"in_use\":") && StatsSay("\"sessions\":0,"));
}

TEST_F(StressTest, SessionsOnABackendThatReportsByItself) {
  AddModel("m", "echo", "wasinn-echo\ninput x u64 -1\noutput y u64 -1\n");
  RunSessions("m", kSessions);
  EXPECT_EQ(done_, kThreads * kSessions);
  EXPECT_TRUE(StatsSay("\"loads\":1,"));
}

TEST_F(StressTest, SessionsOnABackendWithThreadsOfItsOwn) {
  AddModel("m", "echo", "wasinn-echo\ninput x u64 -1\noutput y u64 -1\noption async true\n");
  RunSessions("m", kSessions / 5);
  EXPECT_EQ(done_, kThreads * kSessions / 5);
}

TEST_F(StressTest, TrimsListingsAndRegistrationsMeanwhile) {
  AddModel("m", "echo-blocking", "wasinn-echo\ninput x u64 -1\noutput y u64 -1\n");
  std::atomic<bool> stop{false};
  std::thread meddler([&] {
    for (int i = 0; !stop; ++i) {
      wasinn_engine_trim(engine_);
      wasinn_text_free(wasinn_engine_models_json(engine_, nullptr));
      wasinn_text_free(wasinn_engine_stats_json(engine_, nullptr));
      wasinn_text_free(wasinn_engine_backends_json(engine_, nullptr));
      const std::string name = "other" + std::to_string(i);
      if (i < 100) AddModel(name.c_str(), "echo", "wasinn-echo");
    }
  });
  RunSessions("m", kSessions / 5);
  stop = true;
  meddler.join();
  EXPECT_EQ(done_, kThreads * kSessions / 5);
}

TEST_F(StressTest, CancelsAtAnyMoment) {
  AddModel("slow", "echo", "wasinn-echo\noption delay_ms 5\n");
  AddModel("slow-blocking", "echo-blocking", "wasinn-echo\noption delay_ms 5\n");
  for (int t = 0; t < kThreads; ++t) {
    threads_.emplace_back([this, t] {
      for (int i = 0; i < 100; ++i) {
        wasinn_session* session = nullptr;
        ASSERT_EQ(wasinn_session_create(engine_, nullptr, &session, nullptr), WASINN_OK);
        std::thread canceller([session, i] {
          std::this_thread::sleep_for(std::chrono::microseconds(i * 80));
          wasinn_session_cancel(session);
        });
        const int64_t dims[] = {1};
        const wasinn_tensor_view input{WASINN_DTYPE_U8, 1, dims, "x", 1};
        uint32_t graph = 0;
        uint32_t context = 0;
        wasinn_code code = wasinn_session_load_by_name(
            session, Str(t % 2 == 0 ? "slow" : "slow-blocking"), &graph, nullptr);
        if (code == WASINN_OK) {
          code = wasinn_session_init_context(session, graph, nullptr, 0, &context, nullptr);
        }
        if (code == WASINN_OK) {
          code = wasinn_session_set_input(session, context, Str("0"), &input, nullptr);
        }
        while (code == WASINN_OK) code = wasinn_session_compute(session, context, nullptr);
        EXPECT_EQ(code, WASINN_CANCELLED);
        canceller.join();
        wasinn_session_free(session);
        ++done_;
      }
    });
  }
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  EXPECT_EQ(done_, kThreads * 100);
}

}  // namespace
