// Tensors and errors that a component's guest holds.
#pragma once

#include <memory>
#include <optional>

#include "base/ledger.h"
#include "session/policy.h"
#include "session/slots.h"
#include "tensor/tensor.h"

namespace wasinn {

// Under their limits; handles are used again. One thread at a time.
class HeldValues {
 public:
  HeldValues(const Policy& policy, std::shared_ptr<Ledger> ledger)
      : policy_(policy), ledger_(std::move(ledger)) {}

  // Its bytes count already, once for all that share them.
  Result<uint32_t> AddTensor(Tensor tensor);
  // For a constructor that cannot fail: the tensor exists and each use of it gives `error`.
  Result<uint32_t> AddBrokenTensor(Error error);
  Result<Tensor> FindTensor(uint32_t tensor) const;
  // Takes it out.
  Result<Tensor> TakeTensor(uint32_t tensor);
  void DropTensor(uint32_t tensor) { tensors_.Remove(tensor); }

  Result<uint32_t> AddError(Error error);
  const Error* FindError(uint32_t error) const {
    const HeldError* held = errors_.Find(error);
    return held == nullptr ? nullptr : &held->error;
  }
  void DropError(uint32_t error) noexcept { errors_.Remove(error); }

 private:
  struct HeldTensor {
    Tensor tensor;
    std::optional<Error> error;
    Charge text;
  };
  struct HeldError {
    Error error;
    Charge text;
    Charge bytes;
  };

  const Policy& policy_;
  const std::shared_ptr<Ledger> ledger_;
  Slots<HeldTensor> tensors_;
  Slots<HeldError> errors_;
};

}  // namespace wasinn
