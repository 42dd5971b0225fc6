#include "model/store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <barrier>
#include <thread>

#include "support/core.h"

namespace wasinn {
namespace {

using testing::Core;
using testing::Eventually;
using testing::ScriptedBackend;
using testing::TempDir;

constexpr std::string_view kModel = "wasinn-echo\ninput x f32 2\noutput y f32 2\n";

class StoreTest : public ::testing::Test {
 protected:
  // Registers a file under `name`.
  Result<> Add(const std::string& name, const std::string& path, const Options& options = {},
               const std::string& backend = "echo") {
    ModelConfig config;
    config.name = name;
    config.path = path;
    config.backend = backend;
    config.options = options;
    return core_.models.Add(std::move(config));
  }
  Result<std::shared_ptr<Graph>> FromBytes(std::vector<std::string_view> parts,
                                           Encoding encoding = Encoding::kAutodetect) {
    std::vector<BufferRef> copies;
    for (const auto part : parts) copies.push_back(core_.Copy(part));
    return core_.models.GetFromBytes(std::move(copies), encoding, Target::kCpu);
  }
  ModelStore::Counters counters() { return core_.models.GetCounters(); }

  const TempDir dir_;
  Core core_{/*budget=*/0};
};

TEST_F(StoreTest, NamesAreCheckedWhenAdded) {
  const std::string path = dir_.Write("m", kModel);
  EXPECT_TRUE(Add("m", path));
  EXPECT_TRUE(core_.models.Has("m"));
  EXPECT_FALSE(core_.models.Has("n"));
  const auto again = Add("m", path);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message,
            fmt::format("model name: expected a new one, given 'm' again (it is {})", path));
  EXPECT_EQ(Add("", path).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Add(std::string(2000, 'n'), path).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Add("n", dir_.path("none")).error().code, Code::kNotFound);
}

TEST_F(StoreTest, LoadsOnFirstUseAndSharesFromThenOn) {
  ASSERT_TRUE(Add("m", dir_.Write("m", kModel)));
  EXPECT_EQ(core_.models.GetLoaded("m"), nullptr);
  EXPECT_EQ(counters().loads, 0u);
  const auto first = core_.models.Get("m");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(*core_.models.Get("m"), *first);
  EXPECT_EQ(core_.models.GetLoaded("m"), *first);
  EXPECT_EQ(counters().loads, 1u);
  EXPECT_EQ(counters().shared_loads, 2u);
  const auto list = core_.models.List();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].graph, *first);
  EXPECT_EQ(list[0].sessions, 1u);
}

TEST_F(StoreTest, UnknownNamesAndMissingFiles) {
  const auto unknown = core_.models.Get("nobody\n");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Code::kNotFound);
  EXPECT_EQ(unknown.error().message, "no model is registered under the name 'nobody?'");
  const std::string path = dir_.Write("m", kModel);
  ASSERT_TRUE(Add("m", path));
  std::filesystem::remove(path);
  const auto gone = core_.models.Get("m");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Code::kModelMissing);
  EXPECT_EQ(gone.error().message, "model 'm': its file is gone");
  EXPECT_EQ(gone.error().HostText(),
            fmt::format("model 'm': its file is gone (expected {})", path));
  EXPECT_EQ(core_.models.GetLoaded("m"), nullptr);
}

TEST_F(StoreTest, AFileThatMayComeLater) {
  ModelConfig config;
  config.name = "later";
  config.path = dir_.Write("m", kModel);
  config.backend = "echo";
  config.may_be_missing = true;
  std::filesystem::remove(config.path);
  ASSERT_TRUE(core_.models.Add(config));
  const auto missing = core_.models.Get("later");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kModelMissing);
  dir_.Write("m", kModel);
  EXPECT_TRUE(core_.models.Get("later"));
}

TEST_F(StoreTest, EightThreadsThatAskAtOnceGetOneLoad) {
  ASSERT_TRUE(Add("slow", dir_.Write("m", kModel), {{"load_delay_ms", "50"}}));
  std::barrier start(8);
  std::vector<std::shared_ptr<Graph>> graphs(8);
  std::vector<std::thread> threads;
  for (auto& graph : graphs) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      graph = *core_.models.Get("slow");
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& graph : graphs) EXPECT_EQ(graph, graphs[0]);
  EXPECT_EQ(counters().loads, 1u);
  EXPECT_EQ(counters().shared_loads, 7u);
}

