#include "text_argument.h"

#include <cerrno>
#include <utility>

#include "files.h"

namespace wasinn::cli {

std::optional<std::string> FileOfArgument(std::string_view argument) {
  if (!argument.starts_with('@') || argument.starts_with("@@")) return std::nullopt;
  return std::string(argument.substr(1));
}

std::string_view TextOfArgument(std::string_view argument) {
  return argument.substr(argument.starts_with("@@") ? 1 : 0);
}

std::expected<std::vector<std::byte>, std::string> ReadArgumentFile(const std::string& path) {
  auto data = ReadFile(path);
  if (data) return std::move(*data);
  const bool missing = data.error().number == ENOENT;
  return std::unexpected(data.error().message +
                         (missing ? " (a text that begins with @ is written with @@)" : ""));
}

std::expected<std::string, std::string> ReadTextArgument(std::string_view argument) {
  const auto file = FileOfArgument(argument);
  if (!file) return std::string(TextOfArgument(argument));
  const auto data = ReadArgumentFile(*file);
  if (!data) return std::unexpected(data.error());
  return std::string(reinterpret_cast<const char*>(data->data()), data->size());
}

}  // namespace wasinn::cli
