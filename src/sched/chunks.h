// The chunks that a run has streamed on one output so far.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ledger.h"

namespace wasinn {

// Chunks in the order in which they came, and how far they were read. Not thread-safe. Empty chunks
// do not count.
class Chunks {
 public:
  // Their size is charged to the ledger, unless it is nullptr, for as long as anyone holds the
  // text.
  explicit Chunks(std::shared_ptr<Ledger> ledger) : ledger_(std::move(ledger)) {}

  // With `borders` the reader may ask where each chunk ends. Returns the bytes that it takes to
  // keep the chunk.
  Result<size_t> Append(std::string_view data, bool borders) {
    if (data.empty()) return 0;
    const size_t cost = data.size() + (borders ? sizeof(size_t) : 0);
    WASINN_TRY(charge, Charge::Take(ledger_, Ledger::Account::kBytes, cost));
    text_->bytes.append(data);
    text_->charge.Join(std::move(charge));
    if (borders) ends_.push_back(text_->bytes.size());
    return cost;
  }

  bool empty() const { return text_->bytes.empty(); }
  bool readable() const { return read_ < text_->bytes.size(); }
  // The next bytes, at most `max` of them, across chunks; empty when all were read.
  std::string Read(size_t max) {
    std::string piece = text_->bytes.substr(read_, max);
    read_ += piece.size();
    return piece;
  }
  // The rest of the chunk that is being read; empty when all were read. Needs borders.
  std::string ReadChunk() {
    while (next_ < ends_.size() && ends_[next_] <= read_) ++next_;
    return next_ < ends_.size() ? Read(ends_[next_] - read_) : std::string();
  }
  // Everything that has arrived, to be shared once nothing more arrives.
  std::shared_ptr<const std::string> text() const { return {text_, &text_->bytes}; }

 private:
  struct Text {
    std::string bytes;
    Charge charge;
  };

  std::shared_ptr<Ledger> ledger_;
  std::shared_ptr<Text> text_ = std::make_shared<Text>();
  std::vector<size_t> ends_;
  size_t read_ = 0;
  size_t next_ = 0;  // chunks before it were read
};

}  // namespace wasinn
