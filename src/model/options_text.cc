#include "model/options_text.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace wasinn {
namespace {

constexpr size_t kMaxText = 1 << 20;

}  // namespace

Result<Options> ParseOptionsText(std::string_view what, std::string_view text) {
  if (text.size() > kMaxText) {
    return Fail(Code::kTooLarge, "{}: expected at most {} bytes, given {}", what, kMaxText,
                text.size());
  }
  Options options;
  if (Trim(text).empty()) return options;
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return Fail(Code::kInvalidEncoding, "{}: expected a JSON object, given {} bytes that are {}",
                what, text.size(), json.is_discarded() ? "not JSON" : json.type_name());
  }
  for (const auto& [name, value] : json.items()) {
    if (value.is_null()) {
      return Fail(Code::kInvalidArgument, "{}: option '{}': expected a value, given null", what,
                  Printable(name));
    }
    options[name] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  return options;
}

}  // namespace wasinn
