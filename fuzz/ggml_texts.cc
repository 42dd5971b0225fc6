// Texts and tools of guests: read or refused.
#include <common/chat.h>

#include <nlohmann/json.hpp>

#include "ggml/options.h"
#include "ggml/runtime.h"
#include "ggml/task.h"
#include "ggml/tools.h"
#include "input.h"

namespace {

using wasinn::fuzz::Require;

// One that knows tools.
constexpr const char* kTemplate =
    "{%- for tool in tools %}{{ tool | tojson }}{%- endfor %}"
    "{%- for message in messages %}{{ message.role }}: {{ message.content }}\n"
    "{%- for call in message.tool_calls %}<tool_call>\n"
    "{\"name\": \"{{ call.function.name }}\", \"arguments\": {{ call.function.arguments | tojson "
    "}}}"
    "\n</tool_call>{%- endfor %}{%- endfor %}";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const common_chat_templates_ptr templates = common_chat_templates_init(nullptr, kTemplate);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const wasinn::ggml::TextList list = wasinn::ggml::ReadTexts(text);
    Require(!list.texts.empty() && list.texts.size() <= 4096);
    Require(list.ranks || list.query.empty());
  } catch (const wasinn::backend::Failure& failure) {
    Require(failure.message().starts_with("ggml: input 'texts': "));
  }
  try {
    const nlohmann::json chat = wasinn::ggml::ParseJson("ggml: chat", text);
    if (!chat.is_object()) return 0;
    common_chat_templates_inputs inputs;
    wasinn::ggml::ReadTools(*templates, chat, inputs);
    Require(inputs.tools.size() <= 128);
  } catch (const wasinn::backend::Failure& failure) {
    Require(failure.message().starts_with("ggml: "));
  } catch (const std::exception&) {
    // What llama.cpp does not take; the backend says so.
  }
  return 0;
}
