#include "conversation.h"

#include <fmt/format.h>

#include <utility>

namespace wasinn::cli {
namespace {

Json Message(const char* role, std::string_view text) {
  return {{"role", role}, {"content", text}};
}

}  // namespace

bool Conversation::HasSystem() const {
  return !messages_.empty() && Text(messages_.front(), "role") == "system";
}

void Conversation::SetSystem(std::string_view text) {
  if (HasSystem()) messages_.erase(0);
  if (!text.empty()) messages_.insert(messages_.begin(), Message("system", text));
}

void Conversation::Add(const char* role, std::string_view text) {
  messages_.push_back(Message(role, text));
}

std::optional<std::string> Conversation::TakeQuestion() {
  for (std::size_t i = messages_.size(); i-- > 0;) {
    if (Text(messages_[i], "role") != "user") continue;
    std::string question = Text(messages_[i], "content");
    while (messages_.size() > i) messages_.erase(messages_.size() - 1);
    return question;
  }
  return std::nullopt;
}

void Conversation::Clear() {
  const bool keep = HasSystem();
  while (messages_.size() > (keep ? 1 : 0)) messages_.erase(messages_.size() - 1);
}

Parsed<Conversation> Conversation::FromJson(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return std::unexpected("expected JSON, given other text");
  const auto member = json.is_object() ? json.find("messages") : json.end();
  const auto& list = member == json.end() ? json : *member;
  if (!list.is_array()) {
    return std::unexpected("expected a list of messages, or an object with \"messages\"");
  }
  Conversation conversation;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const bool good =
        list[i].is_object() && list[i].contains("role") && list[i]["role"].is_string();
    if (!good) {
      return std::unexpected(
          fmt::format("message {}: expected an object with a text \"role\", given another", i));
    }
    conversation.messages_.push_back(list[i]);
  }
  return conversation;
}

}  // namespace wasinn::cli
