#include "ggml/request.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <nlohmann/json.hpp>

#include "ggml/prompt.h"
#include "ggml/task.h"

namespace wasinn::ggml {
namespace {

using nlohmann::ordered_json;

std::string Dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

double Rounded(double milliseconds) {
  return static_cast<double>(static_cast<int64_t>(milliseconds * 1000)) / 1000;
}

}  // namespace

std::string UsageJson(const Usage& usage) {
  ordered_json object = {
      {"input_tokens", usage.input_tokens},       {"output_tokens", usage.output_tokens},
      {"llama_build_number", LlamaBuildNumber()}, {"llama_commit", LlamaVersion()},
      {"reused_tokens", usage.reused_tokens},     {"draft_tokens", usage.draft_tokens},
      {"accepted_tokens", usage.accepted_tokens}, {"prompt_ms", Rounded(usage.prompt_ms)},
      {"answer_ms", Rounded(usage.answer_ms)},    {"finish", usage.finish}};
  std::string text = Dump(object);
  if (!usage.logprobs.empty()) {
    text.insert(text.size() - 1, ",\"logprobs\":[" + usage.logprobs + "]");
  }
  if (!usage.message.empty()) text.insert(text.size() - 1, ",\"message\":" + usage.message);
  return text;
}

void LendText(const wasinn_backend_host& host, std::string_view bytes, int64_t& dim,
              wasinn_backend_output& out) {
  backend::HostBuffer buffer(host, bytes.size());
  if (!bytes.empty()) std::memcpy(buffer.data(), bytes.data(), bytes.size());
  dim = static_cast<int64_t>(bytes.size());
  out.tensor = {WASINN_DTYPE_U8, 1, &dim, buffer.data(), bytes.size()};
  buffer.Lend(out);
}

double Request::Elapsed() const {
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - started_;
  return elapsed.count();
}

void Request::BeginCompletion() { usage.prompt_ms = Elapsed(); }

bool Request::Send(std::string_view text) {
  if (text.empty()) return true;
  sent_ = true;
  if (form != nullptr) completion_ += text;
  constexpr size_t kEnd = offsetof(wasinn_backend_sink, guest_stdout) + sizeof sink_.guest_stdout;
  if (settings_.stream_stdout && sink_.struct_size >= kEnd && sink_.guest_stdout != nullptr &&
      sink_.guest_stdout(sink_.self, sink_.run, {text.data(), text.size()}) != 0) {
    return false;
  }
  return sink_.chunk(sink_.self, sink_.run, kResponseOutput, {text.data(), text.size()}) == 0;
}

bool Request::AddToken(const llama_vocab& vocabulary, llama_token token) {
  ++usage.output_tokens;
  const bool shown =
      settings_.special || std::ranges::find(shown_tokens, token) != shown_tokens.end();
  const std::string piece = PieceOf(vocabulary, token, shown);
  if (settings_.logprobs > 0) {
    ordered_json entry = {{"token", piece}, {"id", token}, {"logprob", sampler->chosen_logprob()}};
    ordered_json likely = ordered_json::array();
    for (const Sampler::Likely& one : sampler->likely()) {
      likely.push_back({{"token", PieceOf(vocabulary, one.token, true)},
                        {"id", one.token},
                        {"logprob", one.logprob}});
    }
    entry["top_logprobs"] = std::move(likely);
    if (!usage.logprobs.empty()) usage.logprobs += ',';
    usage.logprobs += Dump(entry);
  }
  if (!Send(stops->Add(piece))) {
    usage.finish = "host";
    return false;
  }
  if (stops->found()) {
    usage.finish = "stop";
    return false;
  }
  return true;
}

void Request::Deliver(uint32_t port, std::string_view text) {
  wasinn_backend_output output{};
  output.port = port;
  int64_t dim = 0;
  LendText(host_, text, dim, output);
  if (sink_.output(sink_.self, sink_.run, &output) != 0) {
    throw Failure(WASINN_RUNTIME_ERROR, "ggml: the host refused output " + std::to_string(port));
  }
}

// The shape [texts, numbers per text], or [0, 0] for a run without embeddings.
void Request::DeliverVectors() {
  const auto rows = static_cast<int64_t>(computed);
  const int64_t dims[] = {rows, rows == 0 ? 0 : static_cast<int64_t>(vectors.size()) / rows};
  const size_t bytes = vectors.size() * sizeof(float);
  backend::HostBuffer buffer(host_, bytes);
  if (bytes > 0) std::memcpy(buffer.data(), vectors.data(), bytes);
  wasinn_backend_output output{};
  output.port = kEmbeddingOutput;
  output.tensor = {WASINN_DTYPE_F32, 2, dims, buffer.data(), bytes};
  buffer.Lend(output);
  if (sink_.output(sink_.self, sink_.run, &output) != 0) {
    throw Failure(WASINN_RUNTIME_ERROR, "ggml: the host refused output 'embedding'");
  }
}

void Request::Finish(const char* why, wasinn_code code, const std::string& message) {
  usage.finish = why;
  usage.answer_ms = Elapsed() - usage.prompt_ms;
  Send(stops->Rest());
  if (form == nullptr) return Complete(code, message);
  // Parsing a long completion takes stack and time.
  instance_.WorkerFor(completion_.size()).Post([self = shared_from_this(), code, message] {
    const std::string_view end = self->usage.finish;
    self->usage.message = self->form->Message(self->completion_, end == "end" || end == "grammar");
    self->Complete(code, message);
  });
}

void Request::Complete(wasinn_code code, const std::string& message) {
  try {
    // Otherwise the host assembles the response from the streamed chunks.
    if (!sent_) Deliver(kResponseOutput, {});
    Deliver(kUsageOutput, UsageJson(usage));
    DeliverVectors();
  } catch (const Failure& failure) {
    Fail(failure.code(), failure.message());
    return;
  }
  Done(code, message);
}

void Request::FinishWith(std::string_view response, const char* why) {
  usage.finish = why;
  usage.prompt_ms = Elapsed();
  Deliver(kResponseOutput, response);
  Deliver(kUsageOutput, UsageJson(usage));
  DeliverVectors();
  Done(WASINN_OK, {});
}

void Request::FinishText(const std::string& text, const char* why) {
  try {
    FinishWith(text, why);
  } catch (const Failure& failure) {
    Fail(failure.code(), failure.message());
  }
}

void Request::FinishVectors() {
  const bool ranks = TaskOf(settings_) == Task::kRerank;
  const size_t width = vectors.size() / computed;
  std::string json;
  if (ranks) {
    json = ScoresJson(vectors);
  } else if (computed == 1) {
    json = EmbeddingJson(vectors.data(), width);
  } else {
    // As JSON the numbers would be several times as large; the other output has them.
    json = "{\"n_embedding\": " + std::to_string(width) +
           ", \"texts\": " + std::to_string(computed) + "}";
  }
  FinishText(json, ranks ? "rerank" : "embedding");
}

std::string Request::ReadFile(const std::string& path, size_t max) const {
  const std::string what = "ggml: option 'image': ";
  constexpr size_t kEnd = offsetof(wasinn_backend_sink, read_file) + sizeof sink_.read_file;
  if (sink_.struct_size < kEnd || sink_.read_file == nullptr) {
    throw Failure(WASINN_UNSUPPORTED_OPERATION,
                  what + "expected no file, since this host provides none");
  }
  std::string bytes;
  wasinn_error error{};
  const wasinn_code code = sink_.read_file(
      sink_.self, sink_.run, backend::Str(path), max,
      [](void* to, wasinn_bytes given) {
        static_cast<std::string*>(to)->assign(static_cast<const char*>(given.data), given.size);
      },
      &bytes, &error);
  if (code != WASINN_OK) throw Failure(code, what + error.message);
  return bytes;
}

void Request::Fail(wasinn_code code, const std::string& message) { Done(code, message); }

void Request::Done(wasinn_code code, std::string_view message) {
  const wasinn_backend_usage counts{usage.input_tokens, usage.output_tokens};
  // The request may outlive this for a moment, but the sampler's model may not.
  sampler.reset();
  lease.reset();
  cancel_.Finish();
  sink_.done(sink_.self, sink_.run, code, backend::Str(message), 0, &counts);
}

}  // namespace wasinn::ggml
