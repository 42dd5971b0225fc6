// The shared code of this backend's tests: an open backend with a model, and a run in one call.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "ggml/ggml_backend.h"
#include "support/backend_harness.h"

namespace wasinn::ggml {

using wasinn::testing::OptionList;
using wasinn::testing::RunRecord;

// Of make_gguf.py.
#define WASINN_ALPHABET_MODEL WASINN_GGML_MODELS "alphabet/model.gguf"
inline std::string TestModel(const std::string& name) {
  return std::string(WASINN_GGML_MODELS) + name + "/model.gguf";
}

// The letters after `from`.
inline std::string LettersAfter(char from) {
  std::string text;
  for (char letter = static_cast<char>(from + 1); letter <= 'z'; ++letter) text += letter;
  return text;
}

inline wasinn::testing::Tensor Text(const std::string& text) {
  // The dims that guests of language models send, whatever the length.
  return {WASINN_DTYPE_U8, {1}, text};
}

// Open with one model: the alphabet, which goes on with the next letter until z.
class Model {
 public:
  explicit Model(const OptionList& options = {}, const char* path = WASINN_ALPHABET_MODEL)
      : host(1),
        instance(GgmlBackend(), host),
        graph(instance, path, nullptr, 0, options, WASINN_TARGET_CPU) {
    EXPECT_NE(graph.get(), nullptr) << graph.error.message;
  }

  wasinn::testing::TestHost host;
  wasinn::testing::Instance instance;
  wasinn::testing::Graph graph;
};

// A context with the inputs of its next run.
class Session {
 public:
  explicit Session(const Model& model, const OptionList& options = {})
      : context_(model.graph, options) {}

  const wasinn::testing::Context& context() const { return context_; }
  const wasinn_error& error() const { return context_.error; }

  // Sets an input as the host does; the code of the backend, whose text is in `refusal`.
  wasinn_code Set(uint32_t port, const std::string& value) {
    const wasinn::testing::Tensor tensor = Text(value);
    const wasinn_tensor_view view = tensor.view();
    wasinn_error refused{};
    const wasinn_code code = GgmlBackend()->input_set(context_.get(), port, &view, &refused);
    refusal = refused.message;
    if (code == WASINN_OK) inputs_[port] = tensor;
    return code;
  }
  // The usage that is known without a run.
  nlohmann::json EarlyUsage() {
    wasinn_backend_output output{};
    wasinn_error failed{};
    if (GgmlBackend()->output_get(context_.get(), 1, &output, &failed) != WASINN_OK) return {};
    const std::string json(static_cast<const char*>(output.tensor.data), output.tensor.size);
    output.release(output.owner);
    return nlohmann::json::parse(json);
  }

  void Start(RunRecord& run) {
    std::vector<wasinn_backend_input> views;
    for (const auto& [port, tensor] : inputs_) views.push_back({port, tensor.view()});
    GgmlBackend()->run(context_.get(), views.data(), views.size(), run.sink());
  }
  // Runs to the end. `text` is then the completion, as the host assembles it.
  wasinn_code Run() {
    RunRecord run;
    Start(run);
    EXPECT_TRUE(run.Wait(std::chrono::minutes(5)));
    EXPECT_EQ(run.done_count(), 1);
    return Take(run);
  }
  wasinn_code Ask(const std::string& prompt, const std::string& options = "") {
    EXPECT_EQ(Set(0, prompt), WASINN_OK) << refusal;
    if (!options.empty()) {
      EXPECT_EQ(Set(1, options), WASINN_OK) << refusal;
    }
    return Run();
  }
  wasinn_code Take(RunRecord& run) {
    text = run.chunks().empty() ? run.output(0).bytes : run.text();
    chunks = run.chunks().size();
    message = run.message();
    embedding = run.output(2);
    const std::string json = run.output(1).bytes;
    usage = json.empty() ? nlohmann::json() : nlohmann::json::parse(json);
    return run.code();
  }

  std::string text;
  size_t chunks = 0;
  std::string message;
  std::string refusal;
  nlohmann::json usage;
  wasinn::testing::Tensor embedding;  // the output of that name

 private:
  wasinn::testing::Context context_;
  std::map<uint32_t, wasinn::testing::Tensor> inputs_;
};

}  // namespace wasinn::ggml
