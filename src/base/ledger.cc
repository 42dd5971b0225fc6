#include "base/ledger.h"

#include "base/checked.h"

namespace wasinn {

Result<> CheckLimit(std::string_view rule, uint64_t limit, uint64_t given) {
  if (limit == 0 || given <= limit) return {};
  return Fail(Code::kSecurity, "policy rule {}: expected at most {}, given {}", rule, limit, given);
}

std::shared_ptr<Ledger> Ledger::Create(const std::array<Limit, kAccounts>& limits) {
  return {new Ledger(limits),
          [](Ledger* ledger) { ledger->GiveBack(Account::kBytes, kReferenced); }};
}

Result<> Ledger::Take(Account account, uint64_t amount) {
  const Limit& limit = limits_[Index(account)];
  const uint64_t maximum = limit.maximum == 0 ? kReferenced - 1 : limit.maximum;
  std::atomic<uint64_t>& used = used_[Index(account)];
  uint64_t before = used.load(std::memory_order_relaxed);
  do {
    const uint64_t after = CheckedAdd(before & (kReferenced - 1), amount).value_or(UINT64_MAX);
    if (after > maximum) return CheckLimit(limit.rule, maximum, after);
  } while (!used.compare_exchange_weak(before, before + amount, std::memory_order_relaxed));
  return {};
}

Result<Charge> Charge::Take(std::shared_ptr<Ledger> ledger, Ledger::Account account,
                            uint64_t amount) {
  Charge charge;
  charge.account_ = account;
  charge.ledger_ = std::move(ledger);
  WASINN_CHECK(charge.Grow(amount));
  return charge;
}

Result<> Charge::Grow(uint64_t more) {
  if (ledger_ == nullptr) return {};
  WASINN_CHECK(ledger_->Take(account_, more));
  amount_ += more;
  return {};
}

}  // namespace wasinn