TEST_F(StoreTest, AFailedLoadIsToldToAllWhoWaitAndTriedAgain) {
  ASSERT_TRUE(Add("bad", dir_.Write("m", kModel),
                  {{"load_delay_ms", "50"}, {"load_fail", "runtime_error"}}));
  std::atomic<int> failed{0};
  std::barrier start(4);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      const auto graph = core_.models.Get("bad");
      failed += !graph && graph.error().code == Code::kRuntimeError ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 4);
  EXPECT_EQ(core_.models.Get("bad").error().message.find("model 'bad': "), 0u);
}

TEST_F(StoreTest, EqualBytesShareOneGraph) {
  const auto first = FromBytes({kModel});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(*FromBytes({kModel}), *first);
  EXPECT_EQ(counters().loads, 1u);
  const std::string other = std::string(kModel) + "# other\n";
  EXPECT_NE(*FromBytes({other}), *first);
  // Where a part ends is content too.
  EXPECT_NE(*FromBytes({kModel, "tail"}), *FromBytes({kModel, "ta", "il"}));
}

TEST_F(StoreTest, OtherOptionsMakeAnotherGraph) {
  ASSERT_TRUE(Add("m", dir_.Write("m", kModel)));
  const auto plain = *core_.models.Get("m");
  const auto slow = core_.models.Get("m", {{"load_delay_ms", "1"}});
  ASSERT_TRUE(slow) << slow.error().message;
  EXPECT_NE(*slow, plain);
  EXPECT_EQ((*slow)->options().load, (Options{{"load_delay_ms", "1"}}));
  EXPECT_EQ(*core_.models.Get("m", {{"load_delay_ms", "1"}}), *slow);
  // Options of contexts are checked, and leave the graph as it is.
  EXPECT_EQ(*core_.models.Get("m", {{"delay_ms", "1"}}), plain);
  EXPECT_EQ(core_.models.Get("m", {{"delay_ms", "x"}}).error().code, Code::kInvalidArgument);
  // Options that the backend does not know are ignored, as in hosts of that dialect.
  const auto unknown = core_.models.Get("m", {{"n-gpu-layers", "1"}});
  ASSERT_TRUE(unknown) << unknown.error().message;
  EXPECT_EQ(*unknown, plain);
  EXPECT_TRUE(core_.log.Contains("has no option 'n-gpu-layers'"));
  EXPECT_EQ(counters().loads, 2u);
  // In a registration it is an error.
  ASSERT_TRUE(Add("typo", dir_.path("m"), {{"delay", "1"}}));
  EXPECT_EQ(core_.models.Get("typo").error().code, Code::kInvalidArgument);
}

TEST_F(StoreTest, NoOtherBackendIsAskedWhenOneIsCertain) {
  static int asked = 0;
  asked = 0;
  ScriptedBackend script(WASINN_BACKEND_PARALLEL_LOAD);
  script.table.probe = [](wasinn_backend_instance*, wasinn_bytes, uint64_t, const char*) {
    ++asked;
    return int32_t{0};
  };
  ASSERT_TRUE(core_.backends.Add(&script.table));
  EXPECT_TRUE(FromBytes({kModel}));
  EXPECT_EQ(asked, 0);
  EXPECT_FALSE(FromBytes({"nobody's model"}));
  EXPECT_EQ(asked, 1);
}

// The text of a failed load that a guest can read names no file of the host.
TEST_F(StoreTest, ErrorsOfRegisteredModelsKeepThePathForTheHost) {
  ScriptedBackend script(WASINN_BACKEND_PARALLEL_LOAD);
  script.load = [](const wasinn_load_request& request, wasinn_error* error) -> wasinn_code {
    const std::string path = request.path;
    const std::string text = fmt::format("cannot read {}: {}/weights.bin is missing", path,
                                         std::filesystem::path(path).parent_path().string());
    text.copy(error->message, sizeof(error->message) - 1);
    return error->code = WASINN_RUNTIME_ERROR;
  };
  ASSERT_TRUE(core_.backends.Add(&script.table));
  const std::string path = dir_.Write("folder/m", "x");
  ASSERT_TRUE(Add("m", path, {}, script.table.name));
  const auto graph = core_.models.Get("m");
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().message, "model 'm': cannot read its file: weights.bin is missing");
  EXPECT_NE(graph.error().HostText().find(path), std::string::npos);
  EXPECT_NE(core_.models.GetFromFile(path, script.table.name).error().message.find(path),
            std::string::npos);
}

