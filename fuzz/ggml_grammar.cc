// Grammars, JSON schemas and patterns of guests are parsed or refused within bounds, and texts that
// the grammar of a schema allows are JSON.
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "ggml/grammar_match.h"
#include "ggml/runtime.h"
#include "ggml/schema.h"
#include "ggml/tool_schema.h"
#include "input.h"

namespace {

using wasinn::fuzz::Require;
using wasinn::ggml::Grammar;
using wasinn::ggml::GrammarMatch;

// Walks through the grammar by the first bytes that it allows.
void Follow(const std::string& text, bool is_json) {
  std::shared_ptr<const Grammar> grammar;
  try {
    grammar = std::make_shared<const Grammar>(text, nullptr);
  } catch (const std::invalid_argument&) {
    return;
  }
  Require(grammar->nodes().size() <= Grammar::kMaxNodes + 2);
  std::string written;
  try {
    GrammarMatch match(grammar);
    for (int i = 0; i < 50 && !match.complete(); ++i) {
      bool goes_on = false;
      for (int byte = 255; byte >= 0 && !goes_on; --byte) {
        const auto c = static_cast<char>(byte);
        const bool allows = match.Allows(0, {&c, 1});
        Require(!allows || match.MayBegin(static_cast<uint8_t>(byte)));
        goes_on = allows && match.Accept(0, {&c, 1});
        if (goes_on) written += c;
      }
      if (!goes_on) return;
    }
    if (is_json && match.complete()) Require(nlohmann::json::accept(written));
  } catch (const wasinn::backend::Failure& failure) {
    Require(failure.message().starts_with("ggml: option 'grammar': "));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  Follow(text, false);
  try {
    Follow(wasinn::ggml::GrammarOfSchema(text), true);
  } catch (const wasinn::backend::Failure& failure) {
    Require(failure.message().starts_with("ggml: option 'json-schema'"));
  }
  const nlohmann::json tool = nlohmann::json::parse(text, nullptr, false);
  if (tool.is_discarded()) return 0;
  try {
    wasinn::ggml::CheckToolSchemas(nlohmann::json::array({{{"function", {{"parameters", tool}}}}}));
  } catch (const wasinn::backend::Failure& failure) {
    Require(failure.message().starts_with("ggml: input 'chat', tools: "));
  }
  return 0;
}
