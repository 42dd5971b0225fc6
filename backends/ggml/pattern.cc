#include "ggml/pattern.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <utility>
#include <vector>

namespace wasinn::ggml {
namespace {

constexpr size_t kMaxPattern = 4096;
constexpr size_t kMaxDepth = 64;
constexpr uint32_t kMaxCodePoint = 0x10FFFF;

using Ranges = std::vector<std::pair<uint32_t, uint32_t>>;

const Ranges& Digits() {
  static const Ranges ranges = {{'0', '9'}};
  return ranges;
}
const Ranges& Words() {
  static const Ranges ranges = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
  return ranges;
}
const Ranges& Spaces() {
  static const Ranges ranges = {
      {9, 13},          {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
      {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
  return ranges;
}
const Ranges& LineEnds() {
  static const Ranges ranges = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};
  return ranges;
}

Ranges Others(Ranges ranges) {
  std::ranges::sort(ranges);
  Ranges others;
  uint32_t from = 0;
  for (const auto& [low, high] : ranges) {
    if (low > from) others.emplace_back(from, low - 1);
    from = std::max(from, high + 1);
  }
  if (from <= kMaxCodePoint) others.emplace_back(from, kMaxCodePoint);
  return others;
}

std::string Escaped(uint32_t point) {
  char text[16];
  std::snprintf(text, sizeof text, "\\U%08X", point);
  return text;
}

// A character of the ranges as it is written in a JSON string.
std::string ClassOf(const Ranges& ranges) {
  const auto has = [&](uint32_t point) {
    return std::ranges::any_of(
        ranges, [&](const auto& one) { return one.first <= point && point <= one.second; });
  };
  // The characters that need no escape: quotes, backslashes and control characters are removed from
  // the ranges.
  Ranges taken = Others(ranges);
  taken.insert(taken.end(), {{0, 0x1F}, {'"', '"'}, {'\\', '\\'}, {0xD800, 0xDFFF}});
  std::vector<std::string> choices;
  if (const Ranges plain = Others(std::move(taken)); !plain.empty()) {
    std::string text = "[";
    for (const auto& [low, high] : plain) text += Escaped(low) + "-" + Escaped(high);
    choices.push_back(text + "]");
  }
  for (const auto& [point, letter] :
       std::initializer_list<std::pair<uint32_t, char>>{{'"', '"'},
                                                        {'\\', '\\'},
                                                        {'\b', 'b'},
                                                        {'\f', 'f'},
                                                        {'\n', 'n'},
                                                        {'\r', 'r'},
                                                        {'\t', 't'}}) {
    if (has(point)) choices.push_back(Literal(std::string{'\\', letter}));
  }
  if (choices.empty())
    throw std::invalid_argument("with a class of which no character can be written");
  std::string all = "(" + choices.front();
  for (size_t i = 1; i < choices.size(); ++i) all += " | " + choices[i];
  return all + ")";
}

class Translator {
 public:
  explicit Translator(std::string_view pattern) : text_(pattern) {}

  std::string Whole() {
    if (text_.size() > kMaxPattern) {
      throw Bad("of more than " + std::to_string(kMaxPattern) + " bytes");
    }
    std::string choices = Choices(0);
    if (at_ < text_.size()) throw Bad("with a closing parenthesis too many");
    return choices;
  }

 private:
  static std::invalid_argument Bad(const std::string& why) { return std::invalid_argument(why); }

  bool Done() const { return at_ >= text_.size(); }
  bool Take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  // Whether a choice ends here.
  bool IsEnd() const { return Done() || text_[at_] == '|' || text_[at_] == ')'; }

  std::string Choices(size_t depth) {
    if (depth > kMaxDepth) throw Bad("nested deeper than " + std::to_string(kMaxDepth));
    std::string choices = "(" + Sequence(depth);
    while (Take("|")) choices += " | " + Sequence(depth);
    return choices + ")";
  }

  // Without an anchor, any text may come here.
  std::string Sequence(size_t depth) {
    const std::string anything = depth == 0 ? ClassOf({{0, kMaxCodePoint}}) + "* " : "";
    std::string sequence;
    if (depth > 0 || !Take("^")) sequence += anything;
    bool anchored = false;
    while (!IsEnd()) {
      if (depth == 0 && Take("$")) {
        anchored = true;
        if (!IsEnd()) throw Bad("with $ before its end");
        break;
      }
      const std::string item = Item(depth);
      sequence += item + Repetition() + " ";
    }
    if (!anchored) sequence += anything;
    return sequence.empty() ? "\"\"" : sequence;
  }

  std::string Item(size_t depth) {
    const char c = text_[at_];
    if (c == '(') {
      ++at_;
      if (Take("?") && !Take(":")) {
        const bool named =
            Take("<") && !text_.substr(at_).starts_with("=") && !text_.substr(at_).starts_with("!");
        const size_t end = text_.find('>', at_);
        if (!named || end == std::string_view::npos) throw Bad("that looks ahead or behind");
        at_ = end + 1;
      }
      std::string group = Choices(depth + 1);
      if (!Take(")")) throw Bad("with a closing parenthesis too few");
      return group;
    }
    if (c == '[') return Class();
    if (c == '.') {
      ++at_;
      return ClassOf(Others(LineEnds()));
    }
    if (std::string_view("*+?{").find(c) != std::string_view::npos) {
      throw Bad("that repeats nothing");
    }
    if (std::string_view("^$}]").find(c) != std::string_view::npos) {
      throw Bad(std::string("with ") + c + " in its middle");
    }
    return ClassOf(CharacterOrClass());
  }

  std::string Repetition() {
    std::string repetition;
    if (Take("*")) {
      repetition = "*";
    } else if (Take("+")) {
      repetition = "+";
    } else if (Take("?")) {
      repetition = "?";
    } else if (Take("{")) {
      const uint32_t min = Integer();
      uint32_t max = min;
      repetition = "{" + std::to_string(min);
      if (Take(",")) {
        repetition += ",";
        if (!text_.substr(at_).starts_with("}")) {
          max = Integer();
          repetition += std::to_string(max);
        } else {
          max = UINT32_MAX;
        }
      }
      if (!Take("}")) throw Bad("with a { that does not begin a repetition");
      if (min > max) {
        throw Bad("that repeats something at least " + std::to_string(min) + " and at most " +
                  std::to_string(max) + " times");
      }
      repetition += "}";
    }
    // Greediness does not change which texts match.
    if (!repetition.empty()) Take("?");
    return repetition;
  }

  uint32_t Integer() {
    uint32_t value = 0;
    const char* from = text_.data() + at_;
    const auto [end, error] = std::from_chars(from, text_.data() + text_.size(), value);
    if (end == from || error != std::errc()) {
      throw Bad("with a { that does not begin a repetition");
    }
    at_ += static_cast<size_t>(end - from);
    return value;
  }

  std::string Class() {
    ++at_;
    const bool negated = Take("^");
    Ranges ranges;
    while (!Take("]")) {
      Ranges low = CharacterOrClass();
      const bool is_range = text_.substr(at_).starts_with("-") &&
                            !text_.substr(at_).starts_with("-]") && low.size() == 1 &&
                            low[0].first == low[0].second;
      if (is_range) {
        ++at_;
        const Ranges high = CharacterOrClass();
        if (high.size() != 1 || high[0].second != high[0].first || high[0].first < low[0].first) {
          throw Bad("with a range out of order");
        }
        low[0].second = high[0].first;
      }
      ranges.insert(ranges.end(), low.begin(), low.end());
    }
    return ClassOf(negated ? Others(ranges) : ranges);
  }

  Ranges CharacterOrClass() {
    if (Done()) throw Bad("whose end is missing");
    const auto first = static_cast<uint8_t>(text_[at_++]);
    if (first == '\\') return Escape();
    if (first < 0x80) return {{first, first}};
    // JSON is UTF-8.
    const size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    uint32_t point = first & (0x3FU >> more);
    for (size_t i = 0; i < more && !Done(); ++i) {
      point = point << 6 | (static_cast<uint8_t>(text_[at_++]) & 0x3FU);
    }
    return {{point, point}};
  }

  Ranges Escape() {
    if (Done()) throw Bad("with a backslash at its end");
    const char c = text_[at_++];
    const auto one = [](uint32_t point) { return Ranges{{point, point}}; };
    switch (c) {
      case 'd':
        return Digits();
      case 'D':
        return Others(Digits());
      case 'w':
        return Words();
      case 'W':
        return Others(Words());
      case 's':
        return Spaces();
      case 'S':
        return Others(Spaces());
      case 'b':
      case 'B':
      case 'c':
      case 'k':
      case 'p':
      case 'P':
        throw Bad(std::string("with \\") + c);
      case 'n':
        return one('\n');
      case 'r':
        return one('\r');
      case 't':
        return one('\t');
      case 'f':
        return one('\f');
      case 'v':
        return one('\v');
      case 'x':
        return one(Hex(2));
      case 'u':
        return one(Hex(4));
      default:
        break;
    }
    if (c >= '0' && c <= '9') throw Bad("that refers to a group, or has \\0");
    if (static_cast<uint8_t>(c) < 0x80) return one(static_cast<uint8_t>(c));
    --at_;
    return CharacterOrClass();
  }

  uint32_t Hex(size_t digits) {
    uint32_t value = 0;
    const char* from = text_.data() + at_;
    if (text_.size() - at_ < digits ||
        std::from_chars(from, from + digits, value, 16).ptr != from + digits) {
      throw Bad("with an escape that lacks hexadecimal digits");
    }
    at_ += digits;
    return value;
  }

  const std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::string Literal(std::string_view bytes) {
  std::string text = "\"";
  for (const char c : bytes) {
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (static_cast<uint8_t>(c) < 0x20) {
      text += Escaped(static_cast<uint8_t>(c));
    } else {
      text += c;
    }
  }
  return text + "\"";
}

std::string GrammarOfPattern(std::string_view pattern) { return Translator(pattern).Whole(); }

}  // namespace wasinn::ggml
