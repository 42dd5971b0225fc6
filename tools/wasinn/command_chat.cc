#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include "chat_input.h"
#include "chat_model.h"
#include "commands.h"
#include "conversation.h"
#include "engine_flags.h"
#include "files.h"
#include "generation_flags.h"
#include "line_reader.h"
#include "near.h"
#include "option_table.h"
#include "output.h"
#include "stop_signal.h"
#include "stream.h"
#include "text_argument.h"

namespace wasinn::cli {
namespace {

struct ChatFlags {
  EngineFlags engine;
  PolicyFlags policy;
  std::string model;
  std::string prompt;
  std::string system;
  GenerationFlags generation;
  bool stats = false;
  bool json = false;
};

// One chat, from the first line to the last.
class Chat {
 public:
  Chat(Host& host, ChatModel& model, const ChatFlags& flags)
      : host_(host), model_(model), flags_(flags), show_stats_(flags.stats || IsTerminal(stderr)) {
    conversation_.SetSystem(flags.system);
  }

  // Asks one question and ends.
  Outcome RunOnce();
  // Sends the lines of stdin, until its end.
  Outcome RunLines();

 private:
  enum class Next { kGoOn, kEnd };
  struct Command {
    const char* name;
    const char* argument;
    const char* help;
    Next (Chat::*run)(const std::string& argument);
  };
  static std::span<const Command> Commands();

  std::expected<int, Failure> Ask(std::string_view question);
  void Show(const Answer& answer);
  Next RunCommand(const ChatCommand& command);

  Next Help(const std::string& argument);
  Next System(const std::string& argument);
  Next ClearAll(const std::string& argument);
  Next Undo(const std::string& argument);
  Next Retry(const std::string& argument);
  Next Set(const std::string& argument);
  Next Options(const std::string& argument);
  Next Save(const std::string& argument);
  Next Load(const std::string& argument);
  Next Stats(const std::string& argument);
  Next Quit(const std::string&) { return Next::kEnd; }

  // Prints a line for the person who chats; someone else may read stdout.
  template <typename... Args>
  void Say(fmt::format_string<Args...> format, Args&&... args) const {
    const Style style = Style::For(stderr);
    PrintError("{}{}{}\n", style.dim,
               Printable(fmt::format(format, std::forward<Args>(args)...), true), style.reset);
  }
  void Complain(const Failure& failure) {
    PrintFailure(failure);
    failed_ = failure.exit_code;
  }
  const Json* Backend();

  Host& host_;
  ChatModel& model_;
  const ChatFlags& flags_;
  const bool show_stats_;
  Conversation conversation_;
  std::optional<Answer> last_;
  Json backends_;
  int stopped_by_ = 0;  // the signal that ends the chat
  int failed_ = kOk;    // the result of the last message or command
};

std::span<const Chat::Command> Chat::Commands() {
  static constexpr std::array kCommands = {
      Command{"help", "", "list the commands", &Chat::Help},
      Command{"system", "[TEXT]", "show the system message, or set it", &Chat::System},
      Command{"clear", "", "forget the conversation", &Chat::ClearAll},
      Command{"undo", "", "remove the last question and its answer", &Chat::Undo},
      Command{"retry", "", "ask the last question again", &Chat::Retry},
      Command{"set", "[OPTION [VALUE]]", "set an option or its default; show the set options",
              &Chat::Set},
      Command{"options", "", "list the options that can be set", &Chat::Options},
      Command{"save", "FILE", "write the conversation as JSON", &Chat::Save},
      Command{"load", "FILE", "continue a saved conversation", &Chat::Load},
      Command{"stats", "", "show the statistics of the last answer", &Chat::Stats},
      Command{"quit", "", "end the chat, as Ctrl-D does", &Chat::Quit},
  };
  return kCommands;
}

void Chat::Show(const Answer& answer) {
  if (flags_.json) {
    Json json = {{"role", "assistant"},
                 {"content", answer.text},
                 {"usage", answer.usage},
                 {"stopped", answer.signal != 0},
                 {"first_token_ms", answer.first_ms ? Json(*answer.first_ms) : Json(nullptr)},
                 {"tokens_per_second", nullptr}};
    if (const auto rate = TokensPerSecond(answer)) json["tokens_per_second"] = *rate;
    Print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace));
    return;
  }
  if (!answer.text.ends_with('\n')) Print("\n");
  if (show_stats_) Say("[{}]", StatsText(answer));
}

std::expected<int, Failure> Chat::Ask(std::string_view question) {
  conversation_.Ask(question);
  const bool raw = !IsTerminal(stdout);
  TerminalText visible;
  const auto answer = model_.Ask(conversation_.messages(), [&](std::string_view piece) {
    if (flags_.json) return;
    Print("{}", raw ? std::string(piece) : visible.Add(piece));
  });
  if (!flags_.json && !raw) Print("{}", visible.Finish());
  if (!answer.text.empty()) {
    // An incomplete answer is kept, too, so that later messages can refer to it.
    conversation_.Answer(answer.text);
  } else if (answer.signal != 0 || answer.failure) {
    conversation_.TakeQuestion();
  }
  if (!answer.failure || !answer.text.empty()) last_ = answer;
  if (answer.failure) {
    if (!answer.text.empty()) Show(answer);
    return std::unexpected(*answer.failure);
  }
  Show(answer);
  return answer.signal;
}

