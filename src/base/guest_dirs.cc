#include "base/guest_dirs.h"

#include "base/text.h"

namespace wasinn {
namespace {

// The path without the prefix for the guest's root.
std::string_view Relative(std::string_view path) {
  while (true) {
    if (path.starts_with('/')) {
      path.remove_prefix(1);
    } else if (path.starts_with("./")) {
      path.remove_prefix(2);
    } else {
      return path == "." ? std::string_view() : path;
    }
  }
}

}  // namespace

Result<> GuestDirs::Add(const std::string& host, std::string_view guest) {
  WASINN_TRY(dir, os::Dir::Open(host));
  std::string_view name = Relative(guest);
  while (name.ends_with('/')) name.remove_suffix(1);
  entries_.push_back({std::string(name), std::move(dir)});
  return {};
}

Result<std::string> GuestDirs::ReadFile(std::string_view path, size_t max) const {
  const std::string shown = fmt::format("file '{}'", Printable(path));
  const std::string_view relative = Relative(path);
  const Entry* best = nullptr;
  for (const Entry& entry : entries_) {
    const bool inside =
        entry.guest.empty() ||
        (relative.starts_with(entry.guest) &&
         (relative.size() == entry.guest.size() || relative[entry.guest.size()] == '/'));
    if (inside && (best == nullptr || entry.guest.size() >= best->guest.size())) best = &entry;
  }
  if (best == nullptr || relative.find('\0') != std::string_view::npos) {
    return Fail(Code::kSecurity,
                "{}: expected a path in a folder that the guest was given, given another", shown);
  }
  const std::string_view rest = Relative(relative.substr(best->guest.size()));
  return best->dir->ReadFile(rest.empty() ? "." : std::string(rest), max, shown);
}

}  // namespace wasinn
