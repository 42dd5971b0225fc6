// Turns a guest's text into tokens.
#pragma once

#include <llama.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct common_chat_templates;

namespace wasinn::ggml {

class CompletionFormat;

// Which special tokens the tokens of a text may contain.
enum class Signs {
  kAll,     // those in the text, and those that the model wants before and after any text
  kOfText,  // only those in the text
  kNone,
};
// The tokens of a text. Throws Failure. Needs much stack for some vocabularies, see Worker.
std::vector<llama_token> Tokenize(const llama_vocab& vocabulary, std::string_view text,
                                  Signs signs = Signs::kAll);

// The bytes of a token, which may be a part of a character; "" for a special token unless
// `special`.
std::string PieceOf(const llama_vocab& vocabulary, llama_token token, bool special);

// A conversation, rendered by the model's own template.
struct Chat {
  std::string prompt;
  std::vector<std::string> stops;  // texts that end the completion, besides the model's own end
  std::shared_ptr<const CompletionFormat> form;  // null if the completion is plain text
};
// `json` is a list of messages, or an object with `messages` and optionally `tools`, `tool_choice`,
// `parallel_tool_calls`, `add_generation_prompt` and `enable_thinking`, all as in OpenAI's API.
// Throws Failure.
Chat RenderChat(const common_chat_templates& templates, std::string_view json);

}  // namespace wasinn::ggml
