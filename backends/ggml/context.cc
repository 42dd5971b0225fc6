#include "ggml/context.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "ggml/graph.h"
#include "ggml/image.h"
#include "ggml/media.h"
#include "ggml/prompt.h"
#include "ggml/request.h"
#include "ggml/task.h"

namespace wasinn::ggml {
namespace {

// A prompt with more bytes than this for each token of the context cannot fit.
constexpr size_t kMaxTokenBytes = 1024;
constexpr size_t kMaxStops = 64;
constexpr size_t kMaxStopBytes = 1024;
// The tokens that a prompt must leave free in the context, as in other hosts with this convention.
constexpr size_t kRoomForCompletion = 4;

using Inputs = std::array<std::string_view, kInputCount>;  // by InputPort; empty: not given

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
    graph.Check(settings);
  }

  wasinn_backend_graph& graph;
  wasinn::ggml::Settings settings;
  const uint64_t number;
  wasinn::backend::CancelState cancel;
  // The newest run. It outlives its end, because a cancel may overlap with the end.
  std::shared_ptr<wasinn::ggml::Request> request;
  std::shared_ptr<wasinn::ggml::Engine> engine;
  // Inputs that were set since the last run, by InputPort.
  std::array<std::string, wasinn::ggml::kInputCount> set;
  int64_t usage_dim = 0;  // for the usage that is known without a run
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
  return settings;
}

// The placeholder for an image while a template writes the prompt; no guest can know it.
std::string NewMark() {
  std::random_device random;
  std::string mark = "<__media_";
  for (int i = 0; i < 4; ++i) mark += std::to_string(random()) + "_";
  return mark + "_>";
}

[[noreturn]] void NoProjector() {
  throw Failure(WASINN_UNSUPPORTED_OPERATION,
                "ggml: images: expected text alone, since this model was loaded without a "
                "projector (the host's option mmproj); given an image");
}

// The tokens of the prompt or chat and the images among them; this needs the worker's stack. `chat`
// is the rendered chat, `file` the file of the option `image`.
std::vector<llama_token> ReadPrompt(const wasinn_backend_graph& graph, const Inputs& inputs,
                                    std::optional<std::string> file, size_t context_size,
                                    ImagePlaces& places, Chat& chat) {
  MixedText mixed;
  std::vector<std::string> images = SplitImages(inputs[kImagesInput]);
  std::string_view prompt = inputs[kPromptInput];
  std::string marked_prompt;
  if (file) {
    images.insert(images.begin(), *std::move(file));
    marked_prompt = prompt;
    MarkPlaceOfFile(marked_prompt);
    prompt = marked_prompt;
  }
  if (!inputs[kChatInput].empty()) {
    if (graph.templates == nullptr) {
      throw Failure(WASINN_UNSUPPORTED_OPERATION,
                    "ggml: input 'chat': expected a model with a chat template, given one without "
                    "(" +
                        graph.no_templates + ")");
    }
    const std::string mark = NewMark();
    MarkedChat marked = MarkChat(inputs[kChatInput], std::move(images), mark);
    chat = RenderChat(*graph.templates, marked.json);
    mixed = SplitMarked(chat.prompt, mark, std::move(marked.images));
  } else {
    mixed = SplitPrompt(prompt, std::move(images));
  }
  size_t bytes = 0;
  for (const std::string& text : mixed.texts) bytes += text.size();
  if (bytes / kMaxTokenBytes > context_size) {
    throw Failure(WASINN_PROMPT_TOO_LONG, "ggml: expected a prompt that fits into a context of " +
                                              std::to_string(context_size) + " tokens, given " +
                                              std::to_string(bytes) + " bytes");
  }
  if (mixed.images.empty()) return Tokenize(*graph.vocabulary, mixed.texts[0]);
  if (graph.vision == nullptr) NoProjector();
  std::vector<llama_token> tokens;
  graph.vision->Read(mixed, tokens, places);
  return tokens;
}

size_t BytesOf(const Inputs& inputs) {
  size_t bytes = 0;
  for (const std::string_view text : inputs) bytes += text.size();
  return bytes;
}

bool IsAboutPrompt(const Settings& settings, const Inputs& inputs) {
  return inputs[kTextsInput].empty() || TaskOf(settings) == Task::kGenerate;
}

// The tokens of each text of the task: of the input `texts`, otherwise of the prompt or chat.
std::vector<std::vector<llama_token>> ReadAll(const wasinn_backend_graph& graph,
                                              const Settings& settings, const Inputs& inputs,
                                              std::optional<std::string> file, size_t context_size,
                                              ImagePlaces& places, Chat& chat) {
  const Task task = TaskOf(settings);
  if (IsAboutPrompt(settings, inputs)) {
    auto tokens = ReadPrompt(graph, inputs, std::move(file), context_size, places, chat);
    if (task != Task::kGenerate && !places.empty()) {
      throw Failure(WASINN_UNSUPPORTED_OPERATION,
                    "ggml: expected text alone for the task " + settings.task + ", given an image");
    }
    return {std::move(tokens)};
  }
  const TextList list = ReadTexts(inputs[kTextsInput]);
  if (list.ranks != (task == Task::kRerank)) {
    throw Failure(WASINN_INVALID_ARGUMENT,
                  std::string("ggml: input 'texts': expected for the task ") +
                      (list.ranks ? settings.task + " a list of texts, given a query"
                                  : "rerank a query with documents, given a list of texts"));
  }
  std::vector<std::vector<llama_token>> all;
  for (const std::string& text : list.texts) {
    all.push_back(list.ranks ? RankPrompt(*graph.model, list.query, text)
                             : Tokenize(*graph.vocabulary, text));
  }
  return all;
}

