// What the guest of one session has caused and still holds, against the session's limits.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace wasinn {

// Refuses when `given` is above the rule's `limit` (0: none). SECURITY, naming the rule.
Result<> CheckLimit(std::string_view rule, uint64_t limit, uint64_t given);

// Counts and limits. Whatever counts lives with the thing that is counted, as a Charge or in a
// buffer, and is given back when that ends, wherever it was held: so nothing is forgotten when a
// session ends or drops a handle while a backend is still at work. Shared by all of these. Any
// thread.
class Ledger {
 public:
  enum class Account : uint8_t {
    kBytes,       // of tensors, inputs, outputs, streams and texts
    kErrorBytes,  // of texts of errors alone
    kContexts,
  };
  static constexpr size_t kAccounts = 3;
  // A policy rule; `maximum` 0 is no limit.
  struct Limit {
    std::string_view rule;
    uint64_t maximum;
  };
  // `limits` by account. The ledger lives as long as its references and as long as bytes count in
  // it.
  static std::shared_ptr<Ledger> Create(const std::array<Limit, kAccounts>& limits);

  // Counts `amount` until GiveBack; refuses with the rule's name.
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
  // Counted in the account of bytes while there are references, so that a buffer, of which there
  // are many, need not be one.
  static constexpr uint64_t kReferenced = uint64_t{1} << 62;
  static size_t Index(Account account) { return static_cast<size_t>(account); }

  explicit Ledger(const std::array<Limit, kAccounts>& limits) : limits_(limits) {
    used_[Index(Account::kBytes)] = kReferenced;
  }
  ~Ledger() = default;

  const std::array<Limit, kAccounts> limits_;
  std::array<std::atomic<uint64_t>, kAccounts> used_{};
};

// An amount that counts for as long as this lives. One thread at a time.
class Charge {
 public:
  Charge() = default;
  // Without a ledger nothing counts.
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

  // Counts `more` on top.
  Result<> Grow(uint64_t more);
  // Takes over what another one of the same account counts.
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
