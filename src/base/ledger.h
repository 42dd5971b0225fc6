// Accounts for the resources that one session's guest holds, and enforces the session's limits.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace wasinn {

// Fails with SECURITY, naming the rule, if `given` is above the rule's `limit` (0: no limit).
Result<> CheckLimit(std::string_view rule, uint64_t limit, uint64_t given);

// Counts and limits amounts. Each counted object carries its amount, as a Charge or in a buffer,
// and returns it when it is freed, whoever holds it: the count therefore stays correct when a
// session ends or drops a handle while a backend is still at work. All of these share the ledger.
// Any thread.
class Ledger {
 public:
  enum class Account : uint8_t {
    kBytes,       // tensors, inputs, outputs, streams and texts
    kErrorBytes,  // only the texts of errors
    kContexts,
  };
  static constexpr size_t kAccounts = 3;
  // A policy rule; a `maximum` of 0 means no limit.
  struct Limit {
    std::string_view rule;
    uint64_t maximum;
  };
  // `limits` is indexed by account. The ledger exists as long as there are references to it or
  // bytes charged to it.
  static std::shared_ptr<Ledger> Create(const std::array<Limit, kAccounts>& limits);

  // Charges `amount` until GiveBack; a refusal names the rule.
  Result<> Take(Account account, uint64_t amount);
  void GiveBack(Account account, uint64_t amount) noexcept {
    std::atomic<uint64_t>& used = used_[Index(account)];
    if (used.fetch_sub(amount, std::memory_order_acq_rel) == amount && account == Account::kBytes) {
      delete this;
    }
  }
  uint64_t used(Account account) const {
    return used_[Index(account)].load(std::memory_order_relaxed) & (kReferenced - 1);
  }

 private:
  // Bytes keep the ledger alive, so that buffers, of which there are many, need not hold a
  // reference.
  static constexpr uint64_t kReferenced = uint64_t{1} << 62;
  static size_t Index(Account account) { return static_cast<size_t>(account); }

  explicit Ledger(const std::array<Limit, kAccounts>& limits) : limits_(limits) {
    used_[Index(Account::kBytes)] = kReferenced;
  }
  ~Ledger() = default;

  const std::array<Limit, kAccounts> limits_;
  std::array<std::atomic<uint64_t>, kAccounts> used_{};
};

// An amount that is charged to a ledger as long as this object exists. One thread at a time.
class Charge {
 public:
  Charge() = default;
  // Without a ledger nothing is charged.
  static Result<Charge> Take(std::shared_ptr<Ledger> ledger, Ledger::Account account,
                             uint64_t amount);
  Charge(Charge&& other) noexcept
      : ledger_(std::move(other.ledger_)),
        account_(other.account_),
        amount_(std::exchange(other.amount_, 0)) {}
  Charge& operator=(Charge&& other) noexcept {
    std::swap(ledger_, other.ledger_);
    std::swap(account_, other.account_);
    std::swap(amount_, other.amount_);
    return *this;
  }
  ~Charge() {
    if (ledger_ != nullptr) ledger_->GiveBack(account_, amount_);
  }

  // Charges `more` in addition.
  Result<> Grow(uint64_t more);
  // Takes over the amount of another charge to the same account.
  void Join(Charge other) noexcept {
    if (ledger_ == nullptr) std::swap(ledger_, other.ledger_);
    amount_ += std::exchange(other.amount_, 0);
  }

 private:
  std::shared_ptr<Ledger> ledger_;
  Ledger::Account account_ = Ledger::Account::kBytes;
  uint64_t amount_ = 0;
};

}  // namespace wasinn
