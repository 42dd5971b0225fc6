// Plug-ins in shared objects: found, opened when needed, and each bad one refused or survived.
#include "backend/registry.h"

#include <gtest/gtest.h>

#include <latch>

#include "capi/engine.h"
#include "session/session.h"
#include "support/core.h"

namespace wasinn {
namespace {

using testing::BytesOf;
using testing::Eventually;
using testing::TempDir;

const std::string kBad = WASINN_BAD_PLUGINS_DIR;
const std::string kGood = WASINN_PLUGINS_DIR;

class RegistryTest : public ::testing::Test {
 protected:
  ~RegistryTest() override { pool_->Close(); }
  BackendServices services() { return {pool_, log_.get(), 1}; }
  BufferPool* pool_ = BufferPool::Create(1 << 20);
  testing::KeptLog log_;
};

std::vector<std::string> Names(BackendRegistry& registry) {
  std::vector<std::string> names;
  for (const Backend* backend : registry.All()) names.push_back(backend->name());
  return names;
}

TEST_F(RegistryTest, LinkedInBackends) {
  BackendRegistry registry(services(), "");
  ASSERT_TRUE(registry.Add(wasinn_backend_echo_entry()));
  ASSERT_TRUE(registry.Add(wasinn_backend_echo_blocking_entry()));
  EXPECT_EQ(Names(registry), (std::vector<std::string>{"echo", "echo-blocking"}));
  EXPECT_EQ((*registry.Find("echo"))->origin(), "");
  const auto again = registry.Add(wasinn_backend_echo_entry());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message,
            "backend name: expected a new one, given 'echo' again (linked in)");
}

TEST_F(RegistryTest, PlugInsAreFoundByTheirFilesName) {
  BackendRegistry registry(services(), "/no/such/folder::" + kGood + ":" + kBad);
  const auto echo = registry.Find("echo");
  ASSERT_TRUE(echo) << echo.error().message;
  EXPECT_EQ((*echo)->origin(), kGood + "/echo.so");
  EXPECT_TRUE(registry.LoadErrors().empty());  // no other file was opened for it
  EXPECT_TRUE(registry.Find("good"));
  EXPECT_EQ(*registry.Find("good"), *registry.Find("good"));
}

TEST_F(RegistryTest, ALinkedInBackendGoesBeforeAPlugInOfItsName) {
  BackendRegistry registry(services(), kGood);
  ASSERT_TRUE(registry.Add(wasinn_backend_echo_entry()));
  EXPECT_EQ((*registry.Find("echo"))->origin(), "");
  EXPECT_EQ(Names(registry), std::vector<std::string>{"echo"});
  EXPECT_TRUE(registry.LoadErrors().empty());
}

TEST_F(RegistryTest, WhatIsMissingIsNamedWithTheWayToGetIt) {
  BackendRegistry registry(services(), "");
  ASSERT_TRUE(registry.Add(wasinn_backend_echo_entry()));
  const auto onnx = registry.Find("onnx");
  ASSERT_FALSE(onnx);
  EXPECT_EQ(onnx.error().code, Code::kNotFound);
  EXPECT_EQ(
      onnx.error().message,
      "backend onnx is not in this build: build with WASINN_BACKEND_ONNX=ON, which ./dev does");
  EXPECT_EQ(registry.Find("ecko").error().message, "no backend named 'ecko' (did you mean echo?)");
}

TEST_F(RegistryTest, BackendsForAnEncoding) {
  testing::ScriptedBackend script;  // has the name onnx
  BackendRegistry registry(services(), "");
  ASSERT_TRUE(registry.Add(wasinn_backend_echo_entry()));
  ASSERT_TRUE(registry.Add(&script.table));
  ASSERT_EQ(registry.ForEncoding("onnx").size(), 1u);
  EXPECT_EQ(registry.ForEncoding("onnx")[0]->name(), "scripted");
  EXPECT_TRUE(registry.ForEncoding("ggml").empty());
}

TEST_F(RegistryTest, FilesThatAreNoBackends) {
  const std::pair<const char*, std::string> kCases[] = {
      {"no_entry", "expected a backend that exports wasinn_backend_entry_v1, given none"},
      {"no_table", "expected a backend table, given NULL"},
      {"other_version", "expected backend ABI version 1, given 2"},
      {"short_table", "expected a backend table of"},
      {"no_name", "backend name: expected 1 to 64 of a-z, 0-9, - and _, given ''"},
      {"no_run", "backend no-run: expected a function in slot run, given NULL"},
      {"many_options",
       "backend many-options: expected at most 1024 options with a table, given "
       "18446744073709551615"},
  };
  BackendRegistry registry(services(), "");
  for (const auto& [name, text] : kCases) {
    const std::string path = kBad + "/" + name + ".so";
    const auto loaded = registry.Load(path);
    ASSERT_FALSE(loaded) << name;
    EXPECT_EQ(loaded.error().code, Code::kInvalidArgument);
    EXPECT_NE(loaded.error().message.find(text), std::string::npos) << loaded.error().message;
    EXPECT_NE(loaded.error().message.find(path), std::string::npos) << loaded.error().message;
  }
  EXPECT_EQ(registry.Load("/no/such.so").error().code, Code::kNotFound);
  EXPECT_TRUE(registry.All().empty());
}

TEST_F(RegistryTest, BadFilesOnTheSearchPathAreListedAndDoNotHideTheOthers) {
  const TempDir dir;
  const auto link = [&](const char* name) {
    std::filesystem::copy_file(kBad + "/" + name + ".so", dir.path(std::string(name) + ".so"));
  };
  link("good");
  link("no_run");
  dir.Write("text.so", "no library");
  dir.Write("readme.txt", "no plug-in");
  std::filesystem::copy_file(kBad + "/good.so", dir.path("libother.so"));
  BackendRegistry registry(services(), dir.path());
  // "other" also has the name "good".
  EXPECT_EQ(Names(registry), std::vector<std::string>{"good"});
  std::string errors;
  for (const auto& error : registry.LoadErrors()) errors += error.message + "\n";
  EXPECT_EQ(registry.LoadErrors().size(), 3u) << errors;
  EXPECT_NE(errors.find("expected a new one, given 'good' again"), std::string::npos) << errors;
  EXPECT_TRUE(log_.Contains("backend plug-in left out: "));
}

// A plug-in by the way that guests take: load, context, input, compute, output.
class BadPluginTest : public ::testing::Test {
 protected:
  BadPluginTest() {
    wasinn_engine_options options = WASINN_ENGINE_OPTIONS_INIT;
    options.threads = 2;
    options.log = [](void* self, wasinn_log_level, wasinn_str message) {
      auto* test = static_cast<BadPluginTest*>(self);
      const std::lock_guard lock(test->mutex_);
      test->lines_ += std::string(View(message)) + "\n";
    };
    options.log_self = this;
    options.log_level = WASINN_LOG_WARN;
    engine_ = std::move(*Engine::Create(options));
  }
  // Empty when all went well.
  Error Run(const std::string& file, const std::string& compute_timeout = "10s") {
    if (const auto loaded = engine_->backends().Load(kBad + "/" + file + ".so"); !loaded) {
      return loaded.error();
    }
    ModelConfig config;
    config.name = file;
    config.backend = engine_->backends().All().back()->name();
    const std::span<const uint8_t> model = BytesOf("model");
    config.content = *engine_->buffers().Allocate(model.size());
    std::memcpy(config.content.data(), model.data(), model.size());
    EXPECT_TRUE(engine_->models().Add(std::move(config)));
    Policy policy;
    EXPECT_TRUE(policy.Set("compute_timeout", compute_timeout));
    Session session(engine_->session_host(), policy);
    const auto run = [&]() -> Result<> {
      WASINN_TRY(graph, session.LoadByName(file, {}).Take());
      WASINN_TRY(context, session.InitContext(graph, {}));
      for (int i = 0; i < 2; ++i) {
        const int64_t dims[] = {5};
        WASINN_CHECK(session.SetInput(context, std::nullopt, 0, DType::kU8, *Shape::OfTensor(dims),
                                      BytesOf("hello")));
        WASINN_CHECK(session.Compute(context).Take());
        WASINN_TRY(output, session.Output(context, 0));
        const auto bytes = output.data.bytes();
        EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "hello");
      }
      return {};
    };
    const auto outcome = run();
    return outcome ? Error{Code::kOk, "", 0} : outcome.error();
  }
  bool Logged(std::string_view text) {
    const std::lock_guard lock(mutex_);
    return lines_.find(text) != std::string::npos;
  }