TEST_F(StoreTest, GraphsOfGuestsEndWithTheirLastHolder) {
  ASSERT_TRUE(Add("m", dir_.Write("m", kModel)));
  const std::weak_ptr<Graph> brought = *FromBytes({kModel});
  const std::weak_ptr<Graph> configured = *core_.models.Get("m", {{"load_delay_ms", "1"}});
  const std::weak_ptr<Graph> registered = *core_.models.Get("m");
  EXPECT_TRUE(brought.expired());
  EXPECT_TRUE(configured.expired());
  EXPECT_EQ(core_.models.GetLoaded("m", {{"load_delay_ms", "1"}}), nullptr);
  const auto loaded = registered.lock();
  ASSERT_NE(loaded, nullptr);
  EXPECT_TRUE(loaded->used_by_host());
  // They load again when they are asked for again.
  EXPECT_FALSE((*FromBytes({kModel}))->used_by_host());
  EXPECT_EQ(counters().loads, 4u);
}

TEST_F(StoreTest, AGuestsGraphThatTheHostAsksForStays) {
  std::weak_ptr<Graph> graph;
  {
    const auto brought = *FromBytes({kModel});
    EXPECT_FALSE(brought->used_by_host());
    ModelConfig config;
    config.name = "m";
    config.content = core_.Copy(kModel);
    ASSERT_TRUE(core_.models.Add(config));
    EXPECT_EQ(*core_.models.Get("m"), brought);
    EXPECT_TRUE(brought->used_by_host());
    graph = brought;
  }
  EXPECT_FALSE(graph.expired());
}

TEST_F(StoreTest, AChangedFileIsTakenUpAndTheOldGraphGoesOn) {
  const std::string path = dir_.Write("m", kModel);
  ASSERT_TRUE(Add("m", path));
  const auto old = *core_.models.Get("m");
  dir_.Write("m", "wasinn-echo\ninput x i64 7\noutput y i64 7\n");
  EXPECT_EQ(core_.models.GetLoaded("m"), nullptr);
  const auto fresh = *core_.models.Get("m");
  EXPECT_NE(fresh, old);
  EXPECT_EQ(fresh->info().inputs[0].TypeText(), "i64 [7]");
  EXPECT_EQ(old->info().inputs[0].TypeText(), "f32 [2]");
  // The store has let go of the old one.
  EXPECT_EQ(old.use_count(), 1);
}

TEST_F(StoreTest, EveryFileOfAModelBelongsToIt) {
  const std::string path = dir_.Write("m-00001-of-00002.gguf", kModel);
  dir_.Write("m-00002-of-00002.gguf", "part");
  ASSERT_TRUE(Add("m", path));
  const auto old = *core_.models.Get("m");
  EXPECT_EQ(old->size(), kModel.size() + 4);
  EXPECT_EQ(old->source().files.size(), 2u);
  EXPECT_EQ(core_.models.List()[0].files->size, kModel.size() + 4);
  EXPECT_EQ(*core_.models.Get("m"), old);
  // A changed part is taken up by the next load.
  dir_.Write("m-00002-of-00002.gguf", "longer part");
  EXPECT_EQ(core_.models.GetLoaded("m"), nullptr);
  EXPECT_NE(*core_.models.Get("m"), old);
  EXPECT_EQ(old.use_count(), 1);
  std::filesystem::remove(dir_.path("m-00002-of-00002.gguf"));
  const auto missing = core_.models.Get("m");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            "model 'm': its file: expected its part 'm-00002-of-00002.gguf' beside it, given none");
  EXPECT_EQ(missing.error().HostText(),
            fmt::format("model 'm': {}: expected its part 'm-00002-of-00002.gguf' beside it, given "
                        "none",
                        path));
  EXPECT_EQ(core_.models.List()[0].files.error().code, Code::kModelMissing);
}

