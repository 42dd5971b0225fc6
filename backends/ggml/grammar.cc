#include "ggml/grammar.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <stdexcept>

namespace wasinn::ggml {
namespace {

using Kind = Grammar::Kind;

constexpr uint32_t kMaxCodePoint = 0x10FFFF;
constexpr uint32_t kUnbounded = UINT32_MAX;
// The maximum count of a repetition; no automaton of kMaxNodes holds more.
constexpr uint32_t kMaxCount = Grammar::kMaxNodes;

// An operand of the grammar's text.
struct Expression {
  enum class Kind { kLiteral, kClass, kToken, kNotToken, kRule, kSequence, kChoice, kRepeat };
  Kind kind;
  std::string text = {};  // of a literal, in UTF-8
  uint32_t value = 0;     // a class, token or rule
  uint32_t minimum = 0;   // of a repetition
  uint32_t maximum = 0;
  std::vector<Expression> parts = {};
};

std::invalid_argument Wrong(const std::string& why) { return std::invalid_argument(why); }

void AppendUtf8(std::string& text, uint32_t point) {
  const auto add = [&](uint32_t byte) { text += static_cast<char>(byte); };
  if (point < 0x80) return add(point);
  if (point < 0x800) {
    add(0xC0 | point >> 6);
  } else {
    if (point < 0x10000) {
      add(0xE0 | point >> 12);
    } else {
      add(0xF0 | point >> 18);
      add(0x80 | (point >> 12 & 0x3F));
    }
    add(0x80 | (point >> 6 & 0x3F));
  }
  add(0x80 | (point & 0x3F));
}

// The ranges sorted and without overlaps; their complement if `negated`.
Grammar::Ranges Normalized(Grammar::Ranges ranges, bool negated) {
  std::ranges::sort(ranges);
  Grammar::Ranges merged;
  for (const auto& [low, high] : ranges) {
    if (!merged.empty() && low <= merged.back().second + 1) {
      merged.back().second = std::max(merged.back().second, high);
    } else {
      merged.emplace_back(low, high);
    }
  }
  if (!negated) return merged;
  Grammar::Ranges others;
  uint32_t from = 0;
  for (const auto& [low, high] : merged) {
    if (low > from) others.emplace_back(from, low - 1);
    from = high + 1;
  }
  if (from <= kMaxCodePoint) others.emplace_back(from, kMaxCodePoint);
  return others;
}

class Reader {
 public:
  Reader(std::string_view text, const llama_vocab* vocabulary, std::vector<Grammar::Class>& classes)
      : text_(text), vocabulary_(vocabulary), classes_(classes) {}

  // The expression of each rule, by number.
  std::vector<Expression> Rules() {
    for (Space(true); at_ < text_.size(); Space(true)) {
      const uint32_t rule = Number(Name());
      Space(false);
      if (!Take("::=")) throw Bad("::=");
      Space(true);
      Expression expression = Choice(false, 0);
      if (at_ < text_.size() && Peek() != '\n' && Peek() != '\r') throw Bad("a line end");
      expressions_.at(rule) = std::move(expression);
      defined_.at(rule) = true;
    }
    for (const auto& [name, number] : numbers_) {
      if (!defined_[number]) throw Wrong("has no rule " + std::string(name.substr(0, 60)));
    }
    return std::move(expressions_);
  }

  uint32_t Root() const {
    const auto root = numbers_.find("root");
    if (root == numbers_.end()) throw Wrong("has no rule root");
    return root->second;
  }

 private:
  std::invalid_argument Bad(const std::string& expected) const {
    const auto line = std::ranges::count(text_.substr(0, at_), '\n') + 1;
    return Wrong("has no " + expected + " where there should be (line " + std::to_string(line) +
                 ", byte " + std::to_string(at_) + ")");
  }

  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  void Space(bool lines) {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '#') at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
      const char c = Peek();
      if (c != ' ' && c != '\t' && !(lines && (c == '\r' || c == '\n'))) return;
    }
  }

  static bool IsWord(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  }

  std::string_view Name() {
    const size_t from = at_;
    while (IsWord(Peek())) ++at_;
    if (at_ == from) throw Bad("name of a rule");
    return text_.substr(from, at_ - from);
  }

  uint32_t Number(std::string_view name) {
    const auto [place, is_new] = numbers_.emplace(name, static_cast<uint32_t>(expressions_.size()));
    if (is_new) {
      expressions_.emplace_back(Expression::Kind::kSequence);
      defined_.push_back(false);
    }
    return place->second;
  }

