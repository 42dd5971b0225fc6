#include "chat_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "ports.h"
#include "stream.h"

namespace wasinn::cli {
namespace {

std::optional<std::uint32_t> IndexOf(const std::vector<Port>& ports, std::string_view name) {
  const auto port = std::ranges::find(ports, name, &Port::name);
  if (port == ports.end()) return std::nullopt;
  return static_cast<std::uint32_t>(port - ports.begin());
}

std::optional<double> Number(const Json& object, const char* key) {
  if (!object.is_object()) return std::nullopt;
  const auto member = object.find(key);
  if (member == object.end() || !member->is_number()) return std::nullopt;
  return member->get<double>();
}

// Why the answer ended, if it did not end normally.
const char* EndText(const Json& usage) {
  const std::string finish = usage.is_object() ? Text(usage, "finish") : "";
  if (finish == "length") return ", cut at n-predict";
  if (finish == "context") return ", cut where the context is full";
  return "";
}

std::expected<void, Failure> CheckChats(const Json& model, const std::string& name) {
  const std::string infer = fmt::format("wasinn infer {} --input prompt=TEXT", name);
  if (!IndexOf(PortsOf(model, "inputs"), "chat")) {
    return Fail(
        kSetup,
        fmt::format("expected a language model with an input \"chat\", given {} of "
                    "backend {} without one",
                    name, Text(model, "backend")),
        fmt::format("`wasinn models {}` tells what it takes, `wasinn infer` runs it", name));
  }
  const auto metadata = model.find("metadata");
  if (metadata != model.end() && Text(*metadata, "custom:chat_template") == "false") {
    return Fail(kSetup,
                fmt::format("expected a model with a chat template, given {} without one: it goes "
                            "on with a text, but was not made for chats",
                            name),
                "`" + infer + "` lets it go on with a text");
  }
  return {};
}

}  // namespace

std::optional<double> TokensPerSecond(const Answer& answer) {
  const auto tokens = Number(answer.usage, "output_tokens");
  const auto time = Number(answer.usage, "answer_ms");
  if (!tokens || !time || *tokens < 2 || *time <= 0) return std::nullopt;
  return (*tokens - 1) * 1000 / *time;
}

std::string StatsText(const Answer& answer) {
  std::string text;
  if (const auto tokens = Number(answer.usage, "output_tokens")) {
    text = fmt::format("{:.0f} token{}", *tokens, *tokens == 1 ? "" : "s");
  } else {
    text = fmt::format("{} bytes", answer.text.size());
  }
  if (const auto rate = TokensPerSecond(answer)) text += fmt::format(", {:.1f} tokens/s", *rate);
  if (answer.first_ms) {
    text += fmt::format(", the first after {}", HumanTime(*answer.first_ms));
  }
  const auto input = Number(answer.usage, "input_tokens");
  const auto reused = Number(answer.usage, "reused_tokens");
  if (input && reused) {
    text += fmt::format(", {:.0f} of {:.0f} input tokens reused", *reused, *input);
  }
  text += EndText(answer.usage);
  if (answer.signal != 0) text += ", stopped";
  return text;
}

std::expected<ChatModel, Failure> ChatModel::Load(Host& host, const std::string& name,
                                                  const GenerationFlags& flags,
                                                  OptionList options) {
  auto loaded = LoadModelArgument(host, name, LoadOptions(flags));
  if (!loaded) return std::unexpected(loaded.error());
  if (auto granted = GrantImage(loaded->session, flags); !granted) {
    return std::unexpected(granted.error());
  }
  if (auto chats = CheckChats(loaded->description, name); !chats) {
    return std::unexpected(chats.error());
  }
  auto context = loaded->graph.NewContext(options);
  if (!context) {
    return Fail(context.error(), kSetup, "`wasinn models --options` lists the options");
  }
  ChatModel model(std::move(*loaded), std::move(*context), std::move(options));
  const Json& description = model.loaded_.description;
  const auto outputs = PortsOf(description, "outputs");
  model.response_ = IndexOf(outputs, "response").value_or(0);
  model.usage_ = IndexOf(outputs, "usage");
  model.backend_ = Text(description, "backend");
  const auto metadata = description.find("metadata");
  if (metadata != description.end()) model.title_ = Text(*metadata, "graph");
  if (model.title_.empty()) model.title_ = name;
  return model;
}

Result<void> ChatModel::SetOptions(OptionList options) {
  // The options of a context cannot change; a new context reuses the KV cache of this one.
  auto context = loaded_.graph.NewContext(options);
  if (!context) return std::unexpected(context.error());
  context_ = std::move(*context);
  options_ = std::move(options);
  return {};
}

Failure ChatModel::FailureOf(const Error& error) const {
  Failure failure = {kSetup, error.message, ""};
  if (error.code == WASINN_TIMEOUT) failure.exit_code = kTimeout;
  if (error.code == WASINN_CONTEXT_FULL || error.code == WASINN_PROMPT_TOO_LONG) {
    failure.hint = "the option ctx-size makes room for more; /clear begins a new chat";
  }
  return failure;
}

Answer ChatModel::Ask(const Json& messages, const std::function<void(std::string_view)>& take) {
  Answer answer;
  const std::string text = messages.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::array<std::int64_t, 1> dims = {static_cast<std::int64_t>(text.size())};
  const auto view = TensorView::Of<char>(WASINN_DTYPE_U8, dims, std::span(text));
  if (auto set = context_.SetInput("chat", view); !set) {
    answer.failure = FailureOf(set.error());
    return answer;
  }
  const StreamEnd end = Stream(context_, response_, [&](std::string_view piece) {
    answer.text += piece;
    take(piece);
  });
  answer.signal = end.signal;
  answer.first_ms = end.first_ms;
  answer.total_ms = end.total_ms;
  if (end.error) answer.failure = FailureOf(*end.error);
  if (end.error || end.signal != 0 || !usage_) return answer;
  if (const auto usage = context_.GetOutput(*usage_)) {
    const auto bytes = usage->tensor.As<char>();
    answer.usage = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
    if (!answer.usage.is_object()) answer.usage = nullptr;
  }
  return answer;
}

}  // namespace wasinn::cli
