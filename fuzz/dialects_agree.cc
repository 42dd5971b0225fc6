// Makes the same calls through wasi_ephemeral_nn, WAMR's legacy module and components, which must
// give the same outputs byte for byte, or errors with the same meaning.
//
// An input is a byte for the model, then rounds: one input set, a compute, one output read.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine.h"
#include "inproc/inproc.h"
#include "input.h"

namespace wasinn::fuzz {
namespace {

constexpr int kMaxRounds = 8;
constexpr std::array<std::string_view, 6> kNames = {"floats", "any",    "carried",
                                                    "two",    "stream", "none"};

// The types that all three can name, with the number in each.
struct TypeNumbers {
  uint32_t witx;
  uint32_t legacy;
  uint32_t wit;
  size_t size;
};
constexpr std::array kTypes = {TypeNumbers{0, 0, 0, 2}, TypeNumbers{1, 1, 1, 4},
                               TypeNumbers{3, 2, 4, 1}, TypeNumbers{4, 3, 5, 4}};

SharedEngine& Shared() {
  static SharedEngine* const shared = [] {
    auto* made = new SharedEngine;
    made->Set("compute_timeout", "0");
    // The meaning of the length in one dialect has no counterpart in the others.
    made->Set("compat", "tensor_types=new");
    made->AddModel("floats", "wasinn-echo\ninput x f32 2,-1\noutput y f32 2,-1\n");
    made->AddModel("any", "wasinn-echo\ninput x any *\noutput y any *\n");
    made->AddModel("carried", "wasinn-echo\ninput x i16 -1,2\noutput y i16 -1,2\n");
    made->AddModel("two",
                   "wasinn-echo\ninput a u8 -1\ninput b i32 *\ninput c string -1 optional\n"
                   "output d u8 -1\noutput e i32 *\n");
    made->AddModel("stream", "wasinn-echo\ninput x u8 -1\noutput y u8 -1\noption chunk_bytes 3\n");
    return made;
  }();
  return *shared;
}

// The outcome of a call, in terms that all dialects share.
enum class Outcome { kGood, kArgument, kEncoding, kFailed, kRefused, kTooLarge, kNotFound };

Outcome OfErrno(uint64_t number) {
  switch (number) {
    case 0:
      return Outcome::kGood;
    case 1:
      return Outcome::kArgument;
    case 2:
      return Outcome::kEncoding;
    case 6:
      return Outcome::kRefused;
    case 7:
      return Outcome::kTooLarge;
    case 8:
      return Outcome::kNotFound;
    default:
      return Outcome::kFailed;
  }
}

Outcome OfErrorCode(uint32_t number) {
  constexpr std::array kCodes = {Outcome::kArgument, Outcome::kEncoding, Outcome::kFailed,
                                 Outcome::kFailed,   Outcome::kRefused,  Outcome::kTooLarge,
                                 Outcome::kNotFound, Outcome::kRefused,  Outcome::kFailed};
  Require(number < kCodes.size());
  return kCodes[number];
}

struct GivenTensor {
  TypeNumbers type;
  std::vector<uint32_t> dims;
  std::span<const uint8_t> data;
};

// A guest of one dialect: one graph and one context.
class Guest {
 public:
  explicit Guest(size_t memory)
      : guest_(inproc::Guest::Create(Shared().engine(), Shared().policy(), memory, nullptr)) {
    Require(guest_ != nullptr);
  }
  virtual ~Guest() = default;
  virtual Outcome Open(std::string_view name) = 0;
  virtual Outcome SetInput(uint32_t port, const GivenTensor& tensor) = 0;
  virtual Outcome Compute() = 0;
  virtual Outcome GetOutput(uint32_t port, std::vector<uint8_t>& out) = 0;
  void set_wait(inproc::Wait wait) { guest_->set_wait(wait); }

 protected:
  const std::unique_ptr<inproc::Guest> guest_;
};

class CoreGuest : public Guest {
 public:
  explicit CoreGuest(const char* module) : Guest(kMemory), module_(module) {}

  Outcome Open(std::string_view name) override {
    std::memcpy(At(kData), name.data(), name.size());
    const Outcome loaded = Call("load_by_name", {kData, name.size(), kResult});
    if (loaded != Outcome::kGood) return loaded;
    const Outcome made = Call("init_execution_context", {Word(kResult), kResult});
    context_ = Word(kResult);
    return made;
  }
  Outcome Compute() override { return Call("compute", {context_}); }

 protected:
  static constexpr size_t kMemory = 16384;
  static constexpr uint32_t kResult = 0;
  static constexpr uint32_t kRecord = 16;
  static constexpr uint32_t kList = 48;
  static constexpr uint32_t kDims = 64;
  static constexpr uint32_t kData = 256;
  static constexpr uint32_t kOut = 8192;

