// Texts that end an answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wasinn::ggml {

// Looks for stop texts in an answer that comes in pieces. Holds back the end of what has come while
// it may be the beginning of one, so that no part of a stop text is given away.
class StopMatcher {
 public:
  explicit StopMatcher(std::vector<std::string> stops) : stops_(std::move(stops)) {}

  // Adds a piece; gives what is certain to be answer, and nothing once a stop text was found.
  std::string Add(std::string_view piece);
  bool found() const { return found_; }
  // What was held back, when nothing more comes.
  std::string Rest();

 private:
  std::vector<std::string> stops_;
  std::string held_;
  bool found_ = false;
};

}  // namespace wasinn::ggml
