// Command templates of host files: words with {names} in them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasinn::conformance {

// The names that each template may use. In `run`, the last five stand alone as a word and become
// any number of words.
inline const std::vector<std::string> kRunNames = {"program", "guest",  "stem",   "models",
                                                   "dirs",    "policy", "copies", "args"};
inline const std::vector<std::string> kModelNames = {"name",     "path",     "dir",
                                                     "encoding", "ENCODING", "framework"};
inline const std::vector<std::string> kDirNames = {"host", "guest_dir"};
inline const std::vector<std::string> kPolicyNames = {"rule", "value"};
inline const std::vector<std::string> kCopiesNames = {"n"};

// Why a word of a template cannot be filled, "" when it can.
std::string TemplateMistake(std::string_view word, const std::vector<std::string>& names);

// What a name stands for: one text, or several words.
struct Filling {
  std::string name;
  std::vector<std::string> words;
};

// The words with their names filled in. A word that is only a name becomes all of its words.
std::vector<std::string> Fill(const std::vector<std::string>& words,
                              const std::vector<Filling>& fillings);

// Whether a template uses a name.
bool Uses(const std::vector<std::string>& words, std::string_view name);

}  // namespace wasinn::conformance