  uint8_t* At(uint32_t address) { return guest_->memory().data() + address; }
  uint32_t Word(uint32_t address) {
    uint32_t word = 0;
    std::memcpy(&word, At(address), sizeof(word));
    return word;
  }
  void Put(uint32_t address, std::initializer_list<size_t> words) {
    for (const size_t value : words) {
      const auto word = static_cast<uint32_t>(value);
      std::memcpy(At(address), &word, sizeof(word));
      address += sizeof(word);
    }
  }
  void PutTensor(const GivenTensor& tensor) {
    std::ranges::copy(std::as_bytes(std::span(tensor.dims)),
                      reinterpret_cast<std::byte*>(At(kDims)));
    std::ranges::copy(tensor.data, At(kData));
  }
  Outcome Call(const char* function, std::initializer_list<uint64_t> args) {
    uint64_t result = 0;
    Require(guest_->Call(*inproc::FindCoreImport(module_, function), {args.begin(), args.size()},
                         &result) == WASINN_CALL_DONE);
    return OfErrno(result);
  }

  const char* const module_;
  uint32_t context_ = 0;
};

class WitxGuest : public CoreGuest {
 public:
  WitxGuest() : CoreGuest("wasi_ephemeral_nn") {}
  Outcome SetInput(uint32_t port, const GivenTensor& tensor) override {
    PutTensor(tensor);
    Put(kRecord, {kDims, tensor.dims.size(), tensor.type.witx, kData, tensor.data.size()});
    return Call("set_input", {context_, port, kRecord});
  }
  Outcome GetOutput(uint32_t port, std::vector<uint8_t>& out) override {
    const Outcome outcome = Call("get_output", {context_, port, kOut, kMemory - kOut, kResult});
    if (outcome == Outcome::kGood) out.assign(At(kOut), At(kOut) + Word(kResult));
    return outcome;
  }
};

class LegacyGuest : public CoreGuest {
 public:
  LegacyGuest() : CoreGuest("wasi_nn") {}
  Outcome SetInput(uint32_t port, const GivenTensor& tensor) override {
    PutTensor(tensor);
    Put(kList, {kDims, tensor.dims.size()});
    Put(kRecord, {kList, tensor.type.legacy, kData});
    return Call("set_input", {context_, port, kRecord});
  }
  // Up to three bytes more than the output, since its size counts f32 elements.
  Outcome GetOutput(uint32_t port, std::vector<uint8_t>& out) override {
    Put(kResult, {(kMemory - kOut) / 4});
    const Outcome outcome = Call("get_output", {context_, port, kOut, kResult});
    if (outcome == Outcome::kGood) out.assign(At(kOut), At(kOut) + size_t{Word(kResult)} * 4);
    return outcome;
  }
};

// The snapshot whose contexts keep their inputs, as in core modules.
class WitGuest : public Guest {
 public:
  WitGuest() : Guest(0) {}
  Outcome Open(std::string_view name) override {
    if (const Outcome loaded = Call("graph", "load-by-name", {Text(name)});
        loaded != Outcome::kGood) {
      return loaded;
    }
    const Outcome made =
        Call("graph", "[method]graph.init-execution-context", {Handle(result_.word)});
    context_ = result_.word;
    return made;
  }
  Outcome SetInput(uint32_t port, const GivenTensor& tensor) override {
    wasinn_val dims{};
    dims.bytes = {tensor.dims.data(), tensor.dims.size() * sizeof(uint32_t)};
    wasinn_val data{};
    data.bytes = {tensor.data.data(), tensor.data.size()};
    wasinn_val type{};
    type.word = tensor.type.wit;
    const wasinn_val args[] = {dims, type, data};
    wasinn_val made{};
    Require(guest_->Call(*Find("tensor", "[constructor]tensor"), args, &made) == WASINN_CALL_DONE);
    const std::string name = std::to_string(port);
    return Call("inference", "[method]graph-execution-context.set-input",
                {Handle(context_), Text(name), Handle(made.word)});
  }
  Outcome Compute() override {
    return Call("inference", "[method]graph-execution-context.compute", {Handle(context_)});
  }
  Outcome GetOutput(uint32_t port, std::vector<uint8_t>& out) override {
    const std::string name = std::to_string(port);
    const Outcome outcome = Call("inference", "[method]graph-execution-context.get-output",
                                 {Handle(context_), Text(name)});
    if (outcome != Outcome::kGood) return outcome;
    const uint32_t tensor = result_.word;
    const wasinn_val self = Handle(tensor);
    wasinn_val data{};
    Require(guest_->Call(*Find("tensor", "[method]tensor.data"), {&self, 1}, &data) ==
            WASINN_CALL_DONE);
    const auto* bytes = static_cast<const uint8_t*>(data.bytes.data);
    out.assign(bytes, bytes + data.bytes.size);
    if (data.release != nullptr) data.release(data.owner);
    guest_->Drop(*inproc::FindComponentResource(Interface("tensor"), "tensor"), tensor);
    return outcome;
  }

