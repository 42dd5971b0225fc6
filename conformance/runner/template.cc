#include "template.h"

#include <fmt/format.h>

#include <algorithm>

#include "text.h"

namespace wasinn::conformance {
namespace {

constexpr std::string_view kLists[] = {"models", "dirs", "policy", "copies", "args"};

bool IsList(std::string_view name) { return std::ranges::find(kLists, name) != std::end(kLists); }

}  // namespace

std::string TemplateMistake(std::string_view word, std::span<const std::string_view> names) {
  for (std::size_t at = word.find('{'); at != std::string_view::npos; at = word.find('{', at + 1)) {
    const auto end = word.find('}', at);
    if (end == std::string_view::npos) {
      return fmt::format("expected a }} after {{, given \"{}\"", word);
    }
    const std::string name(word.substr(at + 1, end - at - 1));
    if (std::ranges::find(names, name) == names.end()) {
      return fmt::format("expected one of {{{}}}, given \"{{{}}}\"{}", fmt::join(names, "} {"),
                         CleanText(name), Suggest(name, {names.begin(), names.end()}));
    }
    const bool alone = at == 0 && end + 1 == word.size();
    if (IsList(name) && !alone) {
      return fmt::format("expected {{{}}} as a word of its own, given \"{}\"", name, word);
    }
  }
  return {};
}

std::vector<std::string> Fill(const std::vector<std::string>& words,
                              const std::vector<Filling>& fillings) {
  std::vector<std::string> filled;
  for (const auto& word : words) {
    const auto whole = std::ranges::find_if(
        fillings, [&](const Filling& filling) { return word == "{" + filling.name + "}"; });
    if (whole != fillings.end()) {
      filled.insert(filled.end(), whole->words.begin(), whole->words.end());
      continue;
    }
    std::string text;
    for (std::size_t i = 0; i < word.size();) {
      const auto end = word[i] == '{' ? word.find('}', i) : std::string::npos;
      const auto name = end == std::string::npos ? "" : word.substr(i + 1, end - i - 1);
      const auto found = std::ranges::find(fillings, name, &Filling::name);
      if (found == fillings.end() || found->words.size() != 1) {
        text += word[i++];
        continue;
      }
      text += found->words.front();
      i = end + 1;
    }
    filled.push_back(std::move(text));
  }
  return filled;
}

bool Uses(const std::vector<std::string>& words, std::string_view name) {
  const auto text = fmt::format("{{{}}}", name);
  return std::ranges::any_of(
      words, [&](const auto& word) { return word.find(text) != std::string::npos; });
}

}  // namespace wasinn::conformance
