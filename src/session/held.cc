#include "session/held.h"

#include <utility>

namespace wasinn {

Result<uint32_t> HeldValues::AddTensor(Tensor tensor) {
  WASINN_CHECK(CheckLimit("max_tensors", policy_.max_tensors, tensors_.size() + 1));
  return tensors_.Add({std::move(tensor), std::nullopt, {}});
}

Result<uint32_t> HeldValues::AddBrokenTensor(Error error) {
  WASINN_CHECK(CheckLimit("max_tensors", policy_.max_tensors, tensors_.size() + 1));
  WASINN_TRY(text, Charge::Take(ledger_, Ledger::Account::kErrorBytes, error.message.size()));
  return tensors_.Add({Tensor{}, std::move(error), std::move(text)});
}

Result<Tensor> HeldValues::FindTensor(uint32_t tensor) const {
  const HeldTensor* held = tensors_.Find(tensor);
  if (held == nullptr) {
    return Fail(Code::kInvalidArgument, "expected a tensor of this session, given handle {}",
                tensor);
  }
  if (held->error) return Fail(*held->error);
  return held->tensor;
}

Result<Tensor> HeldValues::TakeTensor(uint32_t tensor) {
  auto found = FindTensor(tensor);
  DropTensor(tensor);
  return found;
}

Result<uint32_t> HeldValues::AddError(Error error) {
  WASINN_CHECK(CheckLimit("max_errors", policy_.max_errors, errors_.size() + 1));
  const size_t size = error.message.size() + error.host_message.size();
  WASINN_TRY(text, Charge::Take(ledger_, Ledger::Account::kErrorBytes, size));
  WASINN_TRY(bytes, Charge::Take(ledger_, Ledger::Account::kBytes, size));
  return errors_.Add({std::move(error), std::move(text), std::move(bytes)});
}

}  // namespace wasinn
