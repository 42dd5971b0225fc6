#include "option_table.h"

#include <fmt/format.h>

namespace wasinn::cli {
namespace {

std::string RangeText(const Json& option) {
  const auto choices = Texts(option, "choices");
  if (!choices.empty()) return fmt::format(" ({})", Join(choices));
  const std::string min = Text(option, "min");
  const std::string max = Text(option, "max");
  if (min.empty() && max.empty()) return "";
  return fmt::format(" ({}..{})", min, max);
}

// Guests may set options of a model that they load, except those reserved for the host.
std::string ScopeText(const Json& option) {
  return Text(option, "scope") + (option.value("host_only", false) ? ", host" : "");
}

}  // namespace

Table OptionTable(const Json& backend, std::string_view scope) {
  Table table({"OPTION", "TYPE", "SCOPE", "DEFAULT", "MEANING"});
  const auto& options = List(backend, "options");
  for (const auto& option : options) {
    if (!Text(option, "alias_of").empty()) continue;
    if (!scope.empty() && Text(option, "scope") != scope) continue;
    const std::string own = Text(option, "name");
    std::string names = own + (option.value("prefix", false) ? "*" : "");
    for (const auto& other : options) {
      if (Text(other, "alias_of") == own) names += ", " + Text(other, "name");
    }
    table.AddRow({names, Text(option, "type"), ScopeText(option), Text(option, "default"),
                  Text(option, "help") + RangeText(option)});
  }
  return table;
}

std::string OptionName(const Json& backend, std::string_view name) {
  for (const auto& option : List(backend, "options")) {
    if (Text(option, "name") != name) continue;
    const std::string other = Text(option, "alias_of");
    if (!other.empty()) return other;
  }
  return std::string(name);
}

const Json& FindBackend(const Json& backends, std::string_view name) {
  static const Json kNone;
  for (const auto& backend : List(backends, "backends")) {
    if (Text(backend, "name") == name) return backend;
  }
  return kNone;
}

}  // namespace wasinn::cli
