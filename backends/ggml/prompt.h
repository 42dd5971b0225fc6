// From a guest's text to the tokens that the model gets.
#pragma once

#include <llama.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct common_chat_templates;

namespace wasinn::ggml {

class AnswerForm;

// Which special tokens there are among those of a text.
enum class Signs {
  kAll,     // those that the text holds, and those that the model wants before and after any
  kOfText,  // the former
  kNone,
};
// The tokens of a text. Throws Failure. Takes much stack for some vocabularies, see Worker.
std::vector<llama_token> Tokenize(const llama_vocab& vocabulary, std::string_view text,
                                  Signs signs = Signs::kAll);

// The bytes of a token, which may be a part of a character; "" for a special one unless `special`.
std::string PieceOf(const llama_vocab& vocabulary, llama_token token, bool special);

// A conversation as the model's own template writes it.
struct Chat {
  std::string prompt;
  std::vector<std::string> stops;          // texts that end the answer, besides the model's own end
  std::shared_ptr<const AnswerForm> form;  // null when the answer is nothing but text
};
// `json` is a list of messages, or an object with `messages` and maybe `tools`, `tool_choice`,
// `parallel_tool_calls`, `add_generation_prompt` and `enable_thinking`, all as in OpenAI's API.
// Throws Failure.
Chat RenderChat(const common_chat_templates& templates, std::string_view json);

}  // namespace wasinn::ggml
