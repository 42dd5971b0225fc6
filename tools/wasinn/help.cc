#include "help.h"

namespace wasinn::cli {

HelpFormatter::HelpFormatter() {
  column_width(30);
  label("OPTIONS", "options");
  label("Positionals", "Arguments");
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string name) const {
  std::string usage = "Usage: " + name;
  if (!app->get_subcommands({}).empty()) return usage + " COMMAND [options]\n";
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

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  if (option->get_positional() || option->get_type_size() == 0) return "";
  return " " + option->get_type_name();
}

}  // namespace wasinn::cli
