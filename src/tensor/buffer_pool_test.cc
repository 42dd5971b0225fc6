#include "tensor/buffer_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

#include "base/os.h"

namespace wasinn {
namespace {

using std::chrono::hours;

class BufferPoolTest : public ::testing::Test {
 protected:
  ~BufferPoolTest() override { pool_->Close(); }
  static constexpr uint64_t kLimit = 64 << 20;
  BufferPool* const pool_ = BufferPool::Create(kLimit);
};

TEST_F(BufferPoolTest, BytesAreAlignedAndUsableAtEverySize) {
  for (const uint64_t size : {0, 1, 63, 64, 65, 191, 192, 193, 1000, 4096, 262143, 262144, 300000,
                              1 << 20, (1 << 20) + 1, 5'000'000}) {
    auto buffer = pool_->Allocate(size);
    ASSERT_TRUE(buffer) << size;
    EXPECT_EQ(buffer->size(), size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer->data()) % 64, 0u) << size;
    std::memset(buffer->data(), 0xAB, size);
  }
}

TEST_F(BufferPoolTest, AFreedBlockIsUsedAgain) {
  auto first = pool_->Allocate(100'000);
  const void* data = first->data();
  *first = BufferRef();
  EXPECT_EQ(pool_->GetStats().in_use, 0u);
  EXPECT_GE(pool_->GetStats().idle, 100'000u);
  const auto second = pool_->Allocate(99'000);  // the same class
  EXPECT_EQ(second->data(), data);
  EXPECT_EQ(second->size(), 99'000u);
  EXPECT_EQ(pool_->GetStats().idle, 0u);
}

TEST_F(BufferPoolTest, RoundingLosesAtMostAQuarter) {
  for (uint64_t size = 4096; size < (1 << 20); size = size * 5 / 4 + 1) {
    const auto buffer = pool_->Allocate(size);
    EXPECT_LE(pool_->GetStats().in_use, (size + 64) * 5 / 4 + 64) << size;
  }
}

TEST_F(BufferPoolTest, TheLimitHoldsAndFreesAgain) {
  auto first = pool_->Allocate(kLimit / 2);
  ASSERT_TRUE(first);
  const auto second = pool_->Allocate(kLimit / 2);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kTooLarge);
  EXPECT_NE(second.error().message.find("given 33554432 more"), std::string::npos)
      << second.error().message;
  *first = BufferRef();
  EXPECT_TRUE(pool_->Allocate(kLimit / 2));
  for (const uint64_t size : {kLimit + 1, uint64_t{1} << 46, (uint64_t{1} << 46) + 1, UINT64_MAX}) {
    EXPECT_FALSE(pool_->Allocate(size)) << size;
  }
  EXPECT_EQ(pool_->GetStats().in_use, 0u);
}

TEST_F(BufferPoolTest, IdleBlocksOfOtherSizesMakeRoomUnderTheLimit) {
  for (uint64_t size = 1 << 20; size <= (16 << 20); size *= 2) {
    EXPECT_TRUE(pool_->Allocate(size));
  }
  EXPECT_GT(pool_->GetStats().idle, 30u << 20);
  const auto large = pool_->Allocate(40 << 20);
  ASSERT_TRUE(large);
  const auto stats = pool_->GetStats();
  EXPECT_LE(stats.in_use + stats.idle, kLimit);
}

TEST_F(BufferPoolTest, TrimGivesMemoryBackToTheSystem) {
  constexpr uint64_t kSize = 48 << 20;
  const uint64_t before = os::ResidentMemory();
  {
    auto buffer = pool_->Allocate(kSize);
    ASSERT_TRUE(buffer);
    std::memset(buffer->data(), 1, kSize);
    EXPECT_GT(os::ResidentMemory(), before + kSize / 2);
  }
  pool_->Trim(hours(1));  // too young
  EXPECT_GE(pool_->GetStats().idle, kSize);
  pool_->Trim({});
  EXPECT_EQ(pool_->GetStats().idle, 0u);
  EXPECT_LT(os::ResidentMemory(), before + kSize / 2);
}

TEST_F(BufferPoolTest, LeakedBuffersAreFreedByTheirBytes) {
  auto buffer = pool_->Allocate(100);
  void* data = buffer->Leak()->data();
  EXPECT_GT(pool_->GetStats().in_use, 0u);
  BufferPool::Free(data);
  BufferPool::Free(nullptr);
  EXPECT_EQ(pool_->GetStats().in_use, 0u);
}

TEST(BufferPoolLifeTest, BuffersOutliveClose) {
  BufferPool* pool = BufferPool::Create(1 << 20);
  BufferRef buffer = *pool->Allocate(1000);
  const BufferRef copy = buffer;
  pool->Close();
  std::memset(buffer.data(), 7, buffer.size());
  buffer = BufferRef();
  EXPECT_EQ(copy.data()[999], 7);  // the last reference then frees the pool
}

TEST(BufferPoolLifeTest, ThreadsShareOnePool) {
  BufferPool* pool = BufferPool::Create(1 << 30);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([pool, t] {
      for (int i = 0; i < 2000; ++i) {
        const auto size = static_cast<size_t>(1 + (i * 37 + t) % 5000);
        const auto buffer = pool->Allocate(size);
        ASSERT_TRUE(buffer);
        std::memset(buffer->data(), t, size);
        const BufferRef copy = *buffer;
        ASSERT_EQ(copy.data()[size - 1], t);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(pool->GetStats().in_use, 0u);
  pool->Close();
}

TEST(BufferRefTest, LentMemoryIsReleasedOnceWithTheLastReference) {
  int released = 0;
  const char bytes[] = "abc";
  {
    BufferRef a = BufferRef::Lend(bytes, 3, [](void* n) { ++*static_cast<int*>(n); }, &released);
    BufferRef b = a;
    BufferRef c = std::move(a);
    EXPECT_FALSE(a);  // NOLINT: moved from on purpose
    EXPECT_EQ(c.data(), reinterpret_cast<const uint8_t*>(bytes));
    b = c;
    c = BufferRef();
    EXPECT_EQ(released, 0);
  }
  EXPECT_EQ(released, 1);
  EXPECT_EQ(BufferRef().size(), 0u);
  EXPECT_TRUE(BufferRef().bytes().empty());
}

}  // namespace
}  // namespace wasinn
