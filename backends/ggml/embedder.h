// The engine that makes embeddings.
#pragma once

#include <string>

#include "ggml/engine.h"

namespace wasinn::ggml {

// One prompt at a time, with a llama_context that is as large as the longest so far.
class Embedder final : public Engine {
 public:
  // `pooling` is a choice of the option of that name.
  Embedder(wasinn_backend_graph& graph, const std::string& pooling);

 protected:
  bool Busy() const override { return !waiting_.empty(); }
  void Work() override;
  void Fail(wasinn_code code, const std::string& message) override;

 private:
  void Open(size_t tokens);
  std::vector<float> Compute(Request& request);

  const enum llama_pooling_type pooling_;  // a function of llama.cpp has the same name
};

}  // namespace wasinn::ggml