  uint32_t Integer() {
    uint32_t value = 0;
    const char* from = text_.data() + at_;
    const auto [end, error] = std::from_chars(from, text_.data() + text_.size(), value);
    if (end == from) throw Bad("number");
    if (error != std::errc() || value > kMaxCount) {
      throw Wrong("has a number above " + std::to_string(kMaxCount));
    }
    at_ += static_cast<size_t>(end - from);
    return value;
  }

  uint32_t Hex(size_t digits) {
    uint32_t value = 0;
    const char* from = text_.data() + at_;
    if (text_.size() - at_ < digits) throw Bad("hexadecimal digits");
    if (std::from_chars(from, from + digits, value, 16).ptr != from + digits) {
      throw Bad(std::to_string(digits) + " hexadecimal digits");
    }
    at_ += digits;
    return value;
  }

  // A character, possibly written as an escape.
  uint32_t Character() {
    const auto first = static_cast<uint8_t>(Peek());
    if (at_ >= text_.size()) throw Bad("end of a text or class");
    ++at_;
    if (first == '\\') return Escape();
    if (first < 0x80) return first;
    const size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    uint32_t point = first & (0x3FU >> more);
    for (size_t i = 0; i < more; ++i) {
      const auto byte = static_cast<uint8_t>(Peek());
      if ((byte & 0xC0) != 0x80 || first < 0xC2) throw Bad("UTF-8");
      point = point << 6 | (byte & 0x3FU);
      ++at_;
    }
    return Checked(point);
  }

  uint32_t Escape() {
    const char kind = Peek();
    if (at_ < text_.size()) ++at_;
    switch (kind) {
      case 'x':
        return Hex(2);
      case 'u':
        return Checked(Hex(4));
      case 'U':
        return Checked(Hex(8));
      case 't':
        return '\t';
      case 'r':
        return '\r';
      case 'n':
        return '\n';
      case '\\':
      case '"':
      case '[':
      case ']':
      case '-':
        return static_cast<uint32_t>(kind);
      default:
        throw Bad("escape of GBNF");
    }
  }

  uint32_t Checked(uint32_t point) const {
    if (point > kMaxCodePoint) throw Bad("Unicode character");
    return point;
  }

  Expression Choice(bool nested, size_t depth) {
    if (depth > Grammar::kMaxDepth) {
      throw Wrong("is nested deeper than " + std::to_string(Grammar::kMaxDepth));
    }
    Expression choice{Expression::Kind::kChoice};
    choice.parts.push_back(Sequence(nested, depth));
    while (Peek() == '|') {
      ++at_;
      Space(true);
      choice.parts.push_back(Sequence(nested, depth));
    }
    return choice.parts.size() == 1 ? std::move(choice.parts.front()) : std::move(choice);
  }

  Expression Sequence(bool nested, size_t depth) {
    Expression sequence{Expression::Kind::kSequence};
    while (at_ < text_.size()) {
      const char c = Peek();
      if (c == '*' || c == '+' || c == '?' || c == '{') {
        if (sequence.parts.empty()) throw Bad("item in front of a repetition");
        sequence.parts.back() = Repeated(std::move(sequence.parts.back()), nested);
      } else if (std::optional<Expression> item = Item(c, depth)) {
        sequence.parts.push_back(*std::move(item));
      } else {
        break;
      }
      Space(nested);
    }
    return sequence;
  }

  std::optional<Expression> Item(char c, size_t depth) {
    if (c == '"') {
      ++at_;
      Expression literal{Expression::Kind::kLiteral};
      while (!Take("\"")) AppendUtf8(literal.text, Character());
      return literal;
    }
    if (c == '[') return ClassItem();
    if (c == '.') {
      ++at_;
      return ClassOf({{0, kMaxCodePoint}});
    }
    if (c == '<' || c == '!') return TokenItem();
    if (c == '(') {
      ++at_;
      Space(true);
      Expression group = Choice(true, depth + 1);
      if (!Take(")")) throw Bad("closing parenthesis");
      return group;
    }
    if (IsWord(c)) return Expression{Expression::Kind::kRule, {}, Number(Name())};
    return std::nullopt;
  }

