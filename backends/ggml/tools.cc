#include "ggml/tools.h"

#include <common/chat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "ggml/prompt.h"
#include "ggml/runtime.h"
#include "ggml/tool_schema.h"

namespace wasinn::ggml {
namespace {

constexpr size_t kMaxTools = 128;

Failure BadTools(const std::string& text) {
  return Failure(WASINN_INVALID_ARGUMENT, "ggml: input 'chat': expected " + text);
}

// Some templates require exactly this many letters and digits.
std::string NewCallId() {
  constexpr std::string_view kLetters = "0123456789abcdefghijklmnopqrstuvwxyz";
  static thread_local std::mt19937_64 numbers{std::random_device{}()};
  std::string id(9, ' ');
  for (char& letter : id) letter = kLetters[numbers() % kLetters.size()];
  return id;
}

std::string NameOf(const nlohmann::json& tool) {
  if (!tool.is_object() || !tool.contains("function")) return {};
  const nlohmann::json& function = tool["function"];
  if (!function.is_object() || !function.contains("name")) return {};
  return function["name"].is_string() ? function["name"].get<std::string>() : std::string();
}

// If a function is given by name, it is the only tool and must be called.
void ReadChoice(const nlohmann::json& choice, nlohmann::json& tools,
                common_chat_templates_inputs& inputs) {
  if (choice.is_string()) {
    inputs.tool_choice = common_chat_tool_choice_parse_oaicompat(choice);
    return;
  }
  const std::string name = NameOf(choice);
  std::erase_if(tools.get_ref<nlohmann::json::array_t&>(),
                [&](const nlohmann::json& tool) { return NameOf(tool) != name; });
  if (name.empty() || tools.empty()) {
    throw BadTools(
        "'tool_choice' to be auto, none, required, or a function of 'tools' by its name");
  }
  inputs.tool_choice = COMMON_CHAT_TOOL_CHOICE_REQUIRED;
}

std::string Dump(const common_chat_msg& message) {
  const nlohmann::ordered_json object =
      nlohmann::ordered_json::parse(message.to_json_oaicompat().dump());
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// The grammar of a completion that must contain a call lets the model write any amount of text
// before it: llama.cpp names that part of the rule root "until-NUMBER?".
std::string WithoutTextBefore(std::string grammar) {
  constexpr std::string_view kRoot = "root ::= ";
  size_t line = grammar.starts_with(kRoot) ? 0 : grammar.find("\n" + std::string(kRoot));
  if (line == std::string::npos) return grammar;
  const size_t end = std::min(grammar.find('\n', line + 1), grammar.size());
  const size_t from = grammar.find(" until-", line);
  if (from >= end) return grammar;
  const size_t to =
      grammar.find_first_not_of("0123456789", from + std::string_view(" until-").size());
  if (to < end && grammar[to] == '?') grammar.erase(from, to + 1 - from);
  return grammar;
}

}  // namespace

void ReadTools(const common_chat_templates& templates, const nlohmann::json& chat,
               common_chat_templates_inputs& inputs) {
  nlohmann::json tools = chat.value("tools", nlohmann::json());
  if (tools.is_null()) tools = nlohmann::json::array();
  if (!tools.is_array() || tools.size() > kMaxTools) {
    throw BadTools("at most " + std::to_string(kMaxTools) + " entries in a list 'tools'");
  }
  CheckToolSchemas(tools);
  if (tools.empty()) return;
  if (chat.contains("tool_choice") && !chat["tool_choice"].is_null()) {
    ReadChoice(chat["tool_choice"], tools, inputs);
  }
  auto knows = common_chat_templates_get_caps(&templates);
  if (inputs.tool_choice != COMMON_CHAT_TOOL_CHOICE_NONE && !knows["supports_tools"] &&
      !knows["supports_tool_calls"]) {
    throw Failure(WASINN_UNSUPPORTED_OPERATION,
                  "ggml: input 'chat': expected a model whose chat template knows tools, given one "
                  "whose template does not (the host's option chat-template sets another)");
  }
  inputs.parallel_tool_calls = knows["supports_parallel_tool_calls"];
  if (chat.contains("parallel_tool_calls")) {
    if (!chat["parallel_tool_calls"].is_boolean()) {
      throw BadTools("true or false as 'parallel_tool_calls'");
    }
    inputs.parallel_tool_calls = chat["parallel_tool_calls"].get<bool>();
  }
  inputs.tools = common_chat_tools_parse_oaicompat(common_json::parse(tools.dump()));
}

CompletionFormat::CompletionFormat(common_chat_params params, bool has_tools, bool must_call)
    : must_call_at_once_(must_call && !params.supports_thinking),
      params_(std::make_unique<const common_chat_params>(std::move(params))),
      has_tools_(has_tools) {}

CompletionFormat::~CompletionFormat() = default;

ChatGrammar CompletionFormat::Grammar(const llama_vocab& vocabulary) const {
  ChatGrammar grammar;
  grammar.text = must_call_at_once_ ? WithoutTextBefore(params_->grammar) : params_->grammar;
  grammar.lazy = params_->grammar_lazy;
  if (!grammar.lazy && !params_->generation_prompt.empty()) {
    grammar.before = Tokenize(vocabulary, params_->generation_prompt, Signs::kOfText);
  }
  for (const common_grammar_trigger& trigger : params_->grammar_triggers) {
    switch (trigger.type) {
      case COMMON_GRAMMAR_TRIGGER_TYPE_WORD: {
        const auto tokens = Tokenize(vocabulary, trigger.value, Signs::kOfText);
        if (tokens.size() == 1) {
          grammar.tokens.push_back(tokens.front());
        } else {
          grammar.words.push_back(trigger.value);
        }
        break;
      }
      case COMMON_GRAMMAR_TRIGGER_TYPE_TOKEN:
        grammar.tokens.push_back(trigger.token);
        break;
      case COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN:
        grammar.patterns.push_back(trigger.value);
        break;
      case COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN_FULL:
        grammar.patterns.push_back("^(?:" + trigger.value + ")$");
        break;
    }
  }
  return grammar;
}

std::vector<llama_token> CompletionFormat::ShownTokens(const llama_vocab& vocabulary) const {
  std::vector<llama_token> shown;
  for (const std::string& text : params_->preserved_tokens) {
    const auto tokens = Tokenize(vocabulary, text, Signs::kOfText);
    if (tokens.size() == 1) shown.push_back(tokens.front());
  }
  return shown;
}

std::string CompletionFormat::Message(const std::string& completion, bool complete) const {
  // The beginning of a completion that was cut can often still be parsed.
  for (const bool is_partial : {!complete, true}) {
    try {
      common_chat_parser_params how(*params_);
      how.reasoning_format = COMMON_REASONING_FORMAT_AUTO;
      if (!params_->parser.empty()) how.parser.load(params_->parser);
      common_chat_msg message = common_chat_parse(completion, is_partial, how);
      std::vector<std::string> ids;
      message.set_tool_call_ids(ids, NewCallId);
      return Dump(message);
    } catch (const std::exception&) {
      // It is treated as text.
      continue;
    }
  }
  common_chat_msg message;
  message.role = "assistant";
  message.content = completion;
  return Dump(message);
}

}  // namespace wasinn::ggml
