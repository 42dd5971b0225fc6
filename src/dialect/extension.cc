#include "dialect/extension.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "base/text.h"
#include "dialect/imports.h"
#include "model/describe.h"
#include "model/options_text.h"
#include "version.h"

namespace wasinn {
namespace {

template <typename Row>
Json Names(std::span<const Row> table, const char* Row::* member) {
  std::vector<std::string_view> names;
  for (const Row& row : table) {
    if (std::ranges::find(names, row.*member) == names.end()) names.emplace_back(row.*member);
  }
  return names;
}

}  // namespace

std::string DescribeHostText(Session& session) {
  std::set<std::string> encodings;
  Json backends = Json::array();
  for (Backend* backend : session.host().models->backends().All()) {
    encodings.insert(backend->encodings().begin(), backend->encodings().end());
    Json devices = Json::array();
    if (const auto words = backend->Devices()) {
      for (const std::string_view word : Split(*words, ' ')) {
        if (!word.empty()) devices.push_back(word);
      }
    }
    backends.push_back({{"name", backend->name()},
                        {"version", backend->version()},
                        {"encodings", backend->encodings()},
                        {"devices", devices},
                        {"generates", backend->generates()}});
  }
  Json models = Json::array();
  for (const std::string& name : session.host().models->Names()) {
    if (session.policy().GrantsModel(name)) models.push_back(name);
  }
  return DumpJson({{"version", kVersion},
                   {"encodings", encodings},
                   {"backends", backends},
                   {"models", models},
                   {"modules", Names(CoreImports(), &wasinn_core_import::module)},
                   {"interfaces", Names(ComponentImports(), &wasinn_component_import::interface)}});
}

Result<std::string> DescribeGraphText(Session& session, uint32_t graph) {
  WASINN_TRY(found, session.FindGraph(graph));
  return DumpJson(DescribeGraph(*found));
}

Result<uint32_t> InitContextWithOptions(Session& session, uint32_t graph,
                                        std::string_view options) {
  WASINN_TRY(found, session.FindGraph(graph));
  WASINN_TRY(parsed, ParseOptionsText("options", options));
  WASINN_CHECK(CheckGuestContextOptions(found->backend(), parsed));
  return session.InitContext(graph, parsed);
}

uint32_t RunStatusNumber(RunStatus status) {
  switch (status) {
#define X(name, number, wit) \
  case RunStatus::k##name:   \
    return number;
#include "dialect/run_status.def"
#undef X
  }
  return UINT32_MAX;
}

Call<RunStatus> WaitForRun(Session& session, uint32_t context, uint32_t milliseconds) {
  std::optional<std::chrono::milliseconds> timeout;
  if (milliseconds != UINT32_MAX) timeout = std::chrono::milliseconds(milliseconds);
  return session.Wait(context, WaitFor::kPiece, timeout);
}

std::string RunStatusCases() {
  std::string cases;
#define X(name, number, wit) cases += cases.empty() ? wit : " " wit;
#include "dialect/run_status.def"
#undef X
  return cases;
}

}  // namespace wasinn
