#include "ggml/number_range.h"

#include <algorithm>

namespace wasinn::ggml {
namespace {

// With this many whole digits, a double still holds a fraction of six digits.
constexpr int64_t kMaxWithFraction = 999'999'999;
constexpr const char* kFraction = R"(("." [0-9]{1,6})?)";
constexpr const char* kSomeFraction = R"("." [0-9]{0,5} [1-9])";

std::string Times(const char* what, size_t count) {
  return count == 0 ? R"("")" : std::string(what) + "{" + std::to_string(count) + "}";
}

std::string Digit(char from, char to) { return std::string("[") + from + "-" + to + "]"; }

// Numbers with as many digits as `min` that are not below it.
std::string AtLeast(const std::string& min) {
  if (min.find_first_not_of('0') == std::string::npos) return Times("[0-9]", min.size());
  std::string text = Digit(min[0], min[0]) + " " + AtLeast(min.substr(1));
  if (min[0] < '9') {
    text +=
        " | " + Digit(static_cast<char>(min[0] + 1), '9') + " " + Times("[0-9]", min.size() - 1);
  }
  return "(" + text + ")";
}

std::string AtMost(const std::string& max) {
  if (max.find_first_not_of('9') == std::string::npos) return Times("[0-9]", max.size());
  std::string text = Digit(max[0], max[0]) + " " + AtMost(max.substr(1));
  if (max[0] > '0') {
    text +=
        " | " + Digit('0', static_cast<char>(max[0] - 1)) + " " + Times("[0-9]", max.size() - 1);
  }
  return "(" + text + ")";
}

// Both have the same number of digits.
std::string Between(const std::string& min, const std::string& max) {
  if (min.empty()) return R"("")";
  if (min[0] == max[0]) {
    return Digit(min[0], min[0]) + " " + Between(min.substr(1), max.substr(1));
  }
  std::string text = Digit(min[0], min[0]) + " " + AtLeast(min.substr(1));
  if (min[0] + 1 < max[0]) {
    text += " | " + Digit(static_cast<char>(min[0] + 1), static_cast<char>(max[0] - 1)) + " " +
            Times("[0-9]", min.size() - 1);
  }
  text += " | " + Digit(max[0], max[0]) + " " + AtMost(max.substr(1));
  return "(" + text + ")";
}

// Whole numbers that are not below 0; "" if there are none.
std::string Whole(int64_t min, int64_t max) {
  if (min > max) return {};
  std::string text;
  while (true) {
    const std::string from = std::to_string(min);
    const std::string nines(from.size(), '9');
    const int64_t end = std::min<int64_t>(max, std::stoll(nines));
    text += (text.empty() ? "" : " | ") + Between(from, std::to_string(end));
    if (end == max) return "(" + text + ")";
    min = end + 1;
  }
}

void Append(std::string& choices, const std::string& sign, const std::string& text) {
  if (text.empty()) return;
  if (!choices.empty()) choices += " | ";
  choices += sign + text;
}

// Numbers that are not below 0, after the given sign.
void AppendRange(const NumberRange& range, const std::string& sign, std::string& choices) {
  const int64_t first = range.min + (range.min_open ? 1 : 0);
  const int64_t last = range.max - (range.max_open ? 1 : 0);
  if (range.whole) return Append(choices, sign, Whole(first, last));
  // A number may have any fraction if its successor is still in the range; the last one has no
  // fraction.
  const int64_t with_fraction = std::min(range.max - 1, kMaxWithFraction);
  if (const std::string all = Whole(first, with_fraction); !all.empty()) {
    Append(choices, sign, all + " " + kFraction);
  }
  if (range.min_open && range.min <= with_fraction) {
    Append(choices, sign, Whole(range.min, range.min) + " " + kSomeFraction);
  }
  Append(choices, sign, Whole(std::max(first, with_fraction + 1), last));
}

}  // namespace

std::string GrammarOfRange(NumberRange range) {
  if (range.min > range.max) return {};
  std::string choices;
  if (range.min < 0) {
    NumberRange below{.min = std::max<int64_t>(-range.max, 0),
                      .max = -range.min,
                      .min_open = range.max <= 0 ? range.max_open : true,
                      .max_open = range.min_open,
                      .whole = range.whole};
    AppendRange(below, "\"-\" ", choices);
  }
  if (range.max >= 0) {
    if (range.min < 0) {
      range.min = 0;
      range.min_open = false;
    }
    AppendRange(range, "", choices);
  }
  return choices.empty() ? choices : "(" + choices + ")";
}

}  // namespace wasinn::ggml
