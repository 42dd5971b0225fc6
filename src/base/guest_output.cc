#include "base/guest_output.h"

#include <utility>

namespace wasinn {

void GuestOutput::Listen(void (*told)(void* self), void* self) {
  MutexLock lock(mutex_);
  told_ = told;
  self_ = self;
  text_.clear();
  charge_ = Charge();
}

Result<> GuestOutput::Append(std::string_view text) {
  MutexLock lock(mutex_);
  if (told_ == nullptr || text.empty()) return {};
  WASINN_TRY(charge, Charge::Take(ledger_, Ledger::Account::kBytes, text.size()));
  const bool first = text_.empty();
  text_.append(text);
  charge_.Join(std::move(charge));
  if (first) told_(self_);
  return {};
}

std::string GuestOutput::Take() {
  MutexLock lock(mutex_);
  charge_ = Charge();
  return std::exchange(text_, {});
}

}  // namespace wasinn
