#include "ggml/embedder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ggml/graph.h"

namespace wasinn::ggml {
namespace {

// The batch size of a context is rounded up to a multiple of this.
constexpr size_t kStep = 512;
// The maximum number of texts in one batch.
constexpr size_t kMaxSequences = 64;

void Normalize(float* values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += static_cast<double>(values[i]) * values[i];
  if (sum == 0) return;
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(values[i] / std::sqrt(sum));
}

}  // namespace

enum llama_pooling_type PoolingOf(const std::string& name) {
  if (name == "mean") return LLAMA_POOLING_TYPE_MEAN;
  if (name == "cls") return LLAMA_POOLING_TYPE_CLS;
  if (name == "last") return LLAMA_POOLING_TYPE_LAST;
  return LLAMA_POOLING_TYPE_UNSPECIFIED;
}

Embedder::Embedder(wasinn_backend_graph& graph, std::vector<Adapter> adapters,
                   enum llama_pooling_type pooling)
    : Engine(graph, std::move(adapters)), pooling_(pooling) {}

void Embedder::Open(size_t tokens) {
  if (context_ != nullptr && llama_n_ubatch(context_.get()) >= tokens) return;
  context_.reset();
  llama_context_params params = llama_context_default_params();
  // A text must be in one batch, or the pooling would see only a part.
  params.n_ctx = params.n_batch = params.n_ubatch =
      static_cast<uint32_t>((tokens + kStep - 1) / kStep * kStep);
  // The recurrent state of such a model takes much memory for each sequence.
  params.n_seq_max = graph_.is_recurrent ? 1 : kMaxSequences;
  params.kv_unified = true;
  params.embeddings = true;
  params.pooling_type = pooling_;
  MakeContext(params);
  if (llama_pooling_type(context_.get()) == LLAMA_POOLING_TYPE_NONE) {
    params.pooling_type = LLAMA_POOLING_TYPE_MEAN;
    MakeContext(params);
  }
}

// The next texts of the requests in their order, as many as fit into a batch.
std::vector<Embedder::Item> Embedder::Plan() const {
  const auto max_tokens = static_cast<size_t>(graph_.settings.max_batch);
  // Sums over the tokens of a text depend on its place in the batch.
  const bool alone = graph_.is_recurrent || graph_.settings.deterministic;
  const size_t max_texts = alone ? 1 : kMaxSequences;
  std::vector<Item> items;
  size_t tokens = 0;
  for (const auto& request : waiting_) {
    for (size_t i = request->computed; i < request->texts.size(); ++i) {
      tokens += request->texts[i].size();
      if (!items.empty() && (tokens > max_tokens || items.size() == max_texts)) return items;
      items.push_back({request.get(), i});
    }
  }
  return items;
}

void Embedder::Compute(const std::vector<Item>& items) {
  std::vector<llama_token> tokens;
  std::vector<llama_pos> positions;
  std::vector<llama_seq_id> ids;
  std::vector<Request*> requests;
  for (size_t i = 0; i < items.size(); ++i) {
    const std::vector<llama_token>& text = items[i].request->texts[items[i].text];
    for (size_t at = 0; at < text.size(); ++at) {
      tokens.push_back(text[at]);
      positions.push_back(static_cast<llama_pos>(at));
      ids.push_back(static_cast<llama_seq_id>(i));
    }
    if (requests.empty() || requests.back() != items[i].request) {
      requests.push_back(items[i].request);
    }
  }
  Open(tokens.size());
  std::vector<int32_t> counts(tokens.size(), 1);
  std::vector<llama_seq_id*> id_lists;
  for (llama_seq_id& id : ids) id_lists.push_back(&id);
  std::vector<int8_t> wanted(tokens.size(), 1);
  const llama_batch batch{static_cast<int32_t>(tokens.size()),
                          tokens.data(),
                          nullptr,
                          positions.data(),
                          counts.data(),
                          id_lists.data(),
                          wanted.data()};
  llama_memory_clear(llama_get_memory(context_.get()), false);
  const int32_t status = Decode(batch, requests);
  if (std::ranges::all_of(requests, &Request::cancelled)) return;
  if (status != 0) {
    throw Failure(WASINN_RUNTIME_ERROR, "ggml: llama.cpp could not compute an embedding", status);
  }
  for (size_t i = 0; i < items.size(); ++i) {
    if (!Take(items[i], static_cast<llama_seq_id>(i))) return FailOne(*items[i].request);
  }
}

void Embedder::FailOne(const Request& request) {
  std::erase_if(waiting_, [&](const std::shared_ptr<Request>& one) {
    if (one.get() != &request) return false;
    one->Fail(WASINN_RUNTIME_ERROR,
              "ggml: expected numbers as embedding, the model computed others");
    return true;
  });
}

// Adds the vector of a text to its request; false if the vector has values that are not finite.
bool Embedder::Take(const Item& item, llama_seq_id sequence) {
  const bool ranks = pooling_ == LLAMA_POOLING_TYPE_RANK;
  const size_t count = ranks ? 1 : static_cast<size_t>(llama_model_n_embd_out(graph_.model.get()));
  const float* values = llama_get_embeddings_seq(context_.get(), sequence);
  if (values == nullptr ||
      !std::all_of(values, values + count, [](float value) { return std::isfinite(value); })) {
    return false;
  }
  std::vector<float>& vectors = item.request->vectors;
  vectors.insert(vectors.end(), values, values + count);
  ++item.request->computed;
  if (!ranks && item.request->settings().normalize)
    Normalize(&vectors[vectors.size() - count], count);
  return true;
}

void Embedder::FinishComplete() {
  std::erase_if(waiting_, [](const std::shared_ptr<Request>& request) {
    if (request->computed < request->texts.size()) return false;
    request->FinishVectors();
    return true;
  });
  // The other requests get their turn before a request with many texts continues.
  if (waiting_.size() > 1 && waiting_.front()->computed > 0) {
    std::ranges::rotate(waiting_, waiting_.begin() + 1);
  }
}

void Embedder::Work() {
  if (waiting_.empty()) return;
  Compute(Plan());
  FinishComplete();
}

void Embedder::Fail(wasinn_code code, const std::string& message) {
  context_.reset();
  for (const auto& request : std::exchange(waiting_, {})) request->Fail(code, message);
}

}  // namespace wasinn::ggml
