// Text that models write to a guest's standard output.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/ledger.h"
#include "base/mutex.h"
#include "base/waker.h"

namespace wasinn {

// Carries the text from a backend's threads to the thread of the guest, which alone writes it: so a
// guest whose output goes nowhere holds up itself and no other guest. What has not been written yet
// counts in the ledger. Any thread.
class GuestOutput {
 public:
  explicit GuestOutput(std::shared_ptr<Ledger> ledger) : ledger_(std::move(ledger)) {}
  GuestOutput(const GuestOutput&) = delete;
  GuestOutput& operator=(const GuestOutput&) = delete;

  // Sets who is told that there is text: once, and again after it was taken. It is not running any
  // more once another one, or nullptr, was set. While nobody listens all text is lost.
  void Listen(void (*told)(void* self), void* self);
  // Copies the text. SECURITY, naming the rule, when the guest may not hold so much.
  Result<> Append(std::string_view text);
  // What has come since; it does not count any more.
  std::string Take();

 private:
  const std::shared_ptr<Ledger> ledger_;
  Mutex mutex_;
  std::optional<wasinn_waker> listener_ GUARDED_BY(mutex_);
  std::string text_ GUARDED_BY(mutex_);
  Charge charge_ GUARDED_BY(mutex_);
  WakerSlot told_;  // the listener, until it was told
};

}  // namespace wasinn