  Expression ClassOf(Grammar::Ranges ranges) {
    Grammar::Class& one = classes_.emplace_back(std::move(ranges));
    for (uint32_t byte = 0; byte < 0x80; ++byte) {
      if (one.Overlaps(byte, byte)) one.first_bytes.set(byte);
    }
    for (uint32_t byte = 0xC2; byte < 0xF5 && one.Overlaps(0x80, kMaxCodePoint); ++byte) {
      one.first_bytes.set(byte);
    }
    return {Expression::Kind::kClass, {}, static_cast<uint32_t>(classes_.size() - 1)};
  }

  Expression ClassItem() {
    ++at_;
    const bool negated = Take("^");
    Grammar::Ranges ranges;
    while (!Take("]")) {
      const uint32_t low = Character();
      uint32_t high = low;
      if (Peek() == '-' && !text_.substr(at_).starts_with("-]")) {
        ++at_;
        high = Character();
      }
      if (high < low) throw Bad("range of characters in order");
      ranges.emplace_back(low, high);
    }
    if (ranges.empty()) throw Bad("character in a class");
    return ClassOf(Normalized(std::move(ranges), negated));
  }

  Expression TokenItem() {
    const bool negated = Take("!");
    const size_t from = at_;
    if (!Take("<")) throw Bad("token");
    uint32_t token = 0;
    if (Take("[")) {
      token = Integer();
      if (!Take("]>")) throw Bad("end of a token");
    } else {
      const size_t end = text_.find('>', at_);
      if (end == std::string_view::npos) throw Bad("end of a token");
      at_ = end + 1;
      const std::string_view word = text_.substr(from, at_ - from);
      llama_token tokens[2];
      const bool one = vocabulary_ != nullptr && word.size() < 1024 &&
                       llama_tokenize(vocabulary_, word.data(), static_cast<int32_t>(word.size()),
                                      tokens, 2, false, true) == 1;
      if (!one) throw Wrong("names no token of the model: " + std::string(word.substr(0, 60)));
      token = static_cast<uint32_t>(tokens[0]);
    }
    return {negated ? Expression::Kind::kNotToken : Expression::Kind::kToken, {}, token};
  }

  Expression Repeated(Expression item, bool nested) {
    Expression repeat{Expression::Kind::kRepeat};
    const char c = text_[at_++];
    repeat.minimum = c == '+' ? 1 : 0;
    repeat.maximum = c == '?' ? 1 : kUnbounded;
    if (c == '{') {
      Space(nested);
      repeat.minimum = repeat.maximum = Integer();
      Space(nested);
      if (Take(",")) {
        Space(nested);
        repeat.maximum = Peek() == '}' ? kUnbounded : Integer();
        Space(nested);
      }
      if (!Take("}")) throw Bad("end of a repetition");
      if (repeat.minimum > repeat.maximum) {
        throw Wrong("repeats something at least " + std::to_string(repeat.minimum) +
                    " and at most " + std::to_string(repeat.maximum) + " times");
      }
    }
    repeat.parts.push_back(std::move(item));
    return repeat;
  }

  const std::string_view text_;
  const llama_vocab* const vocabulary_;
  std::vector<Grammar::Class>& classes_;
  size_t at_ = 0;
  std::map<std::string, uint32_t, std::less<>> numbers_;
  std::vector<Expression> expressions_;
  std::vector<bool> defined_;
};

// Creates nodes from the end of each expression to its beginning.
class Compiler {
 public:
  explicit Compiler(std::vector<Grammar::Node>& nodes) : nodes_(nodes) {}

  // The node from which the expression leads to `next`.
  uint32_t Compile(const Expression& expression, uint32_t next) {
    Count();
    switch (expression.kind) {
      case Expression::Kind::kLiteral:
        for (size_t i = expression.text.size(); i-- > 0;) {
          next = Add(Kind::kByte, static_cast<uint8_t>(expression.text[i]), next);
        }
        return next;
      case Expression::Kind::kClass:
        return Add(Kind::kClass, expression.value, next);
      case Expression::Kind::kToken:
        return Add(Kind::kToken, expression.value, next);
      case Expression::Kind::kNotToken:
        return Add(Kind::kNotToken, expression.value, next);
      case Expression::Kind::kRule:
        return Add(Kind::kCall, expression.value, next);
      case Expression::Kind::kSequence:
        for (size_t i = expression.parts.size(); i-- > 0;) {
          next = Compile(expression.parts[i], next);
        }
        return next;
      case Expression::Kind::kChoice: {
        uint32_t choice = Compile(expression.parts.back(), next);
        for (size_t i = expression.parts.size() - 1; i-- > 0;) {
          choice = Add(Kind::kSplit, Compile(expression.parts[i], next), choice);
        }
        return choice;
      }
      case Expression::Kind::kRepeat:
        return Repeat(expression, next);
    }
    return next;
  }

