// Passes over a model: what goes into one, and how one is made in turns with those of others.
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

// A context of `model` by these settings, with the shared threads; throws Failure.
ContextHandle MakeContext(wasinn_backend_graph& graph, llama_model& model,
                          llama_context_params params);

// llama_decode, or llama_encode of a model with an encoder, in a turn at the cores. Stops in the
// midst of a pass once all of `requests` are cancelled.
int32_t Decode(wasinn_backend_graph& graph, llama_context& context, const llama_batch& batch,
               const std::vector<Request*>& requests);

// Tokens of a pass, each of one sequence.
class Batch {
 public:
  // `wanted`: the scores of what comes after it are.
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
