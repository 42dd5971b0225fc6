#include "base/guest_output.h"

#include <utility>

namespace wasinn {

void GuestOutput::Listen(void (*told)(void* self), void* self) {
  std::optional<wasinn_waker> listener;
  if (told != nullptr) listener = wasinn_waker{told, self};
  {
    MutexLock lock(mutex_);
    listener_ = listener;
    text_.clear();
    charge_ = Charge();
  }
  told_.Set(listener ? &*listener : nullptr);
}

Result<> GuestOutput::Append(std::string_view text) {
  {
    MutexLock lock(mutex_);
    if (!listener_ || text.empty()) return {};
    WASINN_TRY(charge, Charge::Take(ledger_, Ledger::Account::kBytes, text.size()));
    text_.append(text);
    charge_.Join(std::move(charge));
  }
  told_.Fire();
  return {};
}

std::string GuestOutput::Take() {
  std::optional<wasinn_waker> listener;
  {
    MutexLock lock(mutex_);
    listener = listener_;
  }
  // Before the text, so that what comes after it is told.
  if (listener) told_.Set(&*listener);
  MutexLock lock(mutex_);
  charge_ = Charge();
  return std::exchange(text_, {});
}

}  // namespace wasinn
