// Command templates of host files: words with {names} in them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasinn::conformance {

// The names that each template may use. In `run`, the last five must be whole words and are
// replaced by any number of words.
inline constexpr std::string_view kVersionNames[] = {"program"};
inline constexpr std::string_view kRunNames[] = {"program", "guest",  "stem",   "models",
                                                 "dirs",    "policy", "copies", "args"};
inline constexpr std::string_view kModelNames[] = {"name",     "path",     "files",    "dir",
                                                   "encoding", "ENCODING", "framework"};
inline constexpr std::string_view kDirNames[] = {"host", "guest_dir"};
inline constexpr std::string_view kPolicyNames[] = {"rule", "value"};
inline constexpr std::string_view kCopiesNames[] = {"n"};

// Why a word of a template is invalid, or "".
std::string TemplateMistake(std::string_view word, std::span<const std::string_view> names);

// The replacement of a name: one text, or several words.
struct Filling {
  std::string name;
  std::vector<std::string> words;
};

// The words with their names replaced. A word that is only a name becomes all of its words.
std::vector<std::string> Fill(const std::vector<std::string>& words,
                              const std::vector<Filling>& fillings);

// Whether a template uses a name.
bool Uses(const std::vector<std::string>& words, std::string_view name);

}  // namespace wasinn::conformance
