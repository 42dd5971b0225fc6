// The texts of --help and of wrong values, where they differ from CLI11's own.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace wasinn::cli {

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter();
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
};

// The command of that name; NULL: there is none.
const CLI::App* FindCommand(const CLI::App& app, const std::string& name);

// Whether a flag has a value, in the same word or the next one.
bool TakesValue(const CLI::Option& option);

// Explains what CLI11 did not understand: what was expected and given, and the nearest command or
// option. `named`: whether the command line contains the command's name.
std::string UsageMistake(const CLI::App& app, const CLI::ParseError& error, bool named = true);

// Checks of a flag's value: "expected text or json, given "yaml"".
CLI::Validator OneOf(std::vector<std::string> words);
// The words of an option's OneOf; empty without it.
std::vector<std::string> ChoicesOf(const CLI::Option& option);
CLI::Validator Count();
CLI::Validator Between(std::uint32_t min, std::uint32_t max);
// Converts "4GiB" and similar texts to bytes.
CLI::Validator Size();

}  // namespace wasinn::cli
