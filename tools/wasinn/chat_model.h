// A language model that answers messages.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "generation_flags.h"
#include "model_argument.h"

namespace wasinn::cli {

// An answer, which may be incomplete.
struct Answer {
  std::string text;
  Json usage;                      // the model's usage; null if there is none or the answer failed
  int signal = 0;                  // the signal that stopped it
  std::optional<Failure> failure;  // why it failed
  std::optional<double> first_ms;  // the time until its first piece
  double total_ms = 0;
};

// The rate of the tokens after the first one; unset if the model does not count them.
std::optional<double> TokensPerSecond(const Answer& answer);
// "12 tokens, 45.1 tokens/s, the first after 31.0 ms, 20 of 31 input tokens reused".
std::string StatsText(const Answer& answer);

class ChatModel {
 public:
  // Fails for a model that does not support chats, and says what it can be used for. `options` are
  // options of contexts; of `flags` it uses the options of the model and the image. The host must
  // outlive the model.
  static std::expected<ChatModel, Failure> Load(Host& host, const std::string& name,
                                                const GenerationFlags& flags, OptionList options);

  // Answers the messages; `take` receives the pieces of the answer as they arrive. The KV cache of
  // earlier messages is reused.
  Answer Ask(const Json& messages, const std::function<void(std::string_view)>& take);

  const OptionList& options() const { return options_; }
  // Nothing changes if one of them is rejected.
  Result<void> SetOptions(OptionList options);

  // The name of its backend.
  const std::string& backend() const { return backend_; }
  // For people: the model's own name, or the name under which it was requested.
  const std::string& title() const { return title_; }

 private:
  ChatModel(LoadedModel loaded, Context context, OptionList options)
      : loaded_(std::move(loaded)), context_(std::move(context)), options_(std::move(options)) {}
  Failure FailureOf(const Error& error) const;

  LoadedModel loaded_;
  Context context_;
  OptionList options_;
  std::string backend_;
  std::string title_;
  std::uint32_t response_ = 0;
  std::optional<std::uint32_t> usage_;
};

}  // namespace wasinn::cli
