// wasinn's own extension for guests: the code that its core module and its WIT package share. Both
// have the same functions. Descriptions are JSON, so that both have the same text and fields can be
// added.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "session/session.h"

namespace wasinn {

// See guests/wit/wasinn/nn.wit for the fields. They contain only what the session's policy grants:
// no paths and no names of other models. This may take long, since all backends are asked for their
// devices.
std::string DescribeHostText(Session& session);
Result<std::string> DescribeGraphText(Session& session, uint32_t graph);

// `options` is JSON text; ParseOptionsText and CheckGuestContextOptions say what is refused.
Result<uint32_t> InitContextWithOptions(Session& session, uint32_t graph, std::string_view options);

// "running readable done": the cases of WIT's enum.
std::string RunStatusCases();
uint32_t RunStatusNumber(RunStatus status);

// Waits as Session::Wait does for a piece or the end; all bits set means without a limit.
Call<RunStatus> WaitForRun(Session& session, uint32_t context, uint32_t milliseconds);

}  // namespace wasinn