Outcome Chat::RunOnce() {
  const auto asked = Ask(flags_.prompt);
  if (!asked) return std::unexpected(asked.error());
  if (*asked == 0) return kOk;
  return *asked == SIGTERM ? kTerminated : kInterrupted;
}

Outcome Chat::RunLines() {
  LineReader reader;
  if (reader.interactive()) {
    Say("{}: /help lists the commands, Ctrl-C stops an answer, Ctrl-D ends the chat",
        model_.title());
  }
  MessageLines lines;
  std::string line;
  bool more = false;
  for (;;) {
    auto end = LineReader::End::kLine;
    {
      const StopSignal stop;
      end = reader.Read(more ? ". " : "> ", line);
      if (end == LineReader::End::kInterrupted) {
        return StopSignal::received() == SIGTERM ? kTerminated : kInterrupted;
      }
    }
    if (end == LineReader::End::kLine) {
      more = !lines.Add(line);
      if (more) continue;
    }
    const bool may_command = reader.typed() && !lines.quoted();
    const std::string message = lines.Take();
    if (message.find_first_not_of(" \t\n") != std::string::npos) {
      if (may_command && IsChatCommand(message)) {
        if (RunCommand(ParseChatCommand(message)) == Next::kEnd) break;
      } else if (const auto asked = Ask(may_command ? TypedMessage(message) : message); !asked) {
        Complain(asked.error());
      } else {
        stopped_by_ = *asked;
      }
    }
    // Without a terminal, no one would continue after Ctrl-C.
    if (stopped_by_ == SIGTERM) return kTerminated;
    // No one would read the next answer either.
    if (OutFailure() != 0) break;
    if (stopped_by_ != 0 && !reader.interactive()) return kInterrupted;
    if (end == LineReader::End::kEnd) break;
  }
  // On a terminal, the person has already seen the error.
  return reader.interactive() ? kOk : failed_;
}

Chat::Next Chat::RunCommand(const ChatCommand& command) {
  stopped_by_ = 0;
  for (const auto& known : Commands()) {
    if (command.name == known.name) return (this->*known.run)(command.argument);
  }
  std::vector<std::string> names;
  for (const auto& known : Commands()) names.push_back(fmt::format("/{}", known.name));
  const std::string given = "/" + command.name;
  Complain(
      {kUsage, fmt::format("expected a command, given \"{}\"{}", given, Suggest(given, names)),
       "/help lists the commands; a line that begins with // is a message that begins with /"});
  return Next::kGoOn;
}

Chat::Next Chat::Help(const std::string&) {
  Table table({"COMMAND", "MEANING"});
  for (const auto& command : Commands()) {
    table.AddRow({fmt::format("/{}{}{}", command.name, *command.argument == '\0' ? "" : " ",
                              command.argument),
                  command.help});
  }
  Print(
      "{}\nA line that ends in \\ goes on with the next; \"\"\" begins and ends a text of "
      "many lines.\n// begins a message that begins with a slash. Ctrl-C stops an answer.\n",
      table.Render(Style::For(stdout)));
  return Next::kGoOn;
}

Chat::Next Chat::System(const std::string& argument) {
  if (!argument.empty()) {
    conversation_.SetSystem(argument);
    return Next::kGoOn;
  }
  const auto& messages = conversation_.messages();
  const bool has = !messages.empty() && Text(messages.front(), "role") == "system";
  Print("{}\n", has ? Printable(Text(messages.front(), "content"), true)
                    : "no system message; the model may have one of its own");
  return Next::kGoOn;
}

Chat::Next Chat::ClearAll(const std::string&) {
  conversation_.Clear();
  Say("the conversation is empty");
  return Next::kGoOn;
}

Chat::Next Chat::Undo(const std::string&) {
  const auto question = conversation_.TakeQuestion();
  if (!question) {
    Complain({kUsage, "/undo: expected a question that was asked, given none", ""});
  } else {
    Say("taken back: {}", *question);
  }
  return Next::kGoOn;
}

Chat::Next Chat::Retry(const std::string&) {
  const auto question = conversation_.TakeQuestion();
  if (!question) {
    Complain({kUsage, "/retry: expected a question that was asked, given none", ""});
  } else if (const auto asked = Ask(*question); !asked) {
    Complain(asked.error());
  } else {
    stopped_by_ = *asked;
  }
  return Next::kGoOn;
}

const Json* Chat::Backend() {
  if (backends_.is_null()) {
    const auto text = host_.engine.BackendsJson();
    if (text) backends_ = Json::parse(*text, nullptr, false);
  }
  return &FindBackend(backends_, model_.backend());
}

