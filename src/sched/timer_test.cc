#include "sched/timer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <stdexcept>
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

TEST(TimerTest, WhatAFunctionThrowsEndsWithIt) {
  Timer timer;
  std::latch called(2);
  timer.At(Timer::Clock::now(), [&] {
    called.count_down();
    throw std::runtime_error("thrown by a function");
  });
  timer.At(Timer::Clock::now(), [&] { called.count_down(); });
  called.wait();
}

TEST(TimerTest, EveryRepeatsUntilItIsCancelled) {
  Timer timer;
  std::atomic<int> calls{0};
  std::latch thrice(3);
  const Timer::Id id = timer.Every(std::chrono::milliseconds(1), [&] {
    if (++calls <= 3) thrice.count_down();
    throw std::runtime_error("and again");
  });
  thrice.wait();
  timer.Cancel(id);
  const int at_cancel = calls;
  std::latch later(1);
  timer.At(Timer::Clock::now() + std::chrono::milliseconds(20), [&] { later.count_down(); });
  later.wait();
  EXPECT_EQ(calls, at_cancel);
}

TEST(TimerTest, WhatRepeatsMayCancelItself) {
  Timer timer;
  std::atomic<Timer::Id> id{0};
  std::atomic<int> calls{0};
  std::latch set(1);
  std::latch once(1);
  id = timer.Every(std::chrono::milliseconds(1), [&] {
    set.wait();
    ++calls;
    timer.Cancel(id);
    once.count_down();
  });
  set.count_down();
  once.wait();
  std::latch later(1);
  timer.At(Timer::Clock::now() + std::chrono::milliseconds(20), [&] { later.count_down(); });
  later.wait();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace wasinn
