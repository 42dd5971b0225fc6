#include "chat_input.h"

#include <algorithm>
#include <utility>

namespace wasinn::cli {
namespace {

constexpr std::string_view kFence = "\"\"\"";
constexpr std::string_view kBlank = " \t";

std::string_view Trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace

bool MessageLines::Add(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (joined_) text_ += '\n';
  joined_ = false;
  const bool begins = !open_ && text_.empty() && line.starts_with(kFence);
  if (begins) {
    line.remove_prefix(kFence.size());
    open_ = quoted_ = true;
  }
  if (open_) {
    if (line.ends_with(kFence)) {
      text_ += line.substr(0, line.size() - kFence.size());
      open_ = false;
      return true;
    }
    text_ += line;
    // If nothing follows the opening quotes, there is no empty first line.
    joined_ = !begins || !line.empty();
    return false;
  }
  if (line.ends_with('\\')) {
    text_ += line.substr(0, line.size() - 1);
    joined_ = true;
    return false;
  }
  text_ += line;
  return true;
}

std::string MessageLines::Take() {
  open_ = quoted_ = joined_ = false;
  return std::exchange(text_, {});
}

bool IsChatCommand(std::string_view message) {
  return message.starts_with('/') && !message.starts_with("//");
}

std::string_view TypedMessage(std::string_view message) {
  return message.substr(message.starts_with("//") ? 1 : 0);
}

ChatCommand ParseChatCommand(std::string_view message) {
  message.remove_prefix(1);
  const auto end = std::min(message.find_first_of(" \t\n"), message.size());
  return {std::string(message.substr(0, end)), std::string(Trimmed(message.substr(end)))};
}

}  // namespace wasinn::cli
