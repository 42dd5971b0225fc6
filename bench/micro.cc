// The core without a Wasm engine: calls through the import tables as the inproc adapter makes them,
// and the same round through the embedding API. The model is echo's.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <wasinn/wasinn.hpp>

#include "inproc/inproc.h"

namespace wasinn::bench {
namespace {

[[noreturn]] void Die(std::string_view what) {
  fmt::print(stderr, "wasinn_bench_micro: {}\n", what);
  std::exit(1);
}

embedding::Engine MakeEngine() {
  auto engine = embedding::Engine::Create();
  if (!engine) Die(engine.error().message);
  static constexpr std::string_view kEcho = "wasinn-echo\ninput x u8 -1\noutput y u8 -1\n";
  embedding::ModelConfig config;
  config.name = "echo";
  config.content = std::as_bytes(std::span(kEcho));
  config.load_now = true;
  if (auto added = engine->AddModel(config); !added) Die(added.error().message);
  return std::move(*engine);
}

std::unique_ptr<inproc::Guest> MakeGuest(const embedding::Engine& engine, size_t memory) {
  auto guest = inproc::Guest::Create(engine.get(), nullptr, memory, nullptr);
  if (guest == nullptr) Die("no session");
  return guest;
}

// Addresses in the guest's memory.
constexpr uint32_t kName = 0;
constexpr uint32_t kHandle = 64;
constexpr uint32_t kDims = 128;
constexpr uint32_t kTensor = 192;
constexpr uint32_t kWritten = 256;
constexpr uint32_t kData = 4096;

// A core module's guest with a context of the echo model.
class WitxGuest {
 public:
  explicit WitxGuest(uint32_t size)
      : size_(size), guest_(MakeGuest(engine_, kData + 2 * size_t{size})) {
    std::memcpy(guest_->memory().data() + kName, "echo", 4);
    Call("load_by_name", {kName, 4, kHandle});
    Call("init_execution_context", {Word(kHandle), kHandle});
    context_ = Word(kHandle);
    Put(kDims, size);
    constexpr uint32_t kU8 = 3;
    const std::array<uint32_t, 5> tensor = {kDims, 1, kU8, kData, size};
    std::memcpy(guest_->memory().data() + kTensor, tensor.data(), sizeof(tensor));
  }

  void Set() { Call(*set_, {context_, 0, kTensor}); }
  void Compute() { Call(*compute_, {context_}); }
  void Get() { Call(*get_, {context_, 0, kData + size_, size_, kWritten}); }

 private:
  static const wasinn_core_import& Find(const char* name) {
    const wasinn_core_import* row = inproc::FindCoreImport("wasi_ephemeral_nn", name);
    if (row == nullptr) Die(name);
    return *row;
  }
  void Call(const char* name, std::initializer_list<uint64_t> args) { Call(Find(name), args); }
  void Call(const wasinn_core_import& row, std::initializer_list<uint64_t> args) {
    uint64_t result = 0;
    const auto state = guest_->Call(row, {args.begin(), args.size()}, &result);
    if (state != WASINN_CALL_DONE || result != 0) Die(guest_->last_error());
  }
  void Put(uint32_t at, uint32_t value) {
    std::memcpy(guest_->memory().data() + at, &value, sizeof(value));
  }
  uint32_t Word(uint32_t at) const {
    uint32_t value;
    std::memcpy(&value, guest_->memory().data() + at, sizeof(value));
    return value;
  }

  const uint32_t size_;
  const embedding::Engine engine_ = MakeEngine();
  const std::unique_ptr<inproc::Guest> guest_;
  const wasinn_core_import* const set_ = &Find("set_input");
  const wasinn_core_import* const compute_ = &Find("compute");
  const wasinn_core_import* const get_ = &Find("get_output");
  uint32_t context_ = 0;
};

// A component's guest, without the adapter's lifting and lowering.
class WitGuest {
 public:
  explicit WitGuest(uint32_t size) : dims_{size}, data_(size), out_(size) {
    wasinn_val name{};
    name.bytes = {"echo", 4};
    graph_ = Call(Find("graph", "load-by-name"), {&name, 1}).word;
    wasinn_val graph{};
    graph.word = graph_;
    context_ = Call(Find("graph", "[method]graph.init-execution-context"), {&graph, 1}).word;
  }

