#include "base/waker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>

namespace wasinn {
namespace {

// A waker that does what a test says.
struct Script {
  std::function<void()> wake;
  const wasinn_waker waker{[](void* self) { static_cast<Script*>(self)->wake(); }, this};
};

TEST(WakerTest, IsCalledOnceForEachTimeItWasSet) {
  WakerSlot slot;
  int called = 0;
  Script script{[&] { ++called; }};
  slot.Fire();
  EXPECT_EQ(called, 0);
  slot.Set(&script.waker);
  slot.Fire();
  slot.Fire();
  EXPECT_EQ(called, 1);
  slot.Set(&script.waker);
  slot.Set(nullptr);
  slot.Fire();
  EXPECT_EQ(called, 1);
}

TEST(WakerTest, MaySetItselfAgainFromInside) {
  WakerSlot slot;
  int called = 0;
  Script script{};
  script.wake = [&] {
    if (++called == 3) return;
    slot.Set(&script.waker);
    slot.Fire();  // comes once this call has ended
    EXPECT_LE(called, 3);
  };
  slot.Set(&script.waker);
  slot.Fire();
  EXPECT_EQ(called, 3);
}

TEST(WakerTest, WhatItThrowsEndsThere) {
  WakerSlot slot;
  Script script{[] { throw 1; }};
  slot.Set(&script.waker);
  slot.Fire();
  slot.Set(nullptr);  // does not wait for ever
}

TEST(WakerTest, IsNotRunningAfterItWasReplaced) {
  WakerSlot slot;
  std::latch begun(1);
  std::atomic<bool> go{false};
  std::atomic<bool> over{false};
  Script script{[&] {
    begun.count_down();
    while (!go) std::this_thread::yield();
    over = true;
  }};
  slot.Set(&script.waker);
  std::thread other([&] { slot.Fire(); });
  begun.wait();
  std::thread opener([&] { go = true; });
  slot.Set(nullptr);
  EXPECT_TRUE(over);
  other.join();
  opener.join();
}

}  // namespace
}  // namespace wasinn
