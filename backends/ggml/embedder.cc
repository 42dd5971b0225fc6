#include "ggml/embedder.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "ggml/graph.h"

namespace wasinn::ggml {
namespace {

// A context is made for prompts up to a multiple of this.
constexpr size_t kStep = 512;

enum llama_pooling_type PoolingOf(const std::string& name) {
  if (name == "mean") return LLAMA_POOLING_TYPE_MEAN;
  if (name == "cls") return LLAMA_POOLING_TYPE_CLS;
  if (name == "last") return LLAMA_POOLING_TYPE_LAST;
  return LLAMA_POOLING_TYPE_UNSPECIFIED;
}

std::string Json(const std::vector<float>& values) {
  std::string text = "{\"n_embedding\": " + std::to_string(values.size()) + ", \"embedding\": [";
  for (size_t i = 0; i < values.size(); ++i) {
    char number[32];
    std::snprintf(number, sizeof number, "%s%.9g", i == 0 ? "" : ",",
                  static_cast<double>(values[i]));
    text += number;
  }
  return text + "]}";
}

void Normalize(std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  if (sum == 0) return;
  for (float& value : values) value = static_cast<float>(value / std::sqrt(sum));
}

}  // namespace

Embedder::Embedder(wasinn_backend_graph& graph, const std::string& pooling)
    : Engine(graph), pooling_(PoolingOf(pooling)) {}

void Embedder::Open(size_t tokens) {
  if (context_ != nullptr && llama_n_ubatch(context_.get()) >= tokens) return;
  context_.reset();
  llama_context_params params = llama_context_default_params();
  // The whole prompt goes in one pass, or the pooling would see a part.
  params.n_ctx = params.n_batch = params.n_ubatch =
      static_cast<uint32_t>((tokens + kStep - 1) / kStep * kStep);
  params.embeddings = true;
  params.pooling_type = pooling_;
  MakeContext(params);
  if (llama_pooling_type(context_.get()) == LLAMA_POOLING_TYPE_NONE) {
    params.pooling_type = LLAMA_POOLING_TYPE_MEAN;
    MakeContext(params);
  }
  if (llama_pooling_type(context_.get()) == LLAMA_POOLING_TYPE_RANK) {
    context_.reset();
    throw Failure(WASINN_UNSUPPORTED_OPERATION,
                  "ggml: expected a model with embeddings, given one that ranks");
  }
}

std::vector<float> Embedder::Compute(Request& request) {
  Open(request.prompt.size());
  const size_t count = request.prompt.size();
  std::vector<llama_pos> positions(count);
  for (size_t i = 0; i < count; ++i) positions[i] = static_cast<llama_pos>(i);
  std::vector<int32_t> counts(count, 1);
  llama_seq_id id = 0;
  std::vector<llama_seq_id*> ids(count, &id);
  std::vector<int8_t> wanted(count, 1);
  const llama_batch batch{static_cast<int32_t>(count),
                          request.prompt.data(),
                          nullptr,
                          positions.data(),
                          counts.data(),
                          ids.data(),
                          wanted.data()};
  llama_memory_clear(llama_get_memory(context_.get()), false);
  const int32_t status = Decode(batch, {&request});
  if (request.cancelled()) throw Failure(WASINN_CANCELLED, "ggml: cancelled");
  const float* values = status == 0 ? llama_get_embeddings_seq(context_.get(), 0) : nullptr;
  if (values == nullptr) {
    throw Failure(WASINN_RUNTIME_ERROR, "ggml: llama.cpp could not compute an embedding", status);
  }
  std::vector<float> embedding(values, values + llama_model_n_embd_out(graph_.model.get()));
  if (!std::ranges::all_of(embedding, [](float value) { return std::isfinite(value); })) {
    throw Failure(WASINN_RUNTIME_ERROR,
                  "ggml: expected numbers as embedding, the model computed others");
  }
  return embedding;
}

void Embedder::Work() {
  if (waiting_.empty()) return;
  const std::shared_ptr<Request> request = waiting_.front();
  waiting_.pop_front();
  try {
    std::vector<float> embedding = Compute(*request);
    if (request->settings().normalize) Normalize(embedding);
    request->FinishEmbedding(Json(embedding));
  } catch (const Failure& failure) {
    request->Fail(failure.code(), failure.message());
  } catch (const std::exception& exception) {
    context_.reset();
    request->Fail(WASINN_RUNTIME_ERROR, std::string("ggml: ") + exception.what());
  }
}

void Embedder::Fail(wasinn_code code, const std::string& message) {
  context_.reset();
  for (const auto& request : std::exchange(waiting_, {})) request->Fail(code, message);
}

}  // namespace wasinn::ggml