uint64_t CountTokens(const std::vector<std::vector<llama_token>>& texts) {
  uint64_t count = 0;
  for (const auto& text : texts) count += text.size();
  return count;
}

void CheckStops(const std::vector<std::string>& stops) {
  const bool long_one = std::ranges::any_of(
      stops, [](const std::string& stop) { return stop.size() > kMaxStopBytes; });
  if (!long_one && stops.size() <= kMaxStops) return;
  throw Failure(WASINN_INVALID_ARGUMENT, "ggml: option 'reverse-prompt': expected at most " +
                                             std::to_string(kMaxStops) + " texts of at most " +
                                             std::to_string(kMaxStopBytes) + " bytes, given more");
}

void CheckTask(const wasinn_backend_graph& graph, const Settings& settings) {
  const Task task = TaskOf(settings);
  if (task == Task::kGenerate && !graph.cannot_generate.empty()) {
    throw Failure(WASINN_UNSUPPORTED_OPERATION,
                  "ggml: expected a model that generates text, given " + graph.cannot_generate +
                      "; only the other tasks work with it");
  }
  if (task == Task::kRerank && !graph.ranks) {
    throw Failure(WASINN_UNSUPPORTED_OPERATION,
                  "ggml: option 'task': expected for rerank a model that ranks (its GGUF has the "
                  "pooling type 4 and a tensor cls.weight or cls.output.weight), given another");
  }
  if (task == Task::kEmbedding && graph.ranks && settings.pooling == "auto") {
    throw Failure(WASINN_UNSUPPORTED_OPERATION,
                  "ggml: expected a model with embeddings, given one that ranks; there is the task "
                  "rerank, and the option pooling");
  }
}

void CheckLength(const std::vector<llama_token>& tokens, size_t context_size, size_t room) {
  if (tokens.empty()) {
    throw Failure(WASINN_INVALID_ARGUMENT,
                  "ggml: expected a prompt of at least one token, given none");
  }
  if (tokens.size() + room <= context_size) return;
  throw Failure(WASINN_PROMPT_TOO_LONG,
                "ggml: expected a prompt of at most " +
                    std::to_string(context_size - std::min(context_size, room)) +
                    " tokens in a context of " + std::to_string(context_size) + ", given " +
                    std::to_string(tokens.size()));
}

void CheckForm(const CompletionFormat& form, const Settings& settings) {
  if (form.has_tools() && !(settings.grammar.empty() && settings.json_schema.empty())) {
    throw Failure(WASINN_INVALID_ARGUMENT,
                  "ggml: input 'chat': expected tools without the options grammar and json-schema, "
                  "since calls have a grammar of their own; given both");
  }
}

// Prepares a run for an engine; false if it needs none and is done. Runs on the worker.
bool Prepare(const wasinn_backend_graph& graph, const Inputs& inputs, Request& request) {
  const Settings& settings = request.settings();
  const Task task = TaskOf(settings);
  CheckTask(graph, settings);
  if (task == Task::kDetokenize) {
    request.FinishText(Detokenize(*graph.vocabulary, inputs[kPromptInput], settings.special),
                       "detokenize");
    return false;
  }
  request.context_size = graph.ContextSize(settings);
  std::optional<std::string> file;
  if (!settings.image.empty() && IsAboutPrompt(settings, inputs)) {
    if (graph.vision == nullptr) NoProjector();
    file = request.ReadFile(settings.image, kMaxImageBytes);
  }
  Chat chat;
  auto texts =
      ReadAll(graph, settings, inputs, std::move(file), request.context_size, request.images, chat);
  request.usage.input_tokens = CountTokens(texts);
  if (task == Task::kTokenize) {
    request.FinishText(TokensJson(texts, !inputs[kTextsInput].empty()), "tokenize");
    return false;
  }
  for (const auto& text : texts) CheckLength(text, request.context_size, kRoomForCompletion);
  if (task != Task::kGenerate) {
    request.texts = std::move(texts);
    return true;
  }
  request.prompt = std::move(texts.front());
  std::vector<std::string> stops = settings.reverse_prompt;
  stops.insert(stops.end(), chat.stops.begin(), chat.stops.end());
  CheckStops(stops);
  request.stops = std::make_unique<StopMatcher>(std::move(stops));
  if (!settings.state_load.empty() && settings.cache_prompt) {
    request.state = graph.states->Open(settings.state_load, graph.StateKey(settings),
                                       llama_vocab_n_tokens(graph.vocabulary));
  }
  ChatGrammar grammar;
  if (chat.form != nullptr) {
    CheckForm(*chat.form, settings);
    request.form = chat.form;
    request.shown_tokens = chat.form->ShownTokens(*graph.vocabulary);
    grammar = chat.form->Grammar(*graph.vocabulary);
  }
  request.sampler = std::make_unique<Sampler>(*graph.model, settings,
                                              static_cast<int32_t>(request.context_size), grammar);
  for (const llama_token token : request.prompt) {
    if (token != kImageToken) request.sampler->AcceptPrompt(token);
  }
  return true;
}

