// How --help and wrong values look, where CLI11's own words are not ours.
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

// Checks of a flag's value: "expected text or json, given "yaml"".
CLI::Validator OneOf(std::vector<std::string> words);
CLI::Validator Count();
CLI::Validator Between(std::uint32_t least, std::uint32_t most);
// "4GiB" and the like, into bytes.
CLI::Validator Size();

}  // namespace wasinn::cli
