// The deliberately broken host: it makes one mistake for each group of cases.
#include <algorithm>
#include <array>
#include <utility>

#include "host.h"
#include "program.h"

namespace wasinn::conformance {
namespace {

constexpr auto kGroups = std::to_array<std::pair<std::string_view, Flip>>({
    {"layout", Flip::kWritten},
    {"numbers", Flip::kOutput},
    {"lifetimes", Flip::kHandle},
    {"types", Flip::kOutput},
    {"shapes", Flip::kIgnoreRefusal},
    {"names", Flip::kIgnoreRefusal},
    {"ports", Flip::kOutput},
    {"aliasing", Flip::kOutput},
    {"errors", Flip::kErrno},
    {"load", Flip::kIgnoreRefusal},
    {"streaming", Flip::kErrno},
    {"concurrency", Flip::kOutput},
    {"limits", Flip::kIgnoreRefusal},
    {"hostile", Flip::kIgnoreRefusal},
    {"extension", Flip::kErrno},
    {"prompt", Flip::kOutput},
    {"properties", Flip::kOutput},
});

Flip current = Flip::kNone;

}  // namespace

Flip CurrentFlip() { return current; }

bool BreakGroup(std::string_view group) {
  const auto* row =
      std::ranges::find(kGroups, group, [](const auto& entry) { return entry.first; });
  if (row == kGroups.end()) return false;
  current = row->second;
  return true;
}

}  // namespace wasinn::conformance