 private:
  static std::string Interface(std::string_view name) {
    return "wasi:nn/" + std::string(name) + "@0.2.0-rc-2024-08-19";
  }
  static const wasinn_component_import* Find(std::string_view interface, std::string_view name) {
    const auto* import = inproc::FindComponentImport(Interface(interface), name);
    Require(import != nullptr);
    return import;
  }
  static wasinn_val Handle(uint32_t handle) {
    wasinn_val val{};
    val.word = handle;
    return val;
  }
  static wasinn_val Text(std::string_view text) {
    wasinn_val val{};
    val.bytes = {text.data(), text.size()};
    return val;
  }
  Outcome Call(std::string_view interface, std::string_view name,
               std::initializer_list<wasinn_val> args) {
    result_ = {};
    Require(guest_->Call(*Find(interface, name), {args.begin(), args.size()}, &result_) ==
            WASINN_CALL_DONE);
    if (result_.tag == 0) return Outcome::kGood;
    const uint32_t error = result_.word;
    const wasinn_val self = Handle(error);
    wasinn_val code{};
    Require(guest_->Call(*Find("errors", "[method]error.code"), {&self, 1}, &code) ==
            WASINN_CALL_DONE);
    guest_->Drop(*inproc::FindComponentResource(Interface("errors"), "error"), error);
    return OfErrorCode(code.word);
  }

  wasinn_val result_{};
  uint32_t context_ = 0;
};

GivenTensor ReadTensor(Input& input) {
  GivenTensor tensor{kTypes[input.Byte() % kTypes.size()], {}, {}};
  tensor.dims.resize(input.Byte() % 18);
  for (uint32_t& dim : tensor.dims) {
    dim = input.Byte();
    if (dim == 255) dim = input.Number<uint32_t>();
  }
  tensor.data = input.Take(input.Byte());
  return tensor;
}

// Whether the dims match the length of the data: the legacy dialect has no other length.
bool HasItsLength(const GivenTensor& tensor) {
  if (std::ranges::find(tensor.dims, 0u) != tensor.dims.end()) return tensor.data.empty();
  uint64_t size = tensor.type.size;
  for (const uint32_t dim : tensor.dims) {
    if (size > UINT32_MAX) return false;
    size *= dim;
  }
  return size == tensor.data.size();
}

void Run(Input input) {
  WitxGuest witx;
  LegacyGuest legacy;
  WitGuest wit;
  const std::array<Guest*, 3> guests = {&witx, &legacy, &wit};
  const uint8_t first = input.Byte();
  for (Guest* guest : guests) {
    guest->set_wait(first & 0x80 ? inproc::Wait::kWaker : inproc::Wait::kBlock);
  }
  const auto same = [&](auto call) {
    const Outcome outcome = call(*guests[0]);
    Require(call(*guests[1]) == outcome);
    Require(call(*guests[2]) == outcome);
    return outcome;
  };
  const std::string_view name = kNames[(first & 0x7f) % kNames.size()];
  if (same([&](Guest& guest) { return guest.Open(name); }) != Outcome::kGood) return;
  for (int round = 0; round < kMaxRounds && !input.empty(); ++round) {
    const uint8_t ports = input.Byte();
    const uint32_t in = ports % 4;
    const uint32_t out = ports / 4 % 4;
    const GivenTensor tensor = ReadTensor(input);
    const Outcome set = witx.SetInput(in, tensor);
    if (HasItsLength(tensor)) Require(legacy.SetInput(in, tensor) == set);
    const Outcome wit_set = wit.SetInput(in, tensor);
    // Core modules number their inputs, components name them.
    Require(wit_set == set || (wit_set == Outcome::kNotFound && set == Outcome::kArgument));
    // A type that is passed as bytes may have a length that the legacy dialect cannot express.
    if (!HasItsLength(tensor) && set == Outcome::kGood) return;
    same([](Guest& guest) { return guest.Compute(); });
    std::array<std::vector<uint8_t>, 3> outputs;
    std::array<Outcome, 3> read{};
    for (size_t i = 0; i < guests.size(); ++i) read[i] = guests[i]->GetOutput(out, outputs[i]);
    Require(read[1] == read[0]);
    Require(read[2] == read[0] || (read[2] == Outcome::kNotFound && read[0] == Outcome::kArgument));
    Require(outputs[2] == outputs[0]);
    Require(outputs[1].size() == (outputs[0].size() + 3) / 4 * 4);
    outputs[1].resize(outputs[0].size());
    Require(outputs[1] == outputs[0]);
  }
}

}  // namespace
}  // namespace wasinn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  wasinn::fuzz::Run(wasinn::fuzz::Input(data, size));
  return 0;
}
