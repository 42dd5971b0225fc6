// What a run has streamed on one output so far.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wasinn {

// Chunks in the order in which they came, and how far they were read. Not thread-safe. Empty chunks
// do not count.
class Chunks {
 public:
  // With `borders` the reader may ask where each chunk ends. Gives what it costs to keep, in bytes.
  size_t Append(std::string_view data, bool borders) {
    if (data.empty()) return 0;
    text_->append(data);
    if (!borders) return data.size();
    ends_.push_back(text_->size());
    return data.size() + sizeof(size_t);
  }

  bool empty() const { return text_->empty(); }
  bool readable() const { return read_ < text_->size(); }
  // The next bytes, at most `most` of them, across borders; none when all were read.
  std::string Read(size_t most) {
    std::string piece = text_->substr(read_, most);
    read_ += piece.size();
    return piece;
  }
  // The rest of the chunk that is being read; none when all were read. Needs borders.
  std::string ReadChunk() {
    while (next_ < ends_.size() && ends_[next_] <= read_) ++next_;
    return next_ < ends_.size() ? Read(ends_[next_] - read_) : std::string();
  }
  // All that came, to be shared once nothing more comes.
  const std::shared_ptr<std::string>& text() const { return text_; }

 private:
  std::shared_ptr<std::string> text_ = std::make_shared<std::string>();
  std::vector<size_t> ends_;
  size_t read_ = 0;
  size_t next_ = 0;  // chunks before it were read
};

}  // namespace wasinn
