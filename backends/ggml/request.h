// One run, from the slot `run` to its `done`.
#pragma once

#include <llama.h>
#include <wasinn/backend.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <wasinn/backend.hpp>

#include "ggml/options.h"
#include "ggml/runtime.h"
#include "ggml/sampler.h"
#include "ggml/state.h"
#include "ggml/stop.h"
#include "ggml/tools.h"
#include "ggml/vision.h"

namespace wasinn::ggml {

// Index of each port.
enum InputPort : uint32_t {
  kPromptInput,
  kOptionsInput,
  kChatInput,
  kImagesInput,
  kTextsInput,
  kInputCount
};
enum OutputPort : uint32_t { kResponseOutput, kUsageOutput, kEmbeddingOutput, kOutputCount };

// The values of the output `usage`.
struct Usage {
  uint64_t input_tokens = 0;
  uint64_t output_tokens = 0;
  uint64_t reused_tokens = 0;    // input tokens that were computed before
  uint64_t draft_tokens = 0;     // tokens that the draft model proposed
  uint64_t accepted_tokens = 0;  // draft tokens that were accepted
  double prompt_ms = 0;          // until the first token of the completion
  double answer_ms = 0;
  const char* finish = "";  // why the completion ended
  std::string logprobs;     // JSON, or ""
  std::string message;      // JSON, or ""
};
std::string UsageJson(const Usage& usage);

// Gives `bytes`, copied to the host's memory, as a U8 [size] tensor; `dim` must outlive the use of
// the output's dims.
void LendText(const wasinn_backend_host& host, std::string_view bytes, int64_t& dim,
              wasinn_backend_output& out);

// The thread that starts the run creates it, the worker fills it, then an engine's thread owns it;
// only Cancel and cancelled are for any thread. After Done, the run's context must not be used.
class Request : public std::enable_shared_from_this<Request> {
 public:
  Request(wasinn_backend_instance& instance, backend::CancelState& cancel,
          const wasinn_backend_sink& sink, const Settings& settings, uint64_t owner)
      : settings_(settings),
        owner_(owner),
        host_(*instance.host),
        instance_(instance),
        cancel_(cancel),
        sink_(sink),
        started_(std::chrono::steady_clock::now()) {}
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  const Settings& settings() const { return settings_; }
  void set_settings(Settings settings) { settings_ = std::move(settings); }
  // Number of the context, never 0.
  uint64_t owner() const { return owner_; }
  void Cancel() { cancelled_.store(true, std::memory_order_release); }
  bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }

  // Set before an engine gets the request.
  std::vector<llama_token> prompt;  // with kImageToken at the positions of `images`
  ImagePlaces images;
  std::unique_ptr<Sampler> sampler;
  std::unique_ptr<StopMatcher> stops;
  size_t context_size = 0;  // the maximum number of tokens of prompt and completion
  // For a chat whose completion is more than text: its format, and the special tokens that belong
  // to its text.
  std::shared_ptr<const CompletionFormat> form;
  std::vector<llama_token> shown_tokens;
  std::unique_ptr<StateFile> state;  // the saved state to continue from, if any
  // Instead of a prompt: the texts whose vectors are wanted.
  std::vector<std::vector<llama_token>> texts;
  // Keeps the engine from being closed until the run is done.
  std::shared_ptr<void> lease;

  Usage usage;

  // The content of the guest's file of that name. Throws Failure, also if the host provides no
  // files.
  std::string ReadFile(const std::string& path, size_t max) const;

  // To be called when the prompt is computed and the completion begins.
  void BeginCompletion();
  // Streams a token's bytes; false if the completion must end.
  bool AddToken(const llama_vocab& vocabulary, llama_token token);
  // Completes the run: sends text that was held back, the outputs, and `done`.
  void Finish(const char* why, wasinn_code code = WASINN_OK, const std::string& message = {});
  // Completes the run with this text.
  void FinishText(const std::string& text, const char* why);

  // The vectors of the `texts` computed so far.
  std::vector<float> vectors;
  size_t computed = 0;
  // Completes the run once all vectors are there: they and their JSON are the outputs.
  void FinishVectors();

  // Ends the run with an error and without outputs.
  void Fail(wasinn_code code, const std::string& message);
  void FailCancelled() { Fail(WASINN_CANCELLED, "ggml: cancelled"); }

 private:
  // False if the host wants no more text.
  bool Send(std::string_view text);
  void Deliver(uint32_t port, std::string_view text);
  void DeliverVectors();
  void Complete(wasinn_code code, const std::string& message);
  void FinishWith(std::string_view response, const char* why);
  void Done(wasinn_code code, std::string_view message);
  double Elapsed() const;

  Settings settings_;
  const uint64_t owner_;
  const wasinn_backend_host& host_;
  wasinn_backend_instance& instance_;
  backend::CancelState& cancel_;
  const wasinn_backend_sink sink_;
  const std::chrono::steady_clock::time_point started_;
  std::atomic<bool> cancelled_{false};
  bool sent_ = false;
  std::string completion_;  // the text sent so far, if a format must parse it
};

}  // namespace wasinn::ggml
