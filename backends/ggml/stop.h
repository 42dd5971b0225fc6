// Stop texts: texts that end a completion.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wasinn::ggml {

// Searches for stop texts in a completion that arrives in pieces. It holds back the end of the text
// while that may be the beginning of a stop text, so that no part of a stop text is sent.
class StopMatcher {
 public:
  explicit StopMatcher(std::vector<std::string> stops) : stops_(std::move(stops)) {}

  // Adds a piece; returns the text that certainly belongs to the completion, and nothing after a
  // stop text.
  std::string Add(std::string_view piece);
  bool found() const { return found_; }
  // The text that was held back, at the end of the completion.
  std::string Rest();

 private:
  std::vector<std::string> stops_;
  std::string held_;
  bool found_ = false;
};

}  // namespace wasinn::ggml
