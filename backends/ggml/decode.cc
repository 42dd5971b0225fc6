#include "ggml/decode.h"

#include <batch_invariant.h>

#include <algorithm>

#include "ggml/graph.h"

namespace wasinn::ggml {

ContextHandle MakeContext(wasinn_backend_graph& graph, llama_model& model,
                          llama_context_params params) {
  const Guarded guarded(graph.instance.host);
  Cores& cores = graph.instance.cores;
  params.n_threads = params.n_threads_batch = static_cast<int32_t>(graph.Threads());
  params.no_perf = true;
  ContextHandle context(llama_init_from_model(&model, params));
  if (context == nullptr) {
    const std::string why = ReasonOf(Guarded::FirstError());
    throw Failure(WASINN_TOO_LARGE, "ggml: expected room for a key-value cache of " +
                                        std::to_string(params.n_ctx) + " tokens, given none" +
                                        (why.empty() ? "" : " (" + why + ")"));
  }
  llama_attach_threadpool(context.get(), cores.pool(), cores.pool());
  return context;
}

int32_t Decode(wasinn_backend_graph& graph, llama_context& context, const llama_batch& batch,
               const std::vector<Request*>& requests) {
  const auto all_cancelled = [](void* given) {
    return std::ranges::all_of(*static_cast<const std::vector<Request*>*>(given),
                               [](const Request* request) { return request->cancelled(); });
  };
  llama_set_abort_callback(&context, all_cancelled, const_cast<std::vector<Request*>*>(&requests));
  const Cores::Turn turn(graph.instance.cores);
  wasinn_batch_invariant(graph.settings.deterministic);
  // If the model has an encoder, only the encoder is used.
  const int32_t status = llama_model_has_encoder(llama_get_model(&context))
                             ? llama_encode(&context, batch)
                             : llama_decode(&context, batch);
  wasinn_batch_invariant(false);
  llama_set_abort_callback(&context, nullptr, nullptr);
  return status;
}

void Batch::Add(llama_token token, llama_pos position, llama_seq_id id, bool wanted) {
  tokens_.push_back(token);
  positions_.push_back(position);
  ids_.push_back(id);
  wanted_.push_back(wanted ? 1 : 0);
}

void Batch::Clear() {
  tokens_.clear();
  positions_.clear();
  ids_.clear();
  wanted_.clear();
}

llama_batch Batch::View() {
  counts_.assign(tokens_.size(), 1);
  id_lists_.clear();
  for (llama_seq_id& id : ids_) id_lists_.push_back(&id);
  return {size(),         tokens_.data(),   nullptr,       positions_.data(),
          counts_.data(), id_lists_.data(), wanted_.data()};
}

}  // namespace wasinn::ggml
