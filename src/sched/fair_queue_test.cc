#include "sched/fair_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace wasinn {
namespace {

using std::chrono::milliseconds;

// One worker, which a first job keeps until all others wait.
class FairQueueTest : public ::testing::Test {
 protected:
  void Hold() {
    queue_.Post(queue_.NewFlow(), [this] { go_.wait(); });
    while (queue_.waiting() != 0) std::this_thread::yield();
  }
  void Post(const std::shared_ptr<FairQueue::Flow>& flow, const std::string& name,
            milliseconds takes = milliseconds(0)) {
    ++posted_;
    queue_.Post(flow, [this, name, takes] {
      std::this_thread::sleep_for(takes);
      const std::lock_guard lock(mutex_);
      order_.push_back(name);
    });
  }
  std::vector<std::string> Order() {
    go_.count_down();
    while (true) {
      const std::lock_guard lock(mutex_);
      if (order_.size() == posted_) return order_;
    }
  }

  std::latch go_{1};
  std::mutex mutex_;
  std::vector<std::string> order_;
  size_t posted_ = 0;
  FairQueue queue_{1, "test"};
};

TEST_F(FairQueueTest, OneComputeDoesNotWaitForThousandOfAnother) {
  Hold();
  const auto many = queue_.NewFlow();
  for (int i = 0; i < 1000; ++i) Post(many, "many");
  Post(queue_.NewFlow(), "one");
  const auto order = Order();
  // At most one of the others comes before it.
  EXPECT_TRUE(order[0] == "one" || order[1] == "one");
}

TEST_F(FairQueueTest, WhoUsedLessTimeGoesFirst) {
  const auto slow = queue_.NewFlow();
  const auto quick = queue_.NewFlow();
  Hold();
  // Both have their turn, the slow one half a second of it.
  for (int i = 0; i < 10; ++i) Post(slow, "slow", milliseconds(50));
  for (int i = 0; i < 10; ++i) Post(quick, "quick");
  const auto order = Order();
  size_t slow_before_the_last_quick = 0;
  for (const std::string& name : order) {
    if (name == "slow") ++slow_before_the_last_quick;
    if (name == "quick" && --posted_ == 10) break;
  }
  EXPECT_LE(slow_before_the_last_quick, 2u);
}

TEST_F(FairQueueTest, JobsOfAFlowKeepTheirOrder) {
  Hold();
  const auto flow = queue_.NewFlow();
  for (int i = 0; i < 100; ++i) Post(flow, std::to_string(i));
  const auto order = Order();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[i], std::to_string(i));
}

TEST_F(FairQueueTest, AHigherPriorityGoesFirst) {
  Hold();
  const auto low = queue_.NewFlow(1);
  const auto high = queue_.NewFlow(2);
  for (int i = 0; i < 5; ++i) Post(low, "low");
  for (int i = 0; i < 5; ++i) Post(high, "high");
  const auto order = Order();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(order[i], i < 5 ? "high" : "low");
}

TEST(FairQueue, AFlowRunsNoMoreJobsAtOnceThanItMay) {
  FairQueue queue(4, "test");
  const auto bounded = queue.NewFlow(0, 2);
  const auto other = queue.NewFlow();
  std::atomic<int> running{0};
  std::atomic<int> max_running{0};
  std::atomic<int> done{0};
  for (int i = 0; i < 200; ++i) {
    queue.Post(i % 4 == 0 ? other : bounded, [&, i] {
      if (i % 4 != 0) {
        const int now = ++running;
        int seen = max_running;
        while (now > seen && !max_running.compare_exchange_weak(seen, now)) {
        }
        std::this_thread::yield();
        --running;
      }
      ++done;
    });
  }
  while (done != 200) std::this_thread::yield();
  EXPECT_LE(max_running, 2);
  EXPECT_EQ(queue.waiting(), 0u);
}

TEST(FairQueue, ManyThreadsPostToManyFlows) {
  FairQueue queue(3, "test");
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t i = 0; i < 500; ++i) queue.Post(queue.NewFlow(i % 3, t), [&] { ++done; });
    });
  }
  for (std::thread& thread : threads) thread.join();
  while (done != 2000) std::this_thread::yield();
}

}  // namespace
}  // namespace wasinn