Chat::Next Chat::Set(const std::string& argument) {
  if (argument.empty()) {
    for (const auto& [name, value] : model_.options()) {
      Print("{} {}\n", Printable(name), Printable(value));
    }
    if (model_.options().empty()) Say("nothing is set; /options lists what can be");
    return Next::kGoOn;
  }
  const auto split = std::min(argument.find_first_of(" =\t\n"), argument.size());
  const auto begin = std::min(argument.find_first_not_of(" =\t\n", split), argument.size());
  const std::string name = OptionName(*Backend(), argument.substr(0, split));
  OptionList options = model_.options();
  std::erase_if(options,
                [&](const auto& option) { return OptionName(*Backend(), option.first) == name; });
  if (begin < argument.size()) options.emplace_back(name, argument.substr(begin));
  if (auto set = model_.SetOptions(std::move(options)); !set) {
    Complain({kUsage, set.error().message, ""});
  }
  return Next::kGoOn;
}

Chat::Next Chat::Options(const std::string&) {
  Print("{}", OptionTable(*Backend(), "context").Render(Style::For(stdout)));
  return Next::kGoOn;
}

Chat::Next Chat::Save(const std::string& argument) {
  if (argument.empty()) {
    Complain({kUsage, "/save: expected a file, given none", ""});
    return Next::kGoOn;
  }
  const Json json = {{"model", flags_.model}, {"messages", conversation_.messages()}};
  const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (auto written = WriteFile(argument, std::as_bytes(std::span(text))); !written) {
    Complain({kSetup, written.error().message, ""});
  } else {
    Say("{} messages are in {}", conversation_.size(), argument);
  }
  return Next::kGoOn;
}

Chat::Next Chat::Load(const std::string& argument) {
  const auto data = ReadFile(argument);
  if (!data) {
    Complain({kSetup,
              argument.empty() ? "/load: expected a file, given none" : data.error().message, ""});
    return Next::kGoOn;
  }
  auto read = Conversation::FromJson({reinterpret_cast<const char*>(data->data()), data->size()});
  if (!read) {
    Complain({kSetup, fmt::format("{}: {}", argument, read.error()), ""});
    return Next::kGoOn;
  }
  conversation_ = std::move(*read);
  Say("{} messages are there", conversation_.size());
  return Next::kGoOn;
}

Chat::Next Chat::Stats(const std::string&) {
  if (!last_) {
    Say("no answer yet");
    return Next::kGoOn;
  }
  Print("{}\n{}", StatsText(*last_), last_->usage.is_object() ? FactsOf(last_->usage) : "");
  return Next::kGoOn;
}

// Reads --prompt and --system, if they name files.
std::expected<void, Failure> ReadTexts(ChatFlags& flags) {
  for (auto [flag, text] :
       {std::pair{"--prompt", &flags.prompt}, std::pair{"--system", &flags.system}}) {
    auto read = ReadTextArgument(*text);
    if (!read) return Fail(kSetup, fmt::format("{}: {}", flag, read.error()));
    *text = std::move(*read);
  }
  return {};
}

Outcome RunChat(const ChatFlags& given, bool once) {
  if (given.model == kStdin && !once) {
    return Fail(kUsage, "expected messages on standard input, given the model there",
                "--prompt TEXT asks one question");
  }
  ChatFlags flags = given;
  if (auto read = ReadTexts(flags); !read) return std::unexpected(read.error());
  auto options = ContextOptions(flags.generation);
  if (!options) return std::unexpected(options.error());
  auto host = OpenHost({.engine = flags.engine, .policy = &flags.policy});
  if (!host) return std::unexpected(host.error());
  auto model = ChatModel::Load(*host, flags.model, flags.generation, std::move(*options));
  if (!model) return std::unexpected(model.error());
  Chat chat(*host, *model, flags);
  auto end = once ? chat.RunOnce() : chat.RunLines();
  // Requested output that was lost.
  if (flags.stats && ErrorFailure() != 0 && end == kOk) return kSetup;
  return end;
}

}  // namespace

Command AddChatCommand(CLI::App& app) {
  auto* chat = app.add_subcommand("chat", "Chat with a language model");
  auto flags = std::make_shared<ChatFlags>();
  flags->engine.log_level = "error";
  chat->add_option("MODEL", flags->model, "A model's name or file; - for stdin")->required();
  const auto* prompt = chat->add_option("-p,--prompt", flags->prompt,
                                        "Ask this, or what is in @FILE, print the answer\n"
                                        "and end; without it each line of stdin is a\n"
                                        "message")
                           ->type_name("TEXT");
  chat->add_option("-s,--system", flags->system, "The system message; also @FILE")
      ->type_name("TEXT");
  AddGenerationFlags(*chat, flags->generation);
  chat->add_flag("--stats", flags->stats,
                 "Print the speed of each answer, even if stderr\nis not a terminal");
  chat->add_flag("--json", flags->json, "Print each answer as one line of JSON");
  AddEngineFlags(*chat, flags->engine);
  AddPolicyFlags(*chat, flags->policy);
  return [flags, prompt] { return RunChat(*flags, prompt->count() > 0); };
}

}  // namespace wasinn::cli
