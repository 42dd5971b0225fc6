#include "model/properties.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "model/describe.h"

namespace wasinn {
namespace {

constexpr std::string_view kOption = "option.";
constexpr size_t kMaxGiven = 64 << 10;

std::string DimsText(const Port& port) {
  if (port.any_rank) return "*";
  if (port.shape.rank() == 0) return "scalar";
  return fmt::format("{}", fmt::join(port.shape.dims(), ","));
}

// Calls `see(name, text)` for each property in order until it returns false; `text()` makes the
// value.
template <typename See>
void ForEach(const Graph& graph, const Options& given, See&& see) {
  const Backend& backend = graph.backend();
  if (!see("backend.name", [&] { return backend.name(); })) return;
  if (!see("backend.version", [&] { return backend.version(); })) return;
  if (!see("encoding", [&] { return GraphEncodingName(graph); })) return;
  if (!see("target", [&] { return std::string(TargetName(graph.target())); })) return;
  const auto ports = [&](const char* kind, const std::vector<Port>& list, bool inputs) {
    if (!see(fmt::format("{}.count", kind), [&] { return std::to_string(list.size()); })) {
      return false;
    }
    for (size_t i = 0; i < list.size(); ++i) {
      const Port& port = list[i];
      const std::string start = fmt::format("{}.{}.", kind, i);
      if (!see(start + "name", [&] { return port.name; })) return false;
      if (!see(start + "type", [&] {
            return std::string(port.dtype == DType::kNone ? "any" : DTypeName(port.dtype));
          })) {
        return false;
      }
      if (!see(start + "dims", [&] { return DimsText(port); })) return false;
      if (inputs &&
          !see(start + "optional", [&] { return std::string(port.optional ? "true" : "false"); })) {
        return false;
      }
    }
    return true;
  };
  if (!ports("input", graph.info().inputs, true)) return;
  if (!ports("output", graph.info().outputs, false)) return;
  for (const auto& [key, value] : graph.info().metadata) {
    if (!see("metadata." + key, [&] { return value; })) return;
  }
  // Given values override the host's registered ones, which override the backend's defaults.
  const Options& registered = graph.options().context;
  std::set<std::string, std::less<>> names;
  for (const OptionSpec& spec : backend.options()) {
    if (spec.scope != WASINN_SCOPE_CONTEXT || spec.host_only) continue;
    if (!spec.is_prefix) names.insert(spec.name);
    for (const Options* options : {&registered, &given}) {
      if (!spec.is_prefix) continue;
      for (const auto& [name, value] : *options) {
        if (name.starts_with(spec.name)) names.insert(name);
      }
    }
  }
  for (const std::string& name : names) {
    const auto text = [&] {
      if (const auto it = given.find(name); it != given.end()) return it->second;
      if (const auto it = registered.find(name); it != registered.end()) return it->second;
      return FindOption(backend, name)->default_value;
    };
    if (!see(std::string(kOption) + name, text)) return;
  }
}

// Why a name that is not an option cannot be set. A graph may have thousands of names, so the error
// suggests only similar ones, or else the options.
Error NotAnOption(const Graph& graph, const Options& given, std::string_view name) {
  const auto names = PropertyNames(graph, given);
  if (std::ranges::find(names, name) != names.end()) {
    return {Code::kInvalidArgument,
            fmt::format("property '{}': expected an option (option.NAME), given one that can only "
                        "be read",
                        Printable(name)),
            0};
  }
  std::vector<std::string_view> options;
  for (const std::string& one : names) {
    if (one.starts_with(kOption)) options.push_back(one);
  }
  const std::vector<std::string_view> all(names.begin(), names.end());
  const auto near = NearestNames(name, all);
  return {Code::kInvalidArgument,
          fmt::format("expected a property of this graph, given '{}'{}", Printable(name),
                      Suggest(name, near.empty() ? options : near)),
          0};
}

}  // namespace

std::vector<std::string> PropertyNames(const Graph& graph, const Options& given) {
  std::vector<std::string> names;
  ForEach(graph, given, [&](std::string name, const auto&) {
    names.push_back(std::move(name));
    return true;
  });
  return names;
}

std::optional<std::string> GetProperty(const Graph& graph, const Options& given,
                                       std::string_view name) {
  std::optional<std::string> found;
  ForEach(graph, given, [&](const std::string& one, const auto& text) {
    if (one == name) found = text();
    return !found;
  });
  return found;
}

Result<> SetProperty(const Graph& graph, Options& given, std::string_view name,
                     std::string_view value) {
  if (!name.starts_with(kOption)) return Fail(NotAnOption(graph, given, name));
  const Options one = {{std::string(name.substr(kOption.size())), std::string(value)}};
  size_t size = name.size() + value.size();
  for (const auto& [other, text] : given) size += other.size() + text.size();
  if (size > kMaxGiven) {
    return Fail(Code::kTooLarge, "options of a graph: expected at most {} bytes, given {}",
                kMaxGiven, size);
  }
  WASINN_CHECK(CheckGuestContextOptions(graph.backend(), one));
  given[one.begin()->first] = value;
  return {};
}

}  // namespace wasinn
