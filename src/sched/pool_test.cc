#include "sched/pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/core.h"

namespace wasinn {
namespace {

using testing::Eventually;

TEST(PoolTest, RunsJobsInOrderOnOneThread) {
  std::vector<int> order;
  {
    Pool pool(1, "test");
    for (int i = 0; i < 100; ++i) pool.Post([&order, i] { order.push_back(i); });
  }  // the destructor waits for all
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(PoolTest, RunsAsManyAtOnceAsItHasThreadsAndNoMore) {
  std::atomic<int> now{0};
  std::atomic<int> max{0};
  {
    std::latch all(3);
    Pool pool(3, "test");
    for (int i = 0; i < 3; ++i) pool.Post([&] { all.arrive_and_wait(); });
    all.wait();
    for (int i = 0; i < 50; ++i) {
      pool.Post([&] {
        const int n = ++now;
        int seen = max;
        while (n > seen && !max.compare_exchange_weak(seen, n)) {
        }
        std::this_thread::yield();
        --now;
      });
    }
  }
  EXPECT_LE(max, 3);
}

TEST(PoolTest, WhatAJobThrowsEndsWithIt) {
  std::atomic<int> count{0};
  {
    Pool pool(1, "test");
    for (int i = 0; i < 3; ++i) {
      pool.Post([&] {
        ++count;
        throw std::runtime_error("thrown by a job");
      });
    }
    Pool::Prepared prepared = Pool::Prepare();
    prepared.front() = [&] { ++count; };
    pool.Post(std::move(prepared));
  }
  EXPECT_EQ(count, 4);
}

TEST(PoolTest, JobsMayPostJobs) {
  std::atomic<int> count{0};
  {
    std::latch posted(1);
    Pool pool(2, "test");
    pool.Post([&] {
      pool.Post([&] { ++count; });
      ++count;
      posted.count_down();
    });
    posted.wait();
  }
  EXPECT_EQ(count, 2);
}

TEST(PoolTest, MayEndAsSoonAsTheLastJobRan) {
  for (int round = 0; round < 200; ++round) {
    auto pool = std::make_unique<Pool>(1, "test");
    std::latch ran(1);
    std::thread poster([&ran, &pool = *pool] { pool.Post([&ran] { ran.count_down(); }); });
    ran.wait();
    pool.reset();  // while Post may still be on its way out
    poster.join();
  }
}

TEST(PoolTest, AStuckJobGetsAStandInThatGoesAgain) {
  std::atomic<bool> ran{false};
  Pool pool(1, "test");
  for (int round = 0; round < 3; ++round) {
    std::latch stuck(1);
    std::latch go(1);
    std::atomic<bool> left{false};
    pool.Post([&] {
      stuck.count_down();
      go.wait();
      left = true;
    });
    stuck.wait();
    ran = false;
    pool.Post([&] { ran = true; });
    EXPECT_FALSE(ran);
    pool.StuckBegan();
    EXPECT_TRUE(Eventually([&] { return ran.load(); }));
    pool.StuckEnded();
    go.count_down();
    EXPECT_TRUE(Eventually([&] { return left.load(); }));
    // One thread again: two jobs that need each other would hang, so they are run one by one.
    std::atomic<int> now{0};
    std::atomic<int> max{0};
    std::latch done(8);
    for (int i = 0; i < 8; ++i) {
      pool.Post([&] {
        if (++now > max) max = now.load();
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        --now;
        done.count_down();
      });
    }
    done.wait();
    EXPECT_EQ(max, 1);
  }
}

}  // namespace
}  // namespace wasinn
