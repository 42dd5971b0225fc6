#include "ggml/context.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <random>

#include "ggml/graph.h"
#include "ggml/media.h"
#include "ggml/prompt.h"
#include "ggml/request.h"

namespace wasinn::ggml {
namespace {

constexpr size_t kInputs = 4;
// A prompt that has more bytes than this for each token of the context cannot fit.
constexpr size_t kMostTokenBytes = 1024;
constexpr size_t kMostStops = 64;
constexpr size_t kMostStopBytes = 1024;
// Room that a prompt must leave in the context, as other hosts of this convention have it.
constexpr size_t kRoomForAnswer = 4;

using Texts = std::array<std::string_view, kInputs>;  // by InputPort; empty: not given

std::string_view TextOf(const wasinn_tensor_view& tensor) {
  if (tensor.size == 0) return {};
  return {static_cast<const char*>(tensor.data), tensor.size};
}

}  // namespace
}  // namespace wasinn::ggml

struct wasinn_backend_context {
  wasinn_backend_context(wasinn_backend_graph& of, const wasinn_option* options, size_t count)
      : graph(of), settings(of.settings), number(++of.contexts) {
    wasinn::ggml::ApplyOptions(options, count, settings);
    graph.ContextSize(settings);
  }

  wasinn_backend_graph& graph;
  wasinn::ggml::Settings settings;
  const uint64_t number;
  wasinn::backend::CancelState cancel;
  // Of the newest run. They outlive its end, which a cancel may overlap.
  std::shared_ptr<wasinn::ggml::Request> request;
  std::shared_ptr<wasinn::ggml::Engine> engine;
  // Inputs that were set since the last run, by InputPort.
  std::array<std::string, wasinn::ggml::kInputs> set;
  int64_t usage_dim = 0;  // of the usage that is known without a run
};

