// The engine that computes embeddings.
#pragma once

#include <string>

#include "ggml/engine.h"

namespace wasinn::ggml {

// The texts of all requests are computed together, as sequences of one batch; a text that is longer
// than the usual batch gets a batch of its own. The llama_context is as large as the longest text
// so far.
class Embedder final : public Engine {
 public:
  // LLAMA_POOLING_TYPE_RANK for reranking scores; _UNSPECIFIED for the model's own pooling, or the
  // mean if it has none.
  Embedder(wasinn_backend_graph& graph, std::vector<Adapter> adapters,
           enum llama_pooling_type pooling);

 protected:
  bool Busy() const override { return !waiting_.empty(); }
  void Work() override;
  void Fail(wasinn_code code, const std::string& message) override;

 private:
  // A text of a request, by index.
  struct Item {
    Request* request;
    size_t text;
  };

  std::vector<Item> Plan() const;
  void Open(size_t tokens);
  void Compute(const std::vector<Item>& items);
  bool Take(const Item& item, llama_seq_id sequence);
  void FailOne(const Request& request);
  void FinishComplete();

  const enum llama_pooling_type pooling_;  // a function of llama.cpp has the same name
};

// The pooling type for a value of the option `pooling`.
enum llama_pooling_type PoolingOf(const std::string& name);

}  // namespace wasinn::ggml
