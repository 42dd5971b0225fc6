// wasinn's own extension for guests: what its core module and its WIT package share. Both have the
// same functions, and descriptions are JSON so that they are the same text in both and can grow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "session/session.h"

namespace wasinn {

// See guests/wit/wasinn/nn.wit for the fields. Only what the session's policy grants: no path, no
// other model's name. May take long, since it asks all backends for their devices.
std::string DescribeHostText(Session& session);
Result<std::string> DescribeGraphText(Session& session, uint32_t graph);

// `options` is JSON text; see ParseOptionsText and CheckGuestContextOptions for what is refused.
Result<uint32_t> InitContextWithOptions(Session& session, uint32_t graph, std::string_view options);

// "running readable done": the cases of WIT's enum.
std::string RunStatusCases();
uint32_t RunStatusNumber(RunStatus status);

// Waits as Session::Wait does for a piece or the end; all bits set means without a limit.
Call<RunStatus> WaitForRun(Session& session, uint32_t context, uint32_t milliseconds);

}  // namespace wasinn
