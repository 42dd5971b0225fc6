#include "ggml/budget.h"

#include <common/jinja/runtime.h>

#include <cstddef>
#include <exception>
#include <new>
#include <utility>

// The linker replaces each function X by __wrap_X of this file and renames X to __real_X; see
// wasinn_backend_ggml_objects. llama.cpp itself has no way to stop a template. Only allocations of
// the template itself count, because the code around it must not fail.
namespace wasinn::ggml {
namespace {

constexpr int64_t kMaxSteps = 20'000'000;
constexpr int64_t kMaxBytes = int64_t{512} << 20;
constexpr ptrdiff_t kMaxStack = ptrdiff_t{160} << 20;
// llama.cpp tries a template in several ways and treats a failure as a result, so each further try
// gets a smaller budget.
constexpr int64_t kStepsAfterwards = 10'000;
constexpr size_t kMaxSource = 256 << 10;
constexpr size_t kMaxNested = 256;

struct State {
  bool counts = false;
  bool running = false;  // whether a template is running
  int64_t steps = 0;
  int64_t bytes = 0;
  const char* stack = nullptr;
};
thread_local State state;

class Exceeded : public std::bad_alloc {
 public:
  const char* what() const noexcept override {
    return "the template does more than a template may: it runs for too long, is too deep in "
           "calls, or takes too much memory";
  }
};

void Count(size_t size) {
  state.bytes += static_cast<int64_t>(size);
  const bool deep = state.stack - static_cast<const char*>(__builtin_frame_address(0)) > kMaxStack;
  if (--state.steps > 0 && state.bytes < kMaxBytes && !deep) return;
  // Destructors that run during an exception may allocate.
  if (std::uncaught_exceptions() > 0) return;
  state.steps = kStepsAfterwards;
  throw Exceeded();
}

}  // namespace

TemplateBudget::TemplateBudget() {
  state = {};
  state.counts = true;
  state.steps = kMaxSteps;
  state.stack = static_cast<const char*>(__builtin_frame_address(0));
}

TemplateBudget::~TemplateBudget() { state = {}; }

std::string CheckTemplate(const std::string& source) {
  if (source.size() > kMaxSource) {
    return "it has more than " + std::to_string(kMaxSource) + " bytes";
  }
  size_t depth = 0;
  for (const char c : source) {
    if ((c == '(' || c == '[' || c == '{') && ++depth > kMaxNested) {
      return "its brackets are nested deeper than " + std::to_string(kMaxNested);
    }
    if ((c == ')' || c == ']' || c == '}') && depth > 0) --depth;
  }
  return {};
}

}  // namespace wasinn::ggml

// ------------------------------------------------------------------ replaced functions

// `operator new(size_t)` and `operator delete(void*, size_t)`.
void* RealNew(size_t size) asm("__real__Znwm");
void* CountedNew(size_t size) asm("__wrap__Znwm");
void RealDelete(void* data, size_t size) noexcept asm("__real__ZdlPvm");
void CountedDelete(void* data, size_t size) noexcept asm("__wrap__ZdlPvm");
// `jinja::statement::execute`, when it is not called by another statement: it runs a whole
// template.
jinja::value RealExecute(const jinja::statement* statement, jinja::context& context) asm(
    "__real__ZNK5jinja9statement7executeERNS_7contextE");
jinja::value CountedExecute(const jinja::statement* statement, jinja::context& context) asm(
    "__wrap__ZNK5jinja9statement7executeERNS_7contextE");

void* CountedNew(size_t size) {
  if (wasinn::ggml::state.running) wasinn::ggml::Count(size);
  return RealNew(size);
}

void CountedDelete(void* data, size_t size) noexcept {
  if (wasinn::ggml::state.running && data != nullptr) {
    wasinn::ggml::state.bytes -= static_cast<int64_t>(size);
  }
  RealDelete(data, size);
}

jinja::value CountedExecute(const jinja::statement* statement, jinja::context& context) {
  using wasinn::ggml::state;
  struct Running {
    const bool before = std::exchange(state.running, state.counts);
    ~Running() { state.running = before; }
  } running;
  return RealExecute(statement, context);
}
