// Matches a completion with its grammar, byte by byte.
#pragma once

#include <llama.h>

#include <bitset>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "ggml/grammar.h"

namespace wasinn::ggml {

// The set of all positions in a grammar that a text can be at, however ambiguous the grammar is.
// Positions in rules that were called at the same byte are merged, so that their number grows with
// the text and not with the number of parses. One thread at a time.
class GrammarMatch {
 public:
  // All tokens of a vocabulary of this size may be tried before each accepted token. This function
  // and the ones below throw Failure if they would take more than kStepsATime steps, or on average
  // more than kStepsAToken plus kStepsATry for each token of the vocabulary, or more than kMaxLinks
  // positions or calls.
  explicit GrammarMatch(std::shared_ptr<const Grammar> grammar, size_t vocabulary = 0);

  // Whether the text may end here.
  bool complete() const { return now_.complete; }
  // Whether the grammar allows that byte next.
  bool MayBegin(uint8_t byte) const { return first_bytes_.test(byte); }
  // Whether the grammar allows some tokens regardless of their text.
  bool HasTokens() const { return has_tokens_; }
  // Whether the token, whose text is `piece`, may come next.
  bool Allows(llama_token token, std::string_view piece);
  // Advances past the token; false, without any change, if the token is not allowed.
  bool Accept(llama_token token, std::string_view piece);

  static constexpr int64_t kStepsATime = 16'000'000;
  static constexpr int64_t kStepsAToken = 500'000;
  static constexpr int64_t kStepsATry = 32;
  static constexpr size_t kMaxLinks = size_t{1} << 19;

 private:
  // A node within a call of a rule, with the incomplete character at the end of the text.
  struct Place {
    uint32_t node;
    uint32_t call;
    uint32_t part;
  };
  // The place where a call continues when its rule has ended.
  struct Return {
    uint32_t node;
    uint32_t call;
  };
  // A rule that was called after this many bytes, by all callers there.
  struct Call {
    uint64_t position;
    bool is_empty;  // the rule can match the empty text
    std::vector<Return> returns;
  };
  struct Places {
    std::vector<Place> at;  // at nodes that match a byte or a token
    bool complete = false;
  };

  // A set of numbers that can be cleared in constant time.
  class Seen {
   public:
    // False if the number is already in the set.
    bool Insert(uint64_t number);
    void Clear();
    size_t size() const { return size_; }

   private:
    struct Slot {
      uint64_t number = 0;
      uint64_t round = 0;
    };
    std::vector<Slot> slots_ = std::vector<Slot>(64);
    uint64_t round_ = 1;
    size_t size_ = 0;
  };

  void Step();
  bool Walk(llama_token token, std::string_view piece);
  void TakeToken(llama_token token);
  void TakeByte(const Place& place, uint8_t byte);
  void Add(uint32_t node, uint32_t call, uint32_t part = 0);
  void CallRule(const Grammar::Node& node, uint32_t caller);
  void AddReturn(uint32_t call, Return to);
  void Close(Places& to);
  void Forget(size_t calls);
  void DropUnused();
  void NoteFirstBytes();

  const std::shared_ptr<const Grammar> grammar_;
  const int64_t steps_a_token_;
  Places now_;
  Places next_;
  Places last_;
  std::vector<Call> calls_;
  size_t links_ = 0;  // returns of all calls
  size_t tidy_at_;    // the number of calls at which unused ones are removed
  uint64_t position_ = 0;
  std::vector<Place> open_;  // places whose node is not processed yet
  Seen seen_;                // places at this position
  Seen seen_returns_;        // returns of calls at this position
  struct Called {
    uint64_t position = UINT64_MAX;
    uint64_t walk = 0;
    uint32_t call = 0;
  };
  std::vector<Called> called_;  // the newest call of each rule
  uint64_t walk_ = 0;
  int64_t steps_left_ = kStepsATime;
  std::bitset<256> first_bytes_;
  bool has_tokens_ = false;
};

}  // namespace wasinn::ggml
