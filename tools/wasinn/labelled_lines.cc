#include "labelled_lines.h"

#include <fmt/format.h>

#include <utility>

namespace wasinn::cli {
namespace {

constexpr std::size_t kMaxLine = 64 << 10;

}  // namespace

LabelledLines::LabelledLines(std::uint32_t number, Sink sink)
    : label_(fmt::format("[{}] ", number)), sink_(std::move(sink)) {}

LabelledLines::~LabelledLines() {
  if (!rest_.empty()) PassOn(rest_);
}

void LabelledLines::PassOn(std::string_view line) { sink_(fmt::format("{}{}\n", label_, line)); }

void LabelledLines::Write(std::string_view data) {
  while (!data.empty()) {
    const auto room = kMaxLine - rest_.size();
    const auto end = data.substr(0, room).find('\n');
    if (end == std::string_view::npos && data.size() < room) {
      rest_ += data;
      return;
    }
    const bool whole = end != std::string_view::npos;
    rest_ += data.substr(0, whole ? end : room);
    data.remove_prefix(whole ? end + 1 : room);
    PassOn(rest_);
    rest_.clear();
  }
}

}  // namespace wasinn::cli
