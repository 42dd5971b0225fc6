#include "progress_line.h"

#include <cstdio>
#include <utility>

#include "output.h"
#include "terminal.h"
#include "text.h"

namespace wasinn::conformance {

ProgressLine::ProgressLine(std::string host, const std::vector<Job>& jobs)
    : host_(std::move(host)), terminal_(cli::IsTerminal(stderr)), all_(jobs.size()) {
  for (const auto& job : jobs) ++left_[job.one->group];
}

ProgressLine::~ProgressLine() {
  if (terminal_) cli::PrintError("\r\033[K");
}

void ProgressLine::Ended(const CaseResult& result) {
  ++ended_;
  if (result.unexplained()) ++deviations_;
  const std::size_t left = --left_[result.group];
  if (terminal_) {
    const cli::Style style = cli::Style::For(stderr);
    cli::PrintError("\r\033[K{} {}/{}  {}{}{}  {}", host_, ended_, all_,
                    deviations_ > 0 ? style.red : "",
                    deviations_ > 0 ? fmt::format("{} ✗", deviations_) : "", style.reset,
                    Shorten(result.id, 60));
    return;
  }
  CaseResult kind;
  kind.group = result.group;
  kind.kind = result.kind;
  kind.known = result.known;
  so_far_.results.push_back(std::move(kind));
  if (left > 0) return;
  const Counts counts = CountsOf(so_far_, result.group);
  if (counts.ran() == 0) return;
  cli::PrintError("{} {}: {} good, {} deviations, {} known, {} skipped\n", host_, result.group,
                  counts.good(), counts.unexplained, counts.known, counts.skipped());
}

}  // namespace wasinn::conformance
