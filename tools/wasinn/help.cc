#include "help.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "near.h"
#include "terminal.h"

namespace wasinn::cli {
namespace {

// Stands between an option's type and the words of OneOf.
constexpr char kChoices[] = ":one of ";
// The first word that nothing accepts; `mistake` if there is none.
std::string ExtraWord(const CLI::App& app, const CLI::App& command, std::string mistake) {
  // A flag that CLI11 does not know explains the words after it.
  const auto words = app.remaining(true);
  auto word = std::ranges::find_if(words, [](const auto& text) { return text.starts_with('-'); });
  if (word == words.end()) word = words.begin();
  if (word == words.end()) return mistake;
  const char* expected = "no further argument";
  std::vector<std::string> known;
  if (word->starts_with('-')) {
    expected = "a known option";
    for (const auto* option : command.get_options()) {
      for (const auto& name : option->get_lnames()) known.push_back("--" + name);
    }
  } else if (const auto commands = command.get_subcommands({}); !commands.empty()) {
    expected = "a known command";
    for (const auto* one : commands) known.push_back(one->get_name());
  }
  return fmt::format("expected {}, given \"{}\"{}", expected, Printable(*word),
                     Suggest(word->substr(0, word->find('=')), known));
}

}  // namespace

HelpFormatter::HelpFormatter() {
  column_width(30);
  label("OPTIONS", "options");
  label("Positionals", "Arguments");
  label("Subcommands", "Commands");
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode mode) const {
  std::string help = app->get_description() + "\n\n" + make_usage(app, std::move(name)) +
                     make_positionals(app) + make_groups(app, mode) + make_subcommands(app, mode) +
                     "\n" + make_footer(app);
  // CLI11 puts two empty lines between groups.
  for (auto at = help.find("\n\n\n"); at != std::string::npos; at = help.find("\n\n\n", at)) {
    help.erase(at, 1);
  }
  while (help.ends_with("\n\n")) help.pop_back();
  return help;
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string name) const {
  std::string usage = "Usage: " + name;
  if (!app->get_subcommands({}).empty()) {
    return usage +
           fmt::format(" COMMAND [options]\n       {} [options of run] GUEST.wasm [ARGS...]\n",
                       app->get_name());
  }
  usage += " [options]";
  // `run` takes its guest off the command line before CLI11 sees it.
  if (app->get_name() == "run") return usage + " GUEST.wasm [ARGS...]\n";
  for (const auto* option : app->get_options()) {
    if (!option->get_positional()) continue;
    const std::string text = option->get_name(true);
    usage += option->get_required() ? " " + text : " [" + text + "]";
  }
  return usage + "\n";
}

std::string HelpFormatter::make_option_name(const CLI::Option* option, bool is_positional) const {
  std::string name = option->get_name(is_positional, true);
  // A flag that may have a value, which CLI11 writes as --stats{text}.
  const auto brace = name.find('{');
  return brace == std::string::npos ? name : name.substr(0, brace) + "[=FORM]";
}

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  if (option->get_positional() || option->get_type_size() == 0) return {};
  const std::string type = option->get_type_name();
  return " " + type.substr(0, type.find(kChoices));
}

const CLI::App* FindCommand(const CLI::App& app, const std::string& name) {
  for (const auto* command : app.get_subcommands({})) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

bool TakesValue(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

std::string UsageMistake(const CLI::App& app, const CLI::ParseError& error, bool named) {
  const auto chosen = app.get_subcommands();
  const CLI::App& command = chosen.empty() ? app : *chosen.front();
  std::string mistake = error.what();
  const std::string_view text = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    mistake = ExtraWord(app, command, mistake);
  } else if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    mistake = fmt::format("expected {}, given none", text.substr(0, text.find(' ')));
  } else if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    mistake = fmt::format("{}: expected a value, given none", text.substr(0, text.find(':')));
  }
  return chosen.empty() || !named ? mistake : command.get_name() + ": " + mistake;
}

CLI::Validator OneOf(std::vector<std::string> words) {
  // CLI11 puts this behind the name of the option's type.
  const std::string choices =
      fmt::format("{}{}", std::string_view(kChoices).substr(1), fmt::join(words, "|"));
  return CLI::Validator(
      [words = std::move(words)](std::string& text) -> std::string {
        if (std::ranges::find(words, text) != words.end()) return {};
        std::string list = words.front();
        for (std::size_t i = 1; i < words.size(); ++i) {
          list += (i + 1 == words.size() ? " or " : ", ") + words[i];
        }
        return fmt::format("expected {}, given \"{}\"", list, Printable(text));
      },
      choices);
}

std::vector<std::string> ChoicesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto at = type.find(kChoices);
  if (at == std::string::npos) return {};
  return CLI::detail::split(type.substr(at + std::string_view(kChoices).size()), '|');
}

CLI::Validator Count() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        std::uint32_t number = 0;
        if (CLI::detail::lexical_cast(text, number)) return {};
        return fmt::format("expected a number, 0 or more, given \"{}\"", Printable(text));
      },
      "");
}

CLI::Validator Between(std::uint32_t min, std::uint32_t max) {
  return CLI::Validator(
      [min, max](std::string& text) -> std::string {
        std::uint32_t number = 0;
        if (CLI::detail::lexical_cast(text, number) && number >= min && number <= max) return {};
        return fmt::format("expected a number from {} to {}, given \"{}\"", min, max,
                           Printable(text));
      },
      "");
}

CLI::Validator Size() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        const std::string given = text;
        const CLI::AsSizeValue size(false);
        if (size(text).empty()) return {};
        return fmt::format("expected a size such as 4GiB, given \"{}\"", Printable(given));
      },
      "");
}

}  // namespace wasinn::cli