  std::mutex mutex_;
  std::string lines_;
  std::unique_ptr<Engine> engine_;  // ends before what its log writes to
};

TEST_F(BadPluginTest, TheGoodOneWorks) { EXPECT_EQ(Run("good").message, ""); }

TEST_F(BadPluginTest, GraphsThatCannotBe) {
  EXPECT_NE(Run("null_graph").message.find("backend null-graph: graph_load gave no graph"),
            std::string::npos);
  EXPECT_NE(
      Run("null_context").message.find("backend null-context: context_create gave no context"),
      std::string::npos);
  EXPECT_NE(Run("many_ports")
                .message.find("inputs: expected at most 4096, the backend gave "
                              "18446744073709551615"),
            std::string::npos);
  EXPECT_NE(Run("null_ports")
                .message.find("outputs: expected at most 4096, the backend gave 2 at "
                              "NULL"),
            std::string::npos);
  EXPECT_NE(Run("huge_rank")
                .message.find("port dims: expected at most 16, the backend gave "
                              "2147483647"),
            std::string::npos);
}

TEST_F(BadPluginTest, OutputsThatCannotBeAreRefused) {
  const std::pair<const char*, const char*> kCases[] = {
      {"bad_dtype", "the backend gave element type number 99, which is none"},
      {"deep_rank", "expected at most 16 dims, given 4294967295"},
      {"negative_dim", "dim 0: expected at least 0, given -4"},
      {"null_data", "output 0 of the backend: expected 16 bytes for f32 [4], given 0"},
      {"null_dims", "output 0: the backend gave no dims"},
      {"unknown_port", "expected an output port below 1, given 7"},
      {"wrong_size", "output 0 of the backend: expected 16 bytes for f32 [4], given 8"},
  };
  for (const auto& [file, text] : kCases) {
    const std::string message = Run(file).message;
    EXPECT_NE(message.find(text), std::string::npos) << file << ": " << message;
  }
  EXPECT_NE(Run("no_output").message.find("reported success without output 0"), std::string::npos);
}

