#include "ggml/stop.h"

#include <algorithm>
#include <utility>

namespace wasinn::ggml {

std::string StopMatcher::Add(std::string_view piece) {
  if (found_) return {};
  held_ += piece;
  size_t end = std::string::npos;
  for (const std::string& stop : stops_) end = std::min(end, held_.find(stop));
  if (end != std::string::npos) {
    found_ = true;
    held_.resize(end);
    return std::exchange(held_, {});
  }
  // The longest suffix of the text that is a prefix of a stop text.
  size_t keep = 0;
  for (const std::string& stop : stops_) {
    for (size_t size = std::min(stop.size() - 1, held_.size()); size > keep; --size) {
      if (std::string_view(held_).ends_with(std::string_view(stop).substr(0, size))) keep = size;
    }
  }
  std::string given = held_.substr(0, held_.size() - keep);
  held_.erase(0, given.size());
  return given;
}

std::string StopMatcher::Rest() { return std::exchange(held_, {}); }

}  // namespace wasinn::ggml
