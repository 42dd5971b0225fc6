// Embeds wasinn in a C++ program: runs a model from eight threads at once, each in a session of its
// own under one policy, then from a WebAssembly guest. The model is loaded once.
//
//   embed_cpp                          with a model of the built-in echo backend
//   embed_cpp MODEL.onnx BACKEND_DIR   with an ONNX model that adds two lists of four f32
#include <wasinn/adapter.h>

#include <array>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>
#include <wasinn/wasinn.hpp>

namespace {

using wasinn::Result;

// The echo backend reads its ports from a text.
constexpr std::string_view kEchoModel =
    "wasinn-echo\n"
    "input a f32 4\n"
    "input b f32 4\n"
    "output first f32 4\n";

Result<void> AddModel(wasinn::Engine& engine, const std::string& path) {
  wasinn::ModelConfig config;
  config.name = "sum";
  if (path.empty()) {
    config.content = std::as_bytes(std::span(kEchoModel));
    config.backend = "echo";
  } else {
    config.path = path;
  }
  return engine.AddModel(config);
}

// The first element of the model's first output.
Result<float> Compute(const wasinn::Engine& engine, const wasinn::Policy& policy, float first) {
  auto session = engine.NewSession(&policy);
  if (!session) return std::unexpected(session.error());
  auto graph = session->LoadByName("sum");
  if (!graph) return std::unexpected(graph.error());
  auto context = graph->NewContext();
  if (!context) return std::unexpected(context.error());

  const std::array<std::int64_t, 1> dims = {4};
  const std::array<float, 4> a = {first, 2, 3, 4};
  const std::array<float, 4> b = {10, 20, 30, 40};
  for (const auto& [name, values] : {std::pair("a", &a), std::pair("b", &b)}) {
    const auto tensor =
        wasinn::TensorView::Of<float>(WASINN_DTYPE_F32, dims, std::span<const float>(*values));
    if (auto set = context->SetInput(name, tensor); !set) return std::unexpected(set.error());
  }
  if (auto done = context->Compute(); !done) return std::unexpected(done.error());
  auto output = context->GetOutput(0);
  if (!output) return std::unexpected(output.error());
  return output->tensor.As<float>().front();
}

#ifdef HAVE_WASMTIME
// Loads the model by its name and ends with the error number that it got, 0 for none.
constexpr std::string_view kGuest = R"((module
  (import "wasi_ephemeral_nn" "load_by_name" (func $load (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "sum")
  (func (export "_start")
    (call $exit (call $load (i32.const 0) (i32.const 3) (i32.const 16))))))";

Result<int> RunGuest(wasinn::Engine& engine, const wasinn::Policy& policy) {
  if (auto added = engine.AddAdapter(wasinn_adapter_wasmtime()); !added) {
    return std::unexpected(added.error());
  }
  auto program = engine.LoadProgram(std::as_bytes(std::span(kGuest)));
  if (!program) return std::unexpected(program.error());
  auto session = engine.NewSession(&policy);
  if (!session) return std::unexpected(session.error());
  auto run = program->Run(*session, {.args = {"guest"}});
  if (!run) return std::unexpected(run.error());
  return run->exit_code;
}
#endif

int Report(const wasinn::Error& error) {
  std::fprintf(stderr, "%s (%s)\n", error.message.c_str(), wasinn_code_name(error.code));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  wasinn::EngineOptions options;
  if (args.size() > 1) options.backend_path = args[1];
  auto engine = wasinn::Engine::Create(options);
  if (!engine) return Report(engine.error());
  if (auto added = AddModel(*engine, args.empty() ? "" : args[0]); !added) {
    return Report(added.error());
  }
  auto policy = wasinn::Policy::Create();
  if (!policy) return Report(policy.error());
  for (const auto& [rule, value] : {std::pair("models", "sum"), std::pair("run_timeout", "10s")}) {
    if (auto set = policy->Set(rule, value); !set) return Report(set.error());
  }

  std::array<Result<float>, 8> results;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&, i] { results[i] = Compute(*engine, *policy, static_cast<float>(i)); });
  }
  threads.clear();
  for (const auto& result : results) {
    if (!result) return Report(result.error());
    std::printf("%g ", static_cast<double>(*result));
  }
  std::printf("\n");
#ifdef HAVE_WASMTIME
  const auto code = RunGuest(*engine, *policy);
  if (!code) return Report(code.error());
  std::printf("the guest ended with %d\n", *code);
  return *code;
#else
  return 0;
#endif
}
