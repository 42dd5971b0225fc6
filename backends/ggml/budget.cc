#include "ggml/budget.h"

#include <common/jinja/runtime.h>

#include <cstddef>
#include <exception>
#include <new>
#include <utility>

// The linker puts the functions __wrap_X of this file in the place of X, which are then __real_X;
// see wasinn_backend_ggml_objects. llama.cpp itself has no way to stop a template. Only what a
// template itself allocates counts: around it there is code that may not fail there.
namespace wasinn::ggml {
namespace {

constexpr int64_t kMostSteps = 20'000'000;
constexpr int64_t kMostBytes = int64_t{512} << 20;
constexpr ptrdiff_t kMostStack = ptrdiff_t{160} << 20;
// llama.cpp tries a template in several ways and takes a failure as an answer, so that each further
// try has only so much.
constexpr int64_t kStepsAfterwards = 10'000;
constexpr size_t kMostSource = 256 << 10;
constexpr size_t kMostNested = 256;

struct State {
  bool counts = false;
  bool running = false;  // a template
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
  const bool deep = state.stack - static_cast<const char*>(__builtin_frame_address(0)) > kMostStack;
  if (--state.steps > 0 && state.bytes < kMostBytes && !deep) return;
  // What an exception destroys may allocate.
  if (std::uncaught_exceptions() > 0) return;
  state.steps = kStepsAfterwards;
  throw Exceeded();
}

}  // namespace

TemplateBudget::TemplateBudget() {
  state = {};
  state.counts = true;
  state.steps = kMostSteps;
  state.stack = static_cast<const char*>(__builtin_frame_address(0));
}

TemplateBudget::~TemplateBudget() { state = {}; }

std::string CheckTemplate(const std::string& source) {
  if (source.size() > kMostSource) {
    return "it has more than " + std::to_string(kMostSource) + " bytes";
  }
  size_t depth = 0;
  for (const char c : source) {
    if ((c == '(' || c == '[' || c == '{') && ++depth > kMostNested) {
      return "its brackets are nested deeper than " + std::to_string(kMostNested);
    }
    if ((c == ')' || c == ']' || c == '}') && depth > 0) --depth;
  }
  return {};
}

}  // namespace wasinn::ggml

// ------------------------------------------------------------------ in the place of others

// `operator new(size_t)` and `operator delete(void*, size_t)`.
void* RealNew(size_t size) asm("__real__Znwm");
void* CountedNew(size_t size) asm("__wrap__Znwm");
void RealDelete(void* data, size_t size) noexcept asm("__real__ZdlPvm");
void CountedDelete(void* data, size_t size) noexcept asm("__wrap__ZdlPvm");
// `jinja::statement::execute`, where others than statements call it: a whole template.
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
