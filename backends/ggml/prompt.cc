#include "ggml/prompt.h"

#include <common/chat.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ggml/budget.h"
#include "ggml/options.h"
#include "ggml/runtime.h"
#include "ggml/tools.h"

namespace wasinn::ggml {
namespace {

// The error for an argument that is not a conversation.
Failure BadChat(const std::string& why) {
  return Failure(
      WASINN_INVALID_ARGUMENT,
      "ggml: input 'chat': expected a list of messages or an object with one, given " + why);
}

common_chat_templates_inputs ReadChat(const common_chat_templates& templates,
                                      std::string_view text) {
  // Bounds are checked first: the parser behind common_json has none.
  const nlohmann::json checked = ParseJson("ggml: input 'chat'", text);
  const common_json given = common_json::parse(std::string(text));
  common_chat_templates_inputs inputs;
  const bool list = checked.is_array();
  if (!list && !(checked.is_object() && checked.contains("messages"))) throw BadChat("neither");
  inputs.messages = common_chat_msgs_parse_oaicompat(list ? given : given.at("messages"));
  if (inputs.messages.empty()) throw BadChat("no message");
  inputs.reasoning_format = COMMON_REASONING_FORMAT_AUTO;
  if (list) return inputs;
  const auto flag = [&](const char* name, bool& to) {
    if (!checked.contains(name)) return;
    if (!checked[name].is_boolean()) throw BadChat(std::string("no true or false as ") + name);
    to = checked[name].get<bool>();
  };
  flag("add_generation_prompt", inputs.add_generation_prompt);
  flag("enable_thinking", inputs.enable_thinking);
  ReadTools(templates, checked, inputs);
  return inputs;
}

}  // namespace

std::vector<llama_token> Tokenize(const llama_vocab& vocabulary, std::string_view text,
                                  Signs signs) {
  if (text.size() > INT32_MAX / 2) {
    throw Failure(WASINN_PROMPT_TOO_LONG, "ggml: expected a prompt below 1 GiB, given " +
                                              std::to_string(text.size()) + " bytes");
  }
  const auto size = static_cast<int32_t>(text.size());
  std::vector<llama_token> tokens(text.size() + 2);
  int32_t count = llama_tokenize(&vocabulary, text.data(), size, tokens.data(),
                                 static_cast<int32_t>(tokens.size()), signs == Signs::kAll,
                                 signs != Signs::kNone);
  if (count < 0 && count != INT32_MIN) {
    tokens.resize(static_cast<size_t>(-count));
    count = llama_tokenize(&vocabulary, text.data(), size, tokens.data(),
                           static_cast<int32_t>(tokens.size()), signs == Signs::kAll,
                           signs != Signs::kNone);
  }
  if (count < 0) throw Failure(WASINN_RUNTIME_ERROR, "ggml: llama.cpp could not read the prompt");
  tokens.resize(static_cast<size_t>(count));
  const int32_t known = llama_vocab_n_tokens(&vocabulary);
  for (const llama_token token : tokens) {
    if (token < 0 || token >= known) {
      throw Failure(WASINN_INVALID_ARGUMENT,
                    "ggml: expected a prompt of the model's characters, given one that its "
                    "vocabulary cannot write");
    }
  }
  return tokens;
}

std::string PieceOf(const llama_vocab& vocabulary, llama_token token, bool special) {
  std::string piece(32, '\0');
  int32_t size = llama_token_to_piece(&vocabulary, token, piece.data(),
                                      static_cast<int32_t>(piece.size()), 0, special);
  if (size < 0) {
    piece.resize(static_cast<size_t>(-size));
    size = llama_token_to_piece(&vocabulary, token, piece.data(),
                                static_cast<int32_t>(piece.size()), 0, special);
  }
  piece.resize(static_cast<size_t>(std::max(size, 0)));
  return piece;
}

Chat RenderChat(const common_chat_templates& templates, std::string_view json) {
  try {
    const common_chat_templates_inputs inputs = ReadChat(templates, json);
    const TemplateBudget budget;
    common_chat_params made = common_chat_templates_apply(&templates, inputs);
    Chat chat{made.prompt, made.additional_stops, nullptr};
    const bool has_tools =
        !inputs.tools.empty() && inputs.tool_choice != COMMON_CHAT_TOOL_CHOICE_NONE;
    if (has_tools || made.supports_thinking) {
      chat.form = std::make_shared<const CompletionFormat>(
          std::move(made), has_tools, inputs.tool_choice == COMMON_CHAT_TOOL_CHOICE_REQUIRED);
    }
    return chat;
  } catch (const Failure&) {
    throw;
  } catch (const std::exception& exception) {
    // The text that a template gives to raise_exception.
    constexpr std::string_view kRaised = "\nError: Jinja Exception: ";
    const std::string_view why = exception.what();
    if (const size_t at = why.find(kRaised); at != std::string_view::npos) {
      throw Failure(WASINN_INVALID_ARGUMENT,
                    "ggml: input 'chat': " + std::string(why.substr(at + kRaised.size())) +
                        " (the model's chat template refuses it)");
    }
    throw BadChat("one that the model's template does not take (" + ReasonOf(exception.what()) +
                  ")");
  }
}

}  // namespace wasinn::ggml
