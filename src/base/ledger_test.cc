#include "base/ledger.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace wasinn {
namespace {

using Account = Ledger::Account;

std::shared_ptr<Ledger> Make(uint64_t bytes, uint64_t contexts = 0) {
  return Ledger::Create(
      {{{"max_bytes", bytes}, {"max_error_bytes", 0}, {"max_contexts", contexts}}});
}

TEST(LedgerTest, AChargeCountsUntilItEnds) {
  const auto ledger = Make(10, 1);
  auto first = Charge::Take(ledger, Account::kBytes, 6);
  ASSERT_TRUE(first);
  const auto refused = Charge::Take(ledger, Account::kBytes, 5);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kSecurity);
  EXPECT_EQ(refused.error().message, "policy rule max_bytes: expected at most 10, given 11");
  EXPECT_EQ(ledger->used(Account::kBytes), 6u);
  EXPECT_TRUE(Charge::Take(ledger, Account::kContexts, 1));  // another account
  Charge moved = std::move(*first);
  EXPECT_TRUE(moved.Grow(4));
  EXPECT_FALSE(moved.Grow(1));
  EXPECT_EQ(ledger->used(Account::kBytes), 10u);
  Charge joined;
  joined.Join(std::move(moved));
  EXPECT_EQ(ledger->used(Account::kBytes), 10u);
  joined = Charge();
  EXPECT_EQ(ledger->used(Account::kBytes), 0u);
  EXPECT_EQ(ledger->used(Account::kContexts), 0u);
}

TEST(LedgerTest, WithoutALimitOnlyWhatCannotBeCountedIsRefused) {
  const auto ledger = Make(0);
  constexpr uint64_t kMax = (uint64_t{1} << 62) - 1;
  for (const uint64_t much : {kMax + 1, UINT64_MAX}) {
    EXPECT_FALSE(Charge::Take(ledger, Account::kBytes, much));
  }
  auto charge = Charge::Take(ledger, Account::kBytes, kMax);
  ASSERT_TRUE(charge);
  EXPECT_FALSE(charge->Grow(1));
  EXPECT_EQ(ledger->used(Account::kBytes), kMax);
  EXPECT_TRUE(Charge::Take(nullptr, Account::kBytes, 1));
}

TEST(LedgerTest, ItLivesAsLongAsBytesCountInIt) {
  Ledger* ledger = nullptr;
  {
    const auto owner = Make(10);
    ledger = owner.get();
    ASSERT_TRUE(ledger->Take(Account::kBytes, 4));
    ASSERT_TRUE(ledger->Take(Account::kBytes, 6));
  }
  ledger->GiveBack(Account::kBytes, 4);
  EXPECT_EQ(ledger->used(Account::kBytes), 6u);
  EXPECT_FALSE(ledger->Take(Account::kBytes, 5));
  ledger->GiveBack(Account::kBytes, 6);  // and now it is gone: a leak checker would tell
}

TEST(LedgerTest, ThreadsNeverPassTheLimitTogether) {
  const auto ledger = Make(100);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10000; ++i) {
        const auto charge = Charge::Take(ledger, Account::kBytes, 40);
        EXPECT_LE(ledger->used(Account::kBytes), 100u);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ledger->used(Account::kBytes), 0u);
}

}  // namespace
}  // namespace wasinn