TEST_F(BadPluginTest, ErrorsThatAreNone) {
  const Error error = Run("bad_error");
  EXPECT_EQ(error.code, Code::kUnknown);
  EXPECT_LT(error.message.size(), size_t{WASINN_MESSAGE_SIZE} + 100);
}

TEST_F(BadPluginTest, TheSecondDoneIsIgnored) {
  EXPECT_EQ(Run("done_twice").message, "");
  EXPECT_TRUE(Logged("a backend reported done for run")) << lines_;
}

TEST_F(BadPluginTest, LateReportsAreIgnored) {
  const Error error = Run("late_report", "20ms");
  EXPECT_EQ(error.code, Code::kTimeout);
  // An output, a chunk and done, all after the run was given up, and all of them a second time.
  EXPECT_TRUE(Eventually([&] { return engine_->scheduler().live_executions == 0; }));
  EXPECT_TRUE(Eventually([&] { return Logged("reported done for run"); })) << lines_;
}

TEST_F(BadPluginTest, RunsThatNeverEnd) {
  EXPECT_NE(Run("never_done_blocking").message.find("returned from run without saying done"),
            std::string::npos);
  EXPECT_EQ(Run("never_done", "20ms").code, Code::kTimeout);
  // The engine then ends without it.
}

TEST_F(BadPluginTest, ExceptionsAreErrors) {
  EXPECT_NE(Run("throws_in_load").message.find("thrown by graph_load"), std::string::npos);
  EXPECT_NE(Run("throws_in_run").message.find("thrown by run"), std::string::npos);
}

}  // namespace
}  // namespace wasinn