void PrepareAndSubmit(const wasinn_backend_graph& graph, const Inputs& inputs,
                      const std::shared_ptr<Request>& request, Engine& engine) {
  wasinn_error error;
  const wasinn_code code = backend::Guard(&error, [&] {
    if (request->cancelled()) throw Failure(WASINN_CANCELLED, "ggml: cancelled");
    const Guarded guarded(graph.instance.host);
    if (Prepare(graph, inputs, *request)) engine.Submit(request);
  });
  if (code != WASINN_OK) request->Fail(code, error.message);
}

// Throws Failure if an input that the task needs is missing.
void CheckGiven(Task task, const Inputs& inputs) {
  const bool prompt = !inputs[kPromptInput].empty();
  const bool any = prompt || !inputs[kChatInput].empty();
  const bool texts = !inputs[kTextsInput].empty();
  const auto missing = [](const char* expected) {
    return Failure(WASINN_INVALID_ARGUMENT, std::string("ggml: expected the input ") + expected);
  };
  if (task == Task::kGenerate && !any) throw missing("'prompt' or 'chat', given neither");
  if (task == Task::kDetokenize && !prompt) throw missing("'prompt', given none");
  if (task == Task::kRerank && !texts) throw missing("'texts', given none");
  if (!any && !texts) throw missing("'texts', 'prompt' or 'chat', given none of them");
}

void Start(Context& context, const Inputs& inputs, const wasinn_backend_sink& sink) {
  context.request = std::make_shared<Request>(context.graph.instance, context.cancel, sink,
                                              context.settings, context.number);
  Request& request = *context.request;
  request.set_settings(SettingsWith(context, inputs[kOptionsInput]));
  CheckGiven(TaskOf(request.settings()), inputs);
  context.engine = context.graph.EngineFor(request);
}

}  // namespace

wasinn_code ContextCreate(wasinn_backend_graph* graph, const wasinn_option* options, size_t count,
                          wasinn_backend_context** out, wasinn_error* error) {
  return backend::Guard(error, [&] { *out = new Context(*graph, options, count); });
}

void ContextFree(wasinn_backend_context* context) { delete context; }

void ContextRun(wasinn_backend_context* context, const wasinn_backend_input* inputs, size_t count,
                const wasinn_backend_sink* sink) {
  Inputs texts;
  for (size_t i = 0; i < count; ++i) texts[inputs[i].port] = TextOf(inputs[i].tensor);
  wasinn_error error;
  const wasinn_code code = backend::Guard(&error, [&] {
    for (std::string& text : context->set) text.clear();
    Start(*context, texts, *sink);
  });
  // A run that did not begin has nothing to cancel.
  if (code != WASINN_OK) {
    if (context->request != nullptr) context->request->lease.reset();
    sink->done(sink->self, sink->run, code, backend::Str(error.message), 0, nullptr);
    return;
  }
  if (!context->cancel.Start(sink->run, [] {})) {
    context->request->lease.reset();
    context->cancel.Finish();
    sink->done(sink->self, sink->run, WASINN_CANCELLED, backend::Str("ggml: cancelled"), 0,
               nullptr);
    return;
  }
  // The worker may end the run, and the context may be freed, before this returns.
  context->graph.instance.WorkerFor(BytesOf(texts))
      .Post([&graph = context->graph, texts, request = context->request, engine = context->engine] {
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
      context->graph.Check(SettingsWith(*context, text));
    } else if (port == kTextsInput && !text.empty()) {
      ReadTexts(text);
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
    Inputs inputs;
    std::ranges::copy(context->set, inputs.begin());
    if (!inputs[kPromptInput].empty() || !inputs[kChatInput].empty() ||
        !inputs[kTextsInput].empty()) {
      // Only a run reads an image from a file.
      const Settings settings = SettingsWith(*context, inputs[kOptionsInput]);
      const size_t size = context->graph.ContextSize(settings);
      Chat chat;
      ImagePlaces images;
      context->graph.instance.WorkerFor(BytesOf(inputs)).Run([&] {
        usage.input_tokens =
            CountTokens(ReadAll(context->graph, settings, inputs, {}, size, images, chat));
      });
    }
    LendText(*context->graph.instance.host, UsageJson(usage), context->usage_dim, *out);
  });
}

}  // namespace wasinn::ggml
