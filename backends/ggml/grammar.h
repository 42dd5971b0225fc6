// Grammars in GBNF, the notation of llama.cpp, whose cost is bounded before the first token is
// sampled.
#pragma once

#include <llama.h>

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasinn::ggml {

// A grammar as an automaton whose nodes may call rules. Constant; any thread.
class Grammar {
 public:
  enum class Kind : uint8_t {
    kByte,      // the byte `value`, then `next`
    kClass,     // a character of the class `value`, then `next`
    kToken,     // the token `value`, then `next`
    kNotToken,  // any other token, then `next`
    kSplit,     // `value` or `next`, whatever the text is
    kCall,      // the rule `value`, then `next`
    kReturn,    // the end of a rule
    kAccept,    // the end of the text
  };
  struct Node {
    Kind kind;
    uint32_t value;
    uint32_t next;
  };
  // Ranges of code points, sorted and disjoint; both ends belong to a range.
  using Ranges = std::vector<std::pair<uint32_t, uint32_t>>;
  struct Class {
    Ranges ranges;
    std::bitset<256> first_bytes;  // of its characters in UTF-8
    // Whether one of its characters is in the range.
    bool Overlaps(uint32_t low, uint32_t high) const;
  };

  static constexpr uint32_t kAcceptNode = 0;
  static constexpr uint32_t kReturnNode = 1;

  // Parses GBNF with a rule `root`; `vocabulary` (may be null) resolves tokens by their text.
  // Throws std::invalid_argument with "one that ..." if the text is not valid GBNF or too large.
  // Needs at most steps and memory in proportion to kMaxNodes.
  Grammar(std::string_view text, const llama_vocab* vocabulary);

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<Class>& classes() const { return classes_; }
  // The first node of each rule.
  const std::vector<uint32_t>& rules() const { return rules_; }
  uint32_t root() const { return root_; }

  static constexpr size_t kMaxBytes = size_t{1} << 20;
  static constexpr size_t kMaxNodes = size_t{1} << 18;
  static constexpr size_t kMaxDepth = 256;

 private:
  // Removes nodes from which no end can be reached. Throws std::invalid_argument if none remain.
  void Prune();

  std::vector<Node> nodes_;
  std::vector<Class> classes_;
  std::vector<uint32_t> rules_;
  uint32_t root_ = 0;
};

}  // namespace wasinn::ggml
