// Batches of tokens, and decoding them: the engines of an open backend take turns at the cores.
#pragma once

#include <llama.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "ggml/request.h"

struct wasinn_backend_graph;

namespace wasinn::ggml {

struct FreeContext {
  void operator()(llama_context* context) const { llama_free(context); }
};
using ContextHandle = std::unique_ptr<llama_context, FreeContext>;

// Creates a context of `model` with these settings and the shared threads. Throws Failure.
ContextHandle MakeContext(wasinn_backend_graph& graph, llama_model& model,
                          llama_context_params params);

// Calls llama_decode, or llama_encode for a model with an encoder, in a turn at the cores. Stops in
// the middle of the batch once all `requests` are cancelled.
int32_t Decode(wasinn_backend_graph& graph, llama_context& context, const llama_batch& batch,
               const std::vector<Request*>& requests);

// A batch of tokens, each of which belongs to one sequence.
class Batch {
 public:
  // `wanted`: whether to compute the logits of the token that follows.
  void Add(llama_token token, llama_pos position, llama_seq_id id, bool wanted);
  void Clear();
  int32_t size() const { return static_cast<int32_t>(tokens_.size()); }
  // Valid until the next Add.
  llama_batch View();

 private:
  std::vector<llama_token> tokens_;
  std::vector<llama_pos> positions_;
  std::vector<llama_seq_id> ids_;
  std::vector<int32_t> counts_;
  std::vector<llama_seq_id*> id_lists_;
  std::vector<int8_t> wanted_;
};

}  // namespace wasinn::ggml