TEST_F(StoreTest, TheBudgetCountsEveryFile) {
  Core core(/*budget=*/1000);
  for (const char* name : {"a", "b"}) {
    ModelConfig config;
    config.name = name;
    config.path = dir_.Write(fmt::format("{}-00001-of-00002.gguf", name), kModel);
    dir_.Write(fmt::format("{}-00002-of-00002.gguf", name), std::string(600, 'w'));
    ASSERT_TRUE(core.models.Add(std::move(config)));
    ASSERT_TRUE(core.models.Get(name));
  }
  EXPECT_EQ(core.models.GetCounters().evictions, 1u);
}

TEST_F(StoreTest, WhatCannotBeAModelIsRefusedWhenAdded) {
  ASSERT_EQ(mkfifo(dir_.path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(Add("m", dir_.path("pipe")).error().message,
            fmt::format("model 'm': {}: expected a model's file or folder, given a pipe",
                        dir_.path("pipe")));
  EXPECT_EQ(Add("m", "/dev/null").error().message,
            "model 'm': /dev/null: expected a model's file or folder, given a device");
  EXPECT_EQ(core_.models.GetFromFile(dir_.path("pipe"), "").error().code, Code::kInvalidArgument);
  // One that became a pipe after it was added.
  const std::string path = dir_.Write("m", kModel);
  ASSERT_TRUE(Add("m", path));
  std::filesystem::rename(dir_.path("pipe"), path);
  EXPECT_EQ(core_.models.Get("m").error().message,
            "model 'm': expected a model's file or folder, given its file, a pipe");
}

TEST_F(StoreTest, AutodetectionAsksTheBackends) {
  EXPECT_EQ((*FromBytes({kModel}))->backend().name(), "echo");
  const auto nobody =
      FromBytes({"\x7f"
                 "ELF"});
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, Code::kInvalidEncoding);
  EXPECT_EQ(nobody.error().message,
            "expected a model that one of the backends here takes (echo, echo-blocking), given 4 "
            "bytes that none recognises");
  EXPECT_EQ(FromBytes({""}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(FromBytes({}).error().code, Code::kInvalidArgument);
}

TEST_F(StoreTest, AnEncodingWithoutBackendSaysHowToGetOne) {
  const auto onnx = FromBytes({"x"}, Encoding::kOnnx);
  ASSERT_FALSE(onnx);
  EXPECT_EQ(onnx.error().code, Code::kInvalidEncoding);
  EXPECT_EQ(onnx.error().message,
            "no backend here takes the encoding onnx (backend onnx: build with "
            "WASINN_BACKEND_ONNX=ON, which ./dev does)");
  EXPECT_NE(
      FromBytes({"x"}, Encoding::kOpenVino).error().message.find("no backend of this project"),
      std::string::npos);
  ASSERT_TRUE(Add("m", dir_.Write("m", "x"), {}, "nothing"));
  EXPECT_EQ(core_.models.Get("m").error().code, Code::kNotFound);
}

TEST_F(StoreTest, ContentIsRegisteredToo) {
  ModelConfig config;
  config.name = "bytes";
  config.content = core_.Copy(kModel);
  ASSERT_TRUE(core_.models.Add(config));
  const auto graph = core_.models.Get("bytes");
  ASSERT_TRUE(graph) << graph.error().message;
  // The same content from a guest is the same graph, but for what was chosen explicitly.
  EXPECT_EQ(*FromBytes({kModel}), *graph);
  config.name = "again";
  ASSERT_TRUE(core_.models.Add(config));
  EXPECT_EQ(*core_.models.Get("again"), *graph);
  EXPECT_NE(core_.models.Add(config).error().message.find("(it is given as bytes)"),
            std::string::npos);
}

TEST_F(StoreTest, AModelThatCannotBeLoadedAtStartIsNotAdded) {
  ModelConfig config;
  config.name = "m";
  config.path = dir_.Write("m", kModel);
  config.backend = "echo";
  config.load_at_start = true;
  config.options = {{"load_fail", "too_large"}};
  const auto added = core_.models.Add(config);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, Code::kTooLarge);
  config.options = {};
  EXPECT_TRUE(core_.models.Add(config));
  EXPECT_EQ(counters().loads, 1u);
}

TEST_F(StoreTest, FilesForTools) {
  const auto graph = core_.models.GetFromFile(dir_.Write("m", kModel), "");
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ((*graph)->backend().name(), "echo");
  EXPECT_EQ(core_.models.GetFromFile(dir_.path("none"), "").error().code, Code::kNotFound);
  EXPECT_TRUE(core_.models.List().empty());
}

TEST_F(StoreTest, TrimDropsIdleGraphsOnly) {
  ASSERT_TRUE(Add("held", dir_.Write("held", kModel)));
  ASSERT_TRUE(Add("idle", dir_.Write("idle", kModel)));
  auto held = *core_.models.Get("held");
  {
    auto idle = *core_.models.Get("idle");
  }
  core_.models.Trim(0);
  EXPECT_EQ(counters().evictions, 1u);
  EXPECT_EQ(*core_.models.Get("held"), held);
  held = nullptr;
  core_.models.Trim(0);
  EXPECT_EQ(counters().evictions, 2u);
  EXPECT_EQ(core_.buffers().GetStats().in_use, 0u);
  // A model without bytes takes no room, but it is idle.
  ASSERT_TRUE(Add("empty", dir_.Write("empty", "")));
  {
    auto empty = *core_.models.Get("empty");
  }
  core_.models.Trim(0);
  EXPECT_EQ(core_.models.GetLoaded("empty"), nullptr);
}

std::string ModelOfSize(size_t size, char filler) {
  std::string text = "wasinn-echo\n#";
  text.resize(size, filler);
  return text;
}

TEST(StoreBudgetTest, TheLeastRecentlyUsedIdleGraphGoesFirst) {
  Core core(/*budget=*/3000);
  const auto get = [&](char name) {
    return *core.models.GetFromBytes({core.Copy(ModelOfSize(1000, name))}, Encoding::kAutodetect,
                                     Target::kCpu);
  };
  const std::weak_ptr<Graph> a = get('a');
  const std::weak_ptr<Graph> b = get('b');
  const std::weak_ptr<Graph> c = get('c');
  EXPECT_EQ(core.models.GetCounters().evictions, 0u);
  get('a');  // now b is the one that was not used for longest
  const std::weak_ptr<Graph> d = get('d');
  EXPECT_TRUE(b.expired());
  EXPECT_FALSE(a.expired());
  EXPECT_FALSE(c.expired());
  EXPECT_EQ(core.models.GetCounters().evictions, 1u);
}

TEST(StoreBudgetTest, HeldGraphsStayWhateverTheBudget) {
  Core core(/*budget=*/1500);
  std::vector<std::shared_ptr<Graph>> held;
  for (const char name : {'a', 'b', 'c'}) {
    held.push_back(*core.models.GetFromBytes({core.Copy(ModelOfSize(1000, name))},
                                             Encoding::kAutodetect, Target::kCpu));
  }
  EXPECT_EQ(core.models.GetCounters().evictions, 0u);
  held[0] = nullptr;
  const auto d = core.models.GetFromBytes({core.Copy(ModelOfSize(1000, 'd'))},
                                          Encoding::kAutodetect, Target::kCpu);
  EXPECT_EQ(core.models.GetCounters().evictions, 1u);
}

// A caller that waited for a load may find that the next one has already dropped it: it loads
// again.
TEST(StoreBudgetTest, WaitersSurviveEviction) {
  const TempDir dir;
  Core core(/*budget=*/1);
  for (int i = 0; i < 4; ++i) {
    ModelConfig config;
    config.name = fmt::format("m{}", i);
    config.path = dir.Write(config.name, ModelOfSize(100, static_cast<char>('a' + i)));
    ASSERT_TRUE(core.models.Add(std::move(config)));
  }
  std::vector<std::thread> threads;
  std::atomic<int> missing{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        const auto graph = core.models.Get(fmt::format("m{}", (i / 4 + t / 2) % 4));
        missing += graph && *graph != nullptr ? 0 : 1;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(missing, 0);
}

TEST(StoreExceptionTest, AThrowingBackendIsAnErrorForAllWhoWait) {
  ScriptedBackend script(WASINN_BACKEND_PARALLEL_LOAD);
  script.load = [](const wasinn_load_request&, wasinn_error*) -> wasinn_code {
    throw std::runtime_error("thrown by graph_load");
  };
  Core core;
  ASSERT_TRUE(core.backends.Add(&script.table));
  for (int i = 0; i < 2; ++i) {
    const auto graph = core.models.GetFromBytes({core.Copy("x")}, Encoding::kOnnx, Target::kCpu);
    ASSERT_FALSE(graph);
    EXPECT_EQ(graph.error().message, "internal error: thrown by graph_load");
  }
}

}  // namespace
}  // namespace wasinn
