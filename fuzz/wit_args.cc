// Calls of components with any lifted values and any handles, over all three snapshots, the drafts
// and wasinn's own package: a trap only for the policy's counts of tensors and errors, results of
// the shape that the signature has.
//
// An input is steps: a byte for the row of the import table (or a drop), then its operands.
#include <echo/echo.h>

#include <deque>
#include <memory>
#include <vector>

#include "engine.h"
#include "inproc/inproc.h"
#include "input.h"

namespace wasinn::fuzz {
namespace {

constexpr int kMaxSteps = 48;

SharedEngine& Shared() {
  static SharedEngine* const shared = [] {
    auto* made = new SharedEngine;
    made->AddModel("m", "wasinn-echo\ninput x f32 2\noutput y f32 2\n");
    made->AddModel("n",
                   "wasinn-echo\ninput a any *\ninput b i16 -1,2 optional\n"
                   "input s string -1 optional\noutput c any *\n");
    made->AddBackend(wasinn_backend_echo_generating_entry());
    made->AddModel("p", "wasinn-echo\ninput prompt u8 1,-1\noutput text u8 *\n", "echo-generating");
    return made;
  }();
  return *shared;
}

// Builds arguments by their types' names, which are few.
class Lifter {
 public:
  explicit Lifter(Input& input) : input_(input) {}

  wasinn_val Lift(std::string_view type) {
    wasinn_val val{};
    if (type == "list<u8>" || type == "string") {
      val.bytes = Bytes();
    } else if (type == "list<u32>") {
      std::vector<uint32_t> dims(input_.Byte() % 20);
      for (uint32_t& dim : dims) {
        dim = input_.Byte();
        if (dim == 255) dim = input_.Number<uint32_t>();
      }
      dims_.push_back(std::move(dims));
      val.bytes = {dims_.back().data(), dims_.back().size() * sizeof(uint32_t)};
    } else if (type.starts_with("list<")) {
      std::vector<wasinn_val> items(input_.Byte() % 5);
      for (wasinn_val& item : items) {
        item.bytes = Bytes();
        if (type.starts_with("list<tuple<")) item.word = input_.Byte();
      }
      items_.push_back(std::move(items));
      val.items = items_.back().data();
      val.item_count = items_.back().size();
    } else {
      val.word = input_.Byte();
    }
    return val;
  }

 private:
  wasinn_bytes Bytes() {
    const auto bytes = input_.Take(input_.Byte());
    return {bytes.data(), bytes.size()};
  }

  Input& input_;
  std::deque<std::vector<uint32_t>> dims_;
  std::deque<std::vector<wasinn_val>> items_;
};

// The parameters' types of a signature.
std::vector<std::string_view> Parameters(std::string_view signature) {
  std::vector<std::string_view> types;
  int depth = 0;
  size_t start = 1;
  for (size_t i = 1; i < signature.size(); ++i) {
    const char c = signature[i];
    if (c == '<') ++depth;
    if (c == '>') --depth;
    if (depth == 0 && (c == ',' || c == ')')) {
      if (i > start) types.push_back(signature.substr(start, i - start));
      start = i + 2;
      if (c == ')') break;
    }
  }
  return types;
}

void Call(inproc::Guest& guest, const wasinn_component_import& import, Input& input) {
  Lifter lifter(input);
  std::vector<wasinn_val> args;
  for (const std::string_view type : Parameters(import.signature))
    args.push_back(lifter.Lift(type));
  wasinn_val result{};
  const wasinn_call_state state = guest.Call(import, args, &result);
  if (state == WASINN_CALL_TRAP) {
    const std::string_view why = guest.last_error();
    Require(why.starts_with("policy rule max_tensors") ||
            why.starts_with("policy rule max_errors"));
    return;
  }
  if (state == WASINN_CALL_PENDING) return;
  Require(result.tag <= 1);
  // Read all that was given, as an adapter does when it lowers it.
  unsigned sum = 0;
  const auto read = [&](wasinn_bytes bytes) {
    const auto* first = static_cast<const uint8_t*>(bytes.data);
    for (size_t i = 0; i < bytes.size; ++i) sum += first[i];
  };
  read(result.bytes);
  for (size_t i = 0; i < result.item_count; ++i) read(result.items[i].bytes);
  [[maybe_unused]] static volatile unsigned kept = 0;
  kept = sum;
  if (std::string_view(import.signature).find("own<pollable>") != std::string_view::npos) {
    if (result.tag == 0) (void)inproc::Pollable(result).Ready();
  } else if (result.release != nullptr) {
    result.release(result.owner);
  }
}

void Step(inproc::Guest& guest, Input& input) {
  size_t imports = 0;
  size_t resources = 0;
  const wasinn_component_import* import = wasinn_component_imports(&imports);
  const wasinn_component_resource* resource = wasinn_component_resources(&resources);
  const size_t what = input.Byte() % (imports + resources + 1);
  if (what < imports) {
    Call(guest, import[what], input);
  } else if (what < imports + resources) {
    guest.Drop(resource[what - imports], input.Byte());
  } else {
    guest.set_wait(static_cast<inproc::Wait>(input.Byte() % 3));
  }
}

}  // namespace
}  // namespace wasinn::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wasinn;
  fuzz::Input input(data, size);
  const auto guest =
      inproc::Guest::Create(fuzz::Shared().engine(), fuzz::Shared().policy(), 0, nullptr);
  fuzz::Require(guest != nullptr);
  for (int step = 0; step < fuzz::kMaxSteps && !input.empty(); ++step) fuzz::Step(*guest, input);
  return 0;
}
