// Calls of tools: what a chat offers, and what the model's answer is then.
#pragma once

#include <llama.h>

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ggml/sampler.h"

struct common_chat_params;
struct common_chat_templates;
struct common_chat_templates_inputs;

namespace wasinn::ggml {

// Reads `tools`, `tool_choice` and `parallel_tool_calls` of a chat. Throws Failure: for more or
// larger ones than may be, and for tools that the template would not tell the model of.
void ReadTools(const common_chat_templates& templates, const nlohmann::json& chat,
               common_chat_templates_inputs& inputs);

// What a template says of answers. Constant; any thread.
class AnswerForm {
 public:
  AnswerForm(common_chat_params params, bool has_tools, bool must_call);
  ~AnswerForm();
  AnswerForm(const AnswerForm&) = delete;
  AnswerForm& operator=(const AnswerForm&) = delete;

  bool has_tools() const { return has_tools_; }
  // The grammar of calls; nothing in it when the answer is free.
  ChatGrammar Grammar(const llama_vocab& vocabulary) const;
  // Special tokens that are a part of the answer's text.
  std::vector<llama_token> ShownTokens(const llama_vocab& vocabulary) const;
  // The answer as a message of OpenAI's API, JSON. An answer that is not as it should be, or whose
  // end is missing, is the content as far as it cannot be read.
  std::string Message(const std::string& answer, bool complete) const;

 private:
  const bool must_call_at_once_;
  const std::unique_ptr<const common_chat_params> params_;
  const bool has_tools_;
};

}  // namespace wasinn::ggml
