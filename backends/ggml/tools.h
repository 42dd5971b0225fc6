// Tool calls: the tools that a chat offers, and the parsing of the model's completion.
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

// Reads `tools`, `tool_choice` and `parallel_tool_calls` of a chat. Throws Failure if there are too
// many tools or too large ones, or if the template would not show the tools to the model.
void ReadTools(const common_chat_templates& templates, const nlohmann::json& chat,
               common_chat_templates_inputs& inputs);

// The format of completions that a template defines. Constant; any thread.
class CompletionFormat {
 public:
  CompletionFormat(common_chat_params params, bool has_tools, bool must_call);
  ~CompletionFormat();
  CompletionFormat(const CompletionFormat&) = delete;
  CompletionFormat& operator=(const CompletionFormat&) = delete;

  bool has_tools() const { return has_tools_; }
  // The grammar of calls; empty if the completion is free.
  ChatGrammar Grammar(const llama_vocab& vocabulary) const;
  // Special tokens that are a part of the completion's text.
  std::vector<llama_token> ShownTokens(const llama_vocab& vocabulary) const;
  // The completion as a message of OpenAI's API, in JSON. The part of a malformed or incomplete
  // completion that cannot be parsed becomes the content.
  std::string Message(const std::string& completion, bool complete) const;

 private:
  const bool must_call_at_once_;
  const std::unique_ptr<const common_chat_params> params_;
  const bool has_tools_;
};

}  // namespace wasinn::ggml
