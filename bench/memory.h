// What many sessions on one graph cost in memory.
#pragma once

#include <string>

#include "host.h"

namespace wasinn::bench {

// Growth of this process's resident memory, in bytes, while `count` of these are alive:
//   session  a session with a context that has computed once, without a guest
//   hold     a guest that has computed once, on a thread of its own
//   idle     a guest that has no session calls behind it, on a thread of its own
// To be called once a process: freed memory of an earlier call would be used again.
double MeasureMemory(Host& host, const std::string& kind, const Task& task, size_t output_bytes,
                     uint32_t count);

}  // namespace wasinn::bench
