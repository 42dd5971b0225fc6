// The memory that many sessions on one graph take.
#pragma once

#include <string>

#include "host.h"

namespace wasinn::bench {

// The growth of this process's resident memory, in bytes, while `count` of these exist:
//   session  a session with a context that has computed once, without a guest
//   hold     a guest that has computed once, on its own thread
//   idle     a guest that has made no session calls, on its own thread
// To be called once per process, since freed memory of an earlier call would be reused.
double MeasureMemory(Host& host, const std::string& kind, const Task& task, size_t output_bytes,
                     uint32_t count);

}  // namespace wasinn::bench
