// A language model that answers messages.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "generation_flags.h"
#include "model_argument.h"

namespace wasinn::cli {

// An answer, or what there is of one.
struct Answer {
  std::string text;
  Json usage;                      // of the model; null where it tells none or did not end well
  int signal = 0;                  // that stopped it
  std::optional<Failure> failure;  // why it did not end well
  std::optional<double> first_ms;  // until its first piece
  double total_ms = 0;
};

// Of the tokens after the first one; unset where the model does not count them.
std::optional<double> TokensPerSecond(const Answer& answer);
// "12 tokens, 45.1 tokens/s, the first after 31.0 ms, 20 of 31 input tokens reused".
std::string StatsText(const Answer& answer);

class ChatModel {
 public:
  // Fails for a model that is none for chats, and says what can be done with it. `options` are
  // those of contexts; of `flags` the model's own are taken, and the image. The host must outlive
  // the model.
  static std::expected<ChatModel, Failure> Load(Host& host, const std::string& name,
                                                const GenerationFlags& flags, OptionList options);

  // Answers the messages; `take` gets the pieces of the answer as they come. What was computed for
  // the same messages before is used again.
  Answer Ask(const Json& messages, const std::function<void(std::string_view)>& take);

  const OptionList& options() const { return options_; }
  // Nothing changes when one of them is not taken.
  Result<void> SetOptions(OptionList options);

  // The name of its backend.
  const std::string& backend() const { return backend_; }
  // For people: what the model calls itself, or how it was asked for.
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
