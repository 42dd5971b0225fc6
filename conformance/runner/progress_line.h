// The progress of a run: in place on a terminal, otherwise one line for each group.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "report.h"

namespace wasinn::conformance {

// Prints on stderr. One thread at a time.
class ProgressLine {
 public:
  ProgressLine(std::string host, const std::vector<Job>& jobs);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Ended(const CaseResult& result);

 private:
  const std::string host_;
  const bool terminal_;
  const std::size_t all_;
  std::size_t ended_ = 0;
  std::map<std::string, std::size_t> left_;  // jobs of a group that have not ended
  HostReport so_far_;                        // kinds only
  int deviations_ = 0;
};

}  // namespace wasinn::conformance
