#include "sched/timer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <vector>

#include "support/core.h"

namespace wasinn {
namespace {

using std::chrono::milliseconds;
using Clock = Timer::Clock;
using testing::Eventually;

TEST(TimerTest, CallsInTheOrderOfTimesAndNeverEarly) {
  std::mutex mutex;
  std::vector<int> order;
  std::latch all(3);
  Timer timer;
  const auto start = Clock::now();
  for (const int ms : {60, 20, 40}) {
    timer.At(start + milliseconds(ms), [&, ms] {
      EXPECT_GE(Clock::now(), start + milliseconds(ms));
      const std::lock_guard lock(mutex);
      order.push_back(ms);
      all.count_down();
    });
  }
  all.wait();
  EXPECT_EQ(order, (std::vector<int>{20, 40, 60}));
}

TEST(TimerTest, ACancelledFunctionIsNotCalled) {
  std::atomic<int> calls{0};
  Timer timer;
  const auto at = Clock::now() + milliseconds(30);
  const auto first = timer.At(at, [&] { calls += 1; });
  timer.At(at, [&] { calls += 10; });  // the same moment
  EXPECT_NE(first, 0u);
  timer.Cancel(first);
  timer.Cancel(first);
  timer.Cancel(0);
  timer.Cancel(12345);
  EXPECT_TRUE(Eventually([&] { return calls == 10; }));
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(calls, 10);
}

TEST(TimerTest, CancelWaitsForTheCallUnderWay) {
  std::latch begun(1);
  std::atomic<bool> ended{false};
  Timer timer;
  const auto id = timer.At(Clock::now(), [&] {
    begun.count_down();
    std::this_thread::sleep_for(milliseconds(50));
    ended = true;
  });
  begun.wait();
  timer.Cancel(id);
  EXPECT_TRUE(ended);
}

TEST(TimerTest, AFunctionMayCancelItselfAndSetTheNext) {
  std::atomic<int> calls{0};
  std::atomic<Timer::Id> id{0};
  std::latch set(1);
  Timer timer;
  id = timer.At(Clock::now(), [&] {
    set.wait();
    timer.Cancel(id);
    timer.At(Clock::now(), [&] { ++calls; });
    ++calls;
  });
  set.count_down();
  EXPECT_TRUE(Eventually([&] { return calls == 2; }));
}

TEST(TimerTest, WhatACancelledFunctionHoldsIsFreed) {
  Timer timer;
  auto held = std::make_shared<int>(1);
  const auto id = timer.At(Clock::now() + std::chrono::hours(1), [held] {});
  EXPECT_EQ(held.use_count(), 2);
  timer.Cancel(id);
  EXPECT_EQ(held.use_count(), 1);
}

// A function that sets its own next time, as an engine's clearing up does, may be under way when
// the timer ends.
TEST(TimerTest, EndsWhileAFunctionSetsTheNextTime) {
  for (int i = 0; i < 20; ++i) {
    std::atomic<int> calls{0};
    {
      std::function<void()> again;  // outlives the timer
      Timer timer;
      again = [&] {
        ++calls;
        std::this_thread::sleep_for(milliseconds(1));
        timer.At(Clock::now(), [&again] { again(); });
      };
      timer.At(Clock::now(), [&again] { again(); });
      Eventually([&] { return calls > 0; });
    }
    EXPECT_GT(calls, 0);
  }
}

TEST(TimerTest, EndsWithTimesStillToCome) {
  Timer timer;
  timer.At(Clock::now() + std::chrono::hours(1), [] { FAIL(); });
}

}  // namespace
}  // namespace wasinn