  void Round() {
    std::array<wasinn_val, 3> tensor{};
    tensor[0].bytes = {dims_.data(), sizeof(dims_)};
    constexpr uint32_t kU8 = 4;
    tensor[1].word = kU8;
    tensor[2].bytes = {data_.data(), data_.size()};
    wasinn_val input{};
    input.bytes = {"x", 1};
    input.word = Call(*new_, tensor).word;

    std::array<wasinn_val, 2> inputs{};
    inputs[0].word = context_;
    inputs[1].items = &input;
    inputs[1].item_count = 1;
    const wasinn_val outputs = Call(*compute_, inputs);
    if (outputs.tag != 0 || outputs.item_count != 1) Die("compute failed");

    wasinn_val output{};
    output.word = outputs.items[0].word;
    const wasinn_val bytes = Call(*data_of_, {&output, 1});
    if (bytes.bytes.size != out_.size()) Die("another size came back");
    std::memcpy(out_.data(), bytes.bytes.data, bytes.bytes.size);
    if (bytes.release != nullptr) bytes.release(bytes.owner);
    guest_->Drop(*tensor_, output.word);
  }

 private:
  static std::string Full(const char* interface) {
    return fmt::format("wasi:nn/{}@0.2.0-rc-2024-10-28", interface);
  }
  static const wasinn_component_import& Find(const char* interface, const char* name) {
    const auto* row = inproc::FindComponentImport(Full(interface), name);
    if (row == nullptr) Die(name);
    return *row;
  }
  wasinn_val Call(const wasinn_component_import& row, std::span<const wasinn_val> args) {
    wasinn_val result{};
    if (guest_->Call(row, args, &result) != WASINN_CALL_DONE) Die(guest_->last_error());
    return result;
  }

  const std::array<uint32_t, 1> dims_;
  const std::vector<uint8_t> data_;
  std::vector<uint8_t> out_;
  const embedding::Engine engine_ = MakeEngine();
  const std::unique_ptr<inproc::Guest> guest_ = MakeGuest(engine_, 0);
  const wasinn_component_import* const new_ = &Find("tensor", "[constructor]tensor");
  const wasinn_component_import* const compute_ =
      &Find("inference", "[method]graph-execution-context.compute");
  const wasinn_component_import* const data_of_ = &Find("tensor", "[method]tensor.data");
  const wasinn_component_resource* const tensor_ =
      inproc::FindComponentResource(Full("tensor"), "tensor");
  uint32_t graph_ = 0;
  uint32_t context_ = 0;
};

void WitxRound(benchmark::State& state) {
  WitxGuest guest(static_cast<uint32_t>(state.range(0)));
  for (auto _ : state) {
    guest.Set();
    guest.Compute();
    guest.Get();
  }
}
BENCHMARK(WitxRound)->Arg(4)->Arg(602112);

void WitxSetInput(benchmark::State& state) {
  WitxGuest guest(static_cast<uint32_t>(state.range(0)));
  for (auto _ : state) guest.Set();
}
BENCHMARK(WitxSetInput)->Arg(4)->Arg(602112);

void WitxCompute(benchmark::State& state) {
  WitxGuest guest(4);
  guest.Set();
  for (auto _ : state) guest.Compute();
}
BENCHMARK(WitxCompute);

void WitxGetOutput(benchmark::State& state) {
  WitxGuest guest(static_cast<uint32_t>(state.range(0)));
  guest.Set();
  guest.Compute();
  for (auto _ : state) guest.Get();
}
BENCHMARK(WitxGetOutput)->Arg(4)->Arg(602112);

void WitRound(benchmark::State& state) {
  WitGuest guest(static_cast<uint32_t>(state.range(0)));
  for (auto _ : state) guest.Round();
}
BENCHMARK(WitRound)->Arg(4)->Arg(602112);

void EmbeddedRound(benchmark::State& state) {
  const embedding::Engine engine = MakeEngine();
  auto session = engine.NewSession();
  if (!session) Die(session.error().message);
  auto graph = session->LoadByName("echo");
  if (!graph) Die(graph.error().message);
  auto context = graph->NewContext();
  if (!context) Die(context.error().message);
  const std::array<int64_t, 1> dims = {state.range(0)};
  const std::vector<std::byte> data(static_cast<size_t>(dims[0]));
  for (auto _ : state) {
    if (!context->SetInput("x", {WASINN_DTYPE_U8, dims, data}) || !context->Compute()) {
      Die(session->last_error());
    }
    benchmark::DoNotOptimize(context->GetOutput(0));
  }
}
BENCHMARK(EmbeddedRound)->Arg(4)->Arg(602112);

// One copy, for comparison with the large tensors.
void Memcpy(benchmark::State& state) {
  const std::vector<uint8_t> from(static_cast<size_t>(state.range(0)));
  std::vector<uint8_t> to(from.size());
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size());
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(Memcpy)->Arg(602112);

}  // namespace
}  // namespace wasinn::bench

BENCHMARK_MAIN();
