#include "dialect/open_call.h"

namespace wasinn {
namespace {

Error WrongKind(std::string_view expected) {
  return {Code::kInvalidArgument, fmt::format("expected a call of {}, given another one", expected),
          0};
}

}  // namespace

wasinn_call_state OpenCall::FinishCore(wasinn_memory, uint64_t*) {
  session_.Remember(WrongKind("a core module"));
  return WASINN_CALL_TRAP;
}

wasinn_call_state OpenCall::FinishComponent(wasinn_val*) {
  session_.Remember(WrongKind("a component"));
  return WASINN_CALL_TRAP;
}

Result<uint32_t> OpenCall::Take() { return Fail(WrongKind("wasinn_session_start_...")); }

}  // namespace wasinn