namespace wasinn::ggml {
namespace {

using Context = wasinn_backend_context;

void Warn(const Context& context, const std::string& text) {
  Log(*context.graph.instance.host, WASINN_LOG_WARN, text);
}

Settings SettingsWith(const Context& context, std::string_view options) {
  Settings settings = context.settings;
  if (!options.empty()) {
    ApplyJson(options, [&](const std::string& text) { Warn(context, text); }, settings);
  }
  if (!settings.image.empty()) {
    throw Failure(WASINN_INVALID_ARGUMENT,
                  "ggml: option 'image': expected none, since guests name no files here; give the "
                  "image's bytes as input 3 or as <img src=\"data:image/TYPE;base64,...\"> in the "
                  "prompt");
  }
  return settings;
}

// What stands for an image while a template writes the prompt; no guest can know it.
std::string NewMark() {
  std::random_device random;
  std::string mark = "<__media_";
  for (int i = 0; i < 4; ++i) mark += std::to_string(random()) + "_";
  return mark + "_>";
}

// The tokens of prompt or chat, which takes the worker's stack, the images among them, and the
// chat's own stop texts.
std::vector<llama_token> ReadPrompt(const wasinn_backend_graph& graph, const Texts& texts,
                                    size_t context_size, ImagePlaces& places,
                                    std::vector<std::string>& stops) {
  Chat chat;
  MixedText mixed;
  std::vector<std::string> images = SplitImages(texts[kImagesInput]);
  if (!texts[kChatInput].empty()) {
    if (graph.templates == nullptr) {
      throw Failure(WASINN_UNSUPPORTED_OPERATION,
                    "ggml: input 'chat': expected a model with a chat template, given one without "
                    "(" +
                        graph.no_templates + ")");
    }
    const std::string mark = NewMark();
    MarkedChat marked = MarkChat(texts[kChatInput], std::move(images), mark);
    chat = RenderChat(*graph.templates, marked.json);
    mixed = SplitMarked(chat.prompt, mark, std::move(marked.images));
    stops.insert(stops.end(), chat.stops.begin(), chat.stops.end());
  } else {
    mixed = SplitPrompt(texts[kPromptInput], std::move(images));
  }
  size_t bytes = 0;
  for (const std::string& text : mixed.texts) bytes += text.size();
  if (bytes / kMostTokenBytes > context_size) {
    throw Failure(WASINN_PROMPT_TOO_LONG, "ggml: expected a prompt that fits into a context of " +
                                              std::to_string(context_size) + " tokens, given " +
                                              std::to_string(bytes) + " bytes");
  }
  if (mixed.images.empty()) return Tokenize(*graph.vocabulary, mixed.texts[0]);
  if (graph.vision == nullptr) {
    throw Failure(WASINN_UNSUPPORTED_OPERATION,
                  "ggml: images: expected text alone, since this model was loaded without a "
                  "projector (the host's option mmproj); given an image");
  }
  std::vector<llama_token> tokens;
  graph.vision->Read(mixed, tokens, places);
  return tokens;
}

void CheckStops(const std::vector<std::string>& stops) {
  const bool long_one = std::ranges::any_of(
      stops, [](const std::string& stop) { return stop.size() > kMostStopBytes; });
  if (!long_one && stops.size() <= kMostStops) return;
  throw Failure(WASINN_INVALID_ARGUMENT, "ggml: option 'reverse-prompt': expected at most " +
                                             std::to_string(kMostStops) + " texts of at most " +
                                             std::to_string(kMostStopBytes) + " bytes, given more");
}

// All that a run needs before an engine has it. On the worker.
void Prepare(const wasinn_backend_graph& graph, const Texts& texts, Request& request) {
  const Settings& settings = request.settings();
  if (!settings.embedding && !graph.cannot_answer.empty()) {
    throw Failure(WASINN_UNSUPPORTED_OPERATION,
                  "ggml: expected a model that writes answers, given " + graph.cannot_answer +
                      "; only the option embedding works with it");
  }
  request.context_size = graph.ContextSize(settings);
  std::vector<std::string> stops = settings.reverse_prompt;
  request.prompt = ReadPrompt(graph, texts, request.context_size, request.images, stops);
  request.usage.input_tokens = request.prompt.size();
  if (request.prompt.empty()) {
    throw Failure(WASINN_INVALID_ARGUMENT,
                  "ggml: expected a prompt of at least one token, given none");
  }
  if (request.prompt.size() + kRoomForAnswer > request.context_size) {
    throw Failure(
        WASINN_PROMPT_TOO_LONG,
        "ggml: expected a prompt of at most " +
            std::to_string(request.context_size - std::min(request.context_size, kRoomForAnswer)) +
            " tokens in a context of " + std::to_string(request.context_size) + ", given " +
            std::to_string(request.prompt.size()));
  }
  if (settings.embedding && !request.images.empty()) {
    throw Failure(WASINN_UNSUPPORTED_OPERATION,
                  "ggml: expected text alone for an embedding, given an image");
  }
  if (settings.embedding) return;
  CheckStops(stops);
  request.stops = std::make_unique<StopMatcher>(std::move(stops));
  request.sampler =
      std::make_unique<Sampler>(*graph.model, settings, static_cast<int32_t>(request.context_size));
  for (const llama_token token : request.prompt) {
    if (token != kImageToken) request.sampler->AcceptPrompt(token);
  }
}

void PrepareAndSubmit(const wasinn_backend_graph& graph, const Texts& texts,
                      const std::shared_ptr<Request>& request, Engine& engine) {
  wasinn_error error;
  const wasinn_code code = backend::Guard(&error, [&] {
    if (request->cancelled()) throw Failure(WASINN_CANCELLED, "ggml: cancelled");
    const Guarded guarded(graph.instance.host);
    Prepare(graph, texts, *request);
    engine.Submit(request);
  });
  if (code != WASINN_OK) request->Fail(code, error.message);
}

void Start(Context& context, const Texts& texts, const wasinn_backend_sink& sink) {
  context.request = std::make_shared<Request>(*context.graph.instance.host, context.cancel, sink,
                                              context.settings, context.number);
  const auto request = context.request;
  if (texts[kPromptInput].empty() && texts[kChatInput].empty()) {
    throw Failure(WASINN_INVALID_ARGUMENT,
                  "ggml: expected the input 'prompt' or 'chat', given neither");
  }
  request->set_settings(SettingsWith(context, texts[kOptionsInput]));
  context.engine = context.graph.EngineFor(request->settings());
}

}  // namespace

wasinn_code ContextCreate(wasinn_backend_graph* graph, const wasinn_option* options, size_t count,
                          wasinn_backend_context** out, wasinn_error* error) {
  return backend::Guard(error, [&] { *out = new Context(*graph, options, count); });
}

void ContextFree(wasinn_backend_context* context) { delete context; }

void ContextRun(wasinn_backend_context* context, const wasinn_backend_input* inputs, size_t count,
                const wasinn_backend_sink* sink) {
  Texts texts;
  for (size_t i = 0; i < count; ++i) texts[inputs[i].port] = TextOf(inputs[i].tensor);
  wasinn_error error;
  const wasinn_code code = backend::Guard(&error, [&] {
    for (std::string& text : context->set) text.clear();
    Start(*context, texts, *sink);
  });
  const bool go = context->cancel.Start(sink->run, [] {});
  if (code != WASINN_OK || !go) {
    context->cancel.Finish();
    const wasinn_str message = go ? backend::Str(error.message) : backend::Str("ggml: cancelled");
    sink->done(sink->self, sink->run, go ? code : WASINN_CANCELLED, message, 0, nullptr);
    return;
  }
  // The worker may end the run before this returns, and the context with it.
  context->graph.instance.worker.Post(
      [&graph = context->graph, texts, request = context->request, engine = context->engine] {
        PrepareAndSubmit(graph, texts, request, *engine);
      });
}

void ContextCancel(wasinn_backend_context* context, uint64_t run) {
  context->cancel.Cancel(run, [&] {
    context->request->Cancel();
    context->engine->Wake();
  });
}

wasinn_code ContextInputSet(wasinn_backend_context* context, uint32_t port,
                            const wasinn_tensor_view* tensor, wasinn_error* error) {
  return backend::Guard(error, [&] {
    const std::string_view text = TextOf(*tensor);
    if (port == kOptionsInput) {
      context->graph.ContextSize(SettingsWith(*context, text));
    } else if (port == kChatInput && !text.empty()) {
      ParseJson("ggml: input 'chat'", text);
    }
    context->set.at(port) = text;
  });
}

wasinn_code ContextOutputGet(wasinn_backend_context* context, uint32_t port,
                             wasinn_backend_output* out, wasinn_error* error) {
  return backend::Guard(error, [&] {
    if (port != kUsageOutput) {
      throw Failure(WASINN_INVALID_ARGUMENT,
                    "ggml: expected output 'usage', since only that is known without a run");
    }
    Usage usage;
    const Texts texts = {context->set[kPromptInput], context->set[kOptionsInput],
                         context->set[kChatInput], context->set[kImagesInput]};
    if (!texts[kPromptInput].empty() || !texts[kChatInput].empty()) {
      const size_t size = context->graph.ContextSize(SettingsWith(*context, texts[kOptionsInput]));
      std::vector<std::string> stops;
      ImagePlaces images;
      context->graph.instance.worker.Run([&] {
        usage.input_tokens = ReadPrompt(context->graph, texts, size, images, stops).size();
      });
    }
    LendText(*context->graph.instance.host, UsageJson(usage), context->usage_dim, *out);
  });
}

}  // namespace wasinn::ggml
