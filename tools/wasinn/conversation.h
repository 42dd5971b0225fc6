// The conversation of a chat.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "listing.h"
#include "tensor.h"

namespace wasinn::cli {

// A list of messages as in OpenAI's API: optionally a system message, then questions and answers.
class Conversation {
 public:
  // The system message; empty: none.
  void SetSystem(std::string_view text);
  void Ask(std::string_view text) { Add("user", text); }
  void Answer(std::string_view text) { Add("assistant", text); }
  // Removes the last question and everything after it; nullopt if there is none.
  std::optional<std::string> TakeQuestion();
  // Forgets all but the system message.
  void Clear();

  // Without the system message.
  std::size_t size() const { return messages_.size() - (HasSystem() ? 1 : 0); }
  const Json& messages() const { return messages_; }

  // The messages of a saved chat: a list, or an object with a list `messages`.
  static Parsed<Conversation> FromJson(std::string_view text);

 private:
  void Add(const char* role, std::string_view text);
  bool HasSystem() const;

  Json messages_ = Json::array();
};

}  // namespace wasinn::cli