 private:
  uint32_t Repeat(const Expression& repeat, uint32_t next) {
    const Expression& item = repeat.parts.front();
    uint32_t first = next;
    if (repeat.maximum == kUnbounded) {
      first = Add(Kind::kSplit, 0, next);
      const uint32_t loop = Compile(item, first);
      nodes_[first].value = loop;
    } else {
      for (uint32_t i = repeat.minimum; i < repeat.maximum; ++i) {
        first = Add(Kind::kSplit, Compile(item, first), next);
      }
    }
    for (uint32_t i = 0; i < repeat.minimum; ++i) first = Compile(item, first);
    return first;
  }

  uint32_t Add(Kind kind, uint32_t value, uint32_t next) {
    Count();
    nodes_.push_back({kind, value, next});
    return static_cast<uint32_t>(nodes_.size() - 1);
  }

  // Steps are counted, too, because empty expressions create no nodes.
  void Count() {
    if (++steps_ <= 4 * Grammar::kMaxNodes && nodes_.size() < Grammar::kMaxNodes) return;
    throw Wrong("comes to more than " + std::to_string(Grammar::kMaxNodes) +
                " characters, classes and choices when its repetitions are written out");
  }

  std::vector<Grammar::Node>& nodes_;
  size_t steps_ = 0;
};

}  // namespace

bool Grammar::Class::Overlaps(uint32_t low, uint32_t high) const {
  const auto end =
      std::ranges::lower_bound(ranges, low, {}, [](const auto& one) { return one.second; });
  return end != ranges.end() && end->first <= high;
}

Grammar::Grammar(std::string_view text, const llama_vocab* vocabulary) {
  if (text.size() > kMaxBytes) {
    throw Wrong("has " + std::to_string(text.size()) + " bytes, above the limit of " +
                std::to_string(kMaxBytes));
  }
  Reader reader(text, vocabulary, classes_);
  const std::vector<Expression> rules = reader.Rules();
  root_ = reader.Root();
  nodes_ = {{Kind::kAccept, 0, 0}, {Kind::kReturn, 0, 0}};
  Compiler compiler(nodes_);
  for (const Expression& rule : rules) rules_.push_back(compiler.Compile(rule, kReturnNode));
  Prune();
}

void Grammar::Prune() {
  // Lists of nodes that wait until a node can reach an end, chained from `starts` on.
  std::vector<uint32_t> starts(nodes_.size() + 1);
  const auto each = [&](const auto& visit) {
    for (uint32_t i = kReturnNode + 1; i < nodes_.size(); ++i) {
      visit(nodes_[i].next, i);
      if (nodes_[i].kind == Kind::kSplit) visit(nodes_[i].value, i);
      if (nodes_[i].kind == Kind::kCall) visit(rules_[nodes_[i].value], i);
    }
  };
  each([&](uint32_t of, uint32_t) { ++starts[of]; });
  for (size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
  std::vector<uint32_t> waiting(starts.back());
  each([&](uint32_t of, uint32_t one) { waiting[--starts[of]] = one; });

  std::vector<bool> ends(nodes_.size());
  std::vector<uint32_t> found = {kAcceptNode, kReturnNode};
  ends[kAcceptNode] = ends[kReturnNode] = true;
  while (!found.empty()) {
    const uint32_t of = found.back();
    found.pop_back();
    for (uint32_t i = starts[of]; i < starts[of + 1]; ++i) {
      const uint32_t one = waiting[i];
      const Node& node = nodes_[one];
      if (ends[one]) continue;
      // A split can end on either branch, a call after its rule and its next node.
      if (node.kind == Kind::kCall && !(ends[node.next] && ends[rules_[node.value]])) continue;
      ends[one] = true;
      found.push_back(one);
    }
  }
  if (!ends[rules_[root_]]) throw Wrong("no text can come to the end of");
  for (Node& node : nodes_) {
    if (node.kind != Kind::kSplit) continue;
    if (!ends[node.value]) node.value = node.next;
    if (!ends[node.next]) node.next = node.value;
  }
}

}  // namespace wasinn::ggml
