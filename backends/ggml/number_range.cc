#include "ggml/number_range.h"

#include <algorithm>

namespace wasinn::ggml {
namespace {

// Behind so many whole digits, a fraction of six is still one that a double has.
constexpr int64_t kMostWithFraction = 999'999'999;
constexpr const char* kFraction = R"(("." [0-9]{1,6})?)";
constexpr const char* kSomeFraction = R"("." [0-9]{0,5} [1-9])";

std::string Times(const char* what, size_t count) {
  return count == 0 ? R"("")" : std::string(what) + "{" + std::to_string(count) + "}";
}

std::string Digit(char from, char to) { return std::string("[") + from + "-" + to + "]"; }

// Digits of the same number as `least`, from it on.
std::string AtLeast(const std::string& least) {
  if (least.find_first_not_of('0') == std::string::npos) return Times("[0-9]", least.size());
  std::string text = Digit(least[0], least[0]) + " " + AtLeast(least.substr(1));
  if (least[0] < '9') {
    text += " | " + Digit(static_cast<char>(least[0] + 1), '9') + " " +
            Times("[0-9]", least.size() - 1);
  }
  return "(" + text + ")";
}

std::string AtMost(const std::string& most) {
  if (most.find_first_not_of('9') == std::string::npos) return Times("[0-9]", most.size());
  std::string text = Digit(most[0], most[0]) + " " + AtMost(most.substr(1));
  if (most[0] > '0') {
    text +=
        " | " + Digit('0', static_cast<char>(most[0] - 1)) + " " + Times("[0-9]", most.size() - 1);
  }
  return "(" + text + ")";
}

// Both of the same number of digits.
std::string Between(const std::string& least, const std::string& most) {
  if (least.empty()) return R"("")";
  if (least[0] == most[0]) {
    return Digit(least[0], least[0]) + " " + Between(least.substr(1), most.substr(1));
  }
  std::string text = Digit(least[0], least[0]) + " " + AtLeast(least.substr(1));
  if (least[0] + 1 < most[0]) {
    text += " | " + Digit(static_cast<char>(least[0] + 1), static_cast<char>(most[0] - 1)) + " " +
            Times("[0-9]", least.size() - 1);
  }
  text += " | " + Digit(most[0], most[0]) + " " + AtMost(most.substr(1));
  return "(" + text + ")";
}

// Whole numbers, none of them below 0; "" when there are none.
std::string Whole(int64_t least, int64_t most) {
  if (least > most) return {};
  std::string text;
  while (true) {
    const std::string from = std::to_string(least);
    const std::string nines(from.size(), '9');
    const int64_t end = std::min<int64_t>(most, std::stoll(nines));
    text += (text.empty() ? "" : " | ") + Between(from, std::to_string(end));
    if (end == most) return "(" + text + ")";
    least = end + 1;
  }
}

void Append(std::string& choices, const std::string& sign, const std::string& text) {
  if (text.empty()) return;
  if (!choices.empty()) choices += " | ";
  choices += sign + text;
}

// Numbers that are not below 0, behind a sign or none.
void AppendRange(const NumberRange& range, const std::string& sign, std::string& choices) {
  const int64_t first = range.least + (range.least_open ? 1 : 0);
  const int64_t last = range.most - (range.most_open ? 1 : 0);
  if (range.whole) return Append(choices, sign, Whole(first, last));
  // With any fraction, those whose next is still in the range; the last has none.
  const int64_t with_fraction = std::min(range.most - 1, kMostWithFraction);
  if (const std::string all = Whole(first, with_fraction); !all.empty()) {
    Append(choices, sign, all + " " + kFraction);
  }
  if (range.least_open && range.least <= with_fraction) {
    Append(choices, sign, Whole(range.least, range.least) + " " + kSomeFraction);
  }
  Append(choices, sign, Whole(std::max(first, with_fraction + 1), last));
}

}  // namespace

std::string GrammarOfRange(NumberRange range) {
  if (range.least > range.most) return {};
  std::string choices;
  if (range.least < 0) {
    NumberRange below{.least = std::max<int64_t>(-range.most, 0),
                      .most = -range.least,
                      .least_open = range.most <= 0 ? range.most_open : true,
                      .most_open = range.least_open,
                      .whole = range.whole};
    AppendRange(below, "\"-\" ", choices);
  }
  if (range.most >= 0) {
    if (range.least < 0) {
      range.least = 0;
      range.least_open = false;
    }
    AppendRange(range, "", choices);
  }
  return choices.empty() ? choices : "(" + choices + ")";
}

}  // namespace wasinn::ggml
