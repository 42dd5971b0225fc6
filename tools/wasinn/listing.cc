#include "listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "output.h"

namespace wasinn::cli {

Outcome ShowListing(const Result<std::string>& text, bool as_json,
                    const std::function<void(const Json&)>& show) {
  if (!text) return FailModel(text.error());
  const auto json = Json::parse(*text, nullptr, false);
  if (json.is_discarded()) return Fail(kSetup, "expected JSON from the engine, given other text");
  if (as_json) {
    Print("{}\n", json.dump(2));
  } else {
    show(json);
  }
  return kOk;
}

std::string Text(const Json& object, const char* key) {
  const auto member = object.find(key);
  if (member == object.end() || member->is_null()) return {};
  return member->is_string() ? member->get<std::string>() : member->dump();
}

std::vector<std::string> Texts(const Json& object, const char* key) {
  std::vector<std::string> result;
  for (const auto& item : List(object, key)) {
    result.push_back(item.is_string() ? item.get<std::string>() : item.dump());
  }
  return result;
}

const Json& List(const Json& object, const char* key) {
  static const Json kEmpty = Json::array();
  const auto member = object.find(key);
  return member != object.end() && member->is_array() ? *member : kEmpty;
}

std::string SizeText(const Json& object, const char* key) {
  const auto member = object.find(key);
  if (member == object.end() || !member->is_number_unsigned()) return {};
  return HumanSize(member->get<std::uint64_t>());
}

std::string FactsOf(const Json& object) {
  std::vector<std::pair<std::string, std::string>> facts;
  for (const auto& [key, value] : object.items()) {
    std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (DisplayWidth(text) > 100) {
      text = fmt::format("{}... ({})", text.substr(0, 60), HumanSize(text.size()));
    }
    facts.emplace_back(key, std::move(text));
  }
  return Facts(facts);
}

std::string Facts(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::size_t width = 0;
  for (const auto& [name, value] : facts) {
    if (!value.empty()) width = std::max(width, DisplayWidth(name));
  }
  std::string text;
  for (const auto& [name, value] : facts) {
    if (value.empty()) continue;
    const std::string fill(width - DisplayWidth(name), ' ');
    text += fmt::format("  {}{}  {}\n", Printable(name), fill, Printable(value));
  }
  return text;
}

}  // namespace wasinn::cli
