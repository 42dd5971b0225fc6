// What a person types into a chat: messages of one or more lines, and commands.
#pragma once

#include <string>
#include <string_view>

namespace wasinn::cli {

// Puts lines together: one that ends in \ goes on with the next, and """ begins and ends a text of
// many lines.
class MessageLines {
 public:
  // False when the message goes on with another line.
  bool Add(std::string_view line);
  bool empty() const { return text_.empty() && !open_; }
  // Whether the message stands in """, and so is no command.
  bool quoted() const { return quoted_; }
  // The message so far; begins a new one.
  std::string Take();

 private:
  std::string text_;
  bool open_ = false;  // inside """
  bool quoted_ = false;
  bool joined_ = false;
};

// "/set temp 0.5": the name without its slash, and the rest without blanks around it.
struct ChatCommand {
  std::string name;
  std::string argument;
};

// True when what was typed is a command and not for the model: it begins with a slash, and not with
// two.
bool IsChatCommand(std::string_view message);
ChatCommand ParseChatCommand(std::string_view message);
// What was typed and is no command as the model gets it: of two slashes at its start one is left.
std::string_view TypedMessage(std::string_view message);

}  // namespace wasinn::cli
