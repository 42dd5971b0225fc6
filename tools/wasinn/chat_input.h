// Parses the input of a chat: messages of one or more lines, and commands.
#pragma once

#include <string>
#include <string_view>

namespace wasinn::cli {

// Joins lines: a line that ends in \ continues on the next one, and """ begins and ends a text of
// several lines.
class MessageLines {
 public:
  // False if the message continues on another line.
  bool Add(std::string_view line);
  bool empty() const { return text_.empty() && !open_; }
  // Whether the message is inside """, and therefore not a command.
  bool quoted() const { return quoted_; }
  // Returns the message so far and begins a new one.
  std::string Take();

 private:
  std::string text_;
  bool open_ = false;  // inside """
  bool quoted_ = false;
  bool joined_ = false;
};

// Splits "/set temp 0.5" into the name without its slash and the rest without surrounding blanks.
struct ChatCommand {
  std::string name;
  std::string argument;
};

// Whether the input is a command: it begins with exactly one slash.
bool IsChatCommand(std::string_view message);
ChatCommand ParseChatCommand(std::string_view message);
// The message for the model: two slashes at the beginning become one.
std::string_view TypedMessage(std::string_view message);

}  // namespace wasinn::cli
