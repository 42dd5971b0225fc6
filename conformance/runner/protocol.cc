#include "protocol.h"

#include <fmt/format.h>

#include <algorithm>

namespace wasinn::conformance {
namespace {

// The maximum number of values; guests print a few dozen.
constexpr std::size_t kMaxValues = 10'000;
constexpr std::string_view kKeyLetters = "abcdefghijklmnopqrstuvwxyz0123456789_.";

// The number in "[3] ", taken off the line; "" for a line of no copy.
std::string TakeLabel(std::string_view& line) {
  if (!line.starts_with('[')) return {};
  const auto end = line.find_first_not_of("0123456789", 1);
  if (end == 1 || end == std::string_view::npos || !line.substr(end).starts_with(']')) return {};
  std::string label(line.substr(1, end - 1));
  line.remove_prefix(end + 1);
  if (line.starts_with(' ')) line.remove_prefix(1);
  return label;
}

void Take(std::string_view line, Printed& guest, std::string& other) {
  if (line == "done") {
    if (guest.done && guest.mistakes.size() < kMaxValues)
      guest.mistakes.emplace_back("done", "printed done twice");
    guest.done = true;
    return;
  }
  const auto at = line.find('=');
  const std::string_view key = line.substr(0, at);
  if (at == std::string_view::npos || key.empty() ||
      key.find_first_not_of(kKeyLetters) != std::string_view::npos) {
    other += line;
    other += '\n';
    return;
  }
  if (guest.values.size() >= kMaxValues) return;
  if (guest.done) {
    guest.mistakes.emplace_back(key, fmt::format("printed {} after done", key));
  } else if (guest.Find(key) != nullptr) {
    guest.mistakes.emplace_back(key, fmt::format("printed {} twice", key));
  }
  guest.values.emplace_back(key, line.substr(at + 1));
}

}  // namespace

const std::string* Printed::Find(std::string_view key) const {
  const auto found = std::ranges::find(values, key, [](const auto& value) { return value.first; });
  return found == values.end() ? nullptr : &found->second;
}

Output ParseOutput(std::string_view out, bool copies) {
  Output output;
  if (!copies) output.guests.emplace_back();
  while (!out.empty()) {
    const auto end = std::min(out.find('\n'), out.size());
    std::string_view line = out.substr(0, end);
    out.remove_prefix(std::min(end + 1, out.size()));
    if (!copies) {
      Take(line, output.guests.front(), output.other);
      continue;
    }
    const std::string label = TakeLabel(line);
    if (label.empty()) {
      output.other += line;
      output.other += '\n';
      continue;
    }
    auto guest = std::ranges::find(output.guests, label, &Printed::label);
    if (guest == output.guests.end()) {
      output.guests.emplace_back().label = label;
      guest = output.guests.end() - 1;
    }
    Take(line, *guest, output.other);
  }
  return output;
}

}  // namespace wasinn::conformance
