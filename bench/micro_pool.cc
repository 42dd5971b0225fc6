// The buffer pool: the cost of allocating a tensor's memory.
#include <benchmark/benchmark.h>

#include "tensor/buffer_pool.h"

namespace wasinn {
namespace {

BufferPool& SharedPool() {
  static BufferPool* const pool = BufferPool::Create(uint64_t{1} << 32);
  return *pool;
}

void PoolTakeAndGive(benchmark::State& state) {
  for (auto _ : state) {
    auto buffer = SharedPool().Allocate(static_cast<uint64_t>(state.range(0)));
    if (!buffer) {
      state.SkipWithError("the pool is at its limit");
      break;
    }
    benchmark::DoNotOptimize(buffer->data());
  }
}
BENCHMARK(PoolTakeAndGive)->Arg(4)->Arg(602112)->ThreadRange(1, 2);

}  // namespace
}  // namespace wasinn
