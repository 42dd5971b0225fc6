// Answers a question from a text, as retrieval-augmented generation does: the model turns each
// paragraph and the question into a list of numbers (an embedding), the paragraph whose numbers are
// most similar is picked, and the same model answers with that paragraph before it.
//
// usage: llm_rag MODEL TEXT_FILE QUESTION
// Paragraphs are separated by empty lines.
#include <wasi_nn_component.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Numbers = std::vector<float>;

[[noreturn]] void Fail(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  std::exit(1);
}

std::string ReadFile(const char* path) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) Fail(std::string(path) + ": cannot be opened");
  std::string text;
  char part[4096];
  while (const size_t size = std::fread(part, 1, sizeof(part), file)) text.append(part, size);
  std::fclose(file);
  return text;
}

std::vector<std::string> Paragraphs(const std::string& text) {
  std::vector<std::string> paragraphs;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find("\n\n", at), text.size());
    if (end > at) paragraphs.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  return paragraphs;
}

std::string JsonText(std::string_view text) {
  std::string json = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') json += '\\';
    if (static_cast<unsigned char>(letter) < ' ') {
      char code[8];
      std::snprintf(code, sizeof(code), "\\u%04x", static_cast<unsigned>(letter));
      json += code;
    } else {
      json += letter;
    }
  }
  return json + '"';
}

// A graph and its outputs.
class LanguageModel {
 public:
  explicit LanguageModel(std::string_view name) : graph_(Load(name)) {}

  // The output named `wanted` of a run of a context of its own.
  std::string Run(std::string_view options, std::string_view input, std::string_view text,
                  std::string_view wanted) {
    nnc_result made;
    nnc_init(graph_.get(), &made);
    if (made.is_error) nn::Fail("init", made.handle);
    const nn::Handle<nnc_context_drop> context(made.handle);
    const nnc_named_tensor inputs[] = {TextInput("options", options), TextInput(input, text)};
    nnc_outputs result;
    nnc_compute(context.get(), inputs, 2, &result);
    if (result.is_error) nn::Fail("compute", result.value.error);
    std::optional<std::string> found;
    for (nnc_named_tensor& output : std::span(result.value.list.ptr, result.value.list.len)) {
      const nn::Tensor tensor(output.tensor);
      if (std::string_view(output.name, output.name_len) == wanted) {
        const std::vector<char> bytes = tensor.Read<char>().data;
        found = std::string(bytes.begin(), bytes.end());
      }
      std::free(const_cast<char*>(output.name));
    }
    std::free(result.value.list.ptr);
    if (!found) Fail("expected an output named " + std::string(wanted));
    return *found;
  }

  // The response is {"n_embedding": N, "embedding": [...]}; its length is 1.
  Numbers Embed(const std::string& text) {
    const std::string json = Run(R"({"embedding": true})", "prompt", text, "response");
    size_t at = json.find('[');
    Numbers numbers;
    while (at != std::string::npos && json[at] != ']') {
      char* end = nullptr;
      numbers.push_back(std::strtof(json.c_str() + at + 1, &end));
      at = static_cast<size_t>(end - json.c_str());
    }
    if (numbers.empty()) Fail("expected an embedding, given " + json);
    return numbers;
  }

 private:
  static uint32_t Load(std::string_view name) {
    nnc_result result;
    nnc_load_by_name(name.data(), static_cast<uint32_t>(name.size()), &result);
    if (result.is_error) nn::Fail(name, result.handle);
    return result.handle;
  }
  static nnc_named_tensor TextInput(std::string_view name, std::string_view text) {
    const uint32_t dims[] = {static_cast<uint32_t>(text.size())};
    nn::Tensor tensor(dims, NNC_U8, std::span(text));
    return {name.data(), static_cast<uint32_t>(name.size()), tensor.Release()};
  }

  nn::Handle<nnc_graph_drop> graph_;
};

// For vectors of length 1, this is the cosine of the angle between them.
float Likeness(const Numbers& a, const Numbers& b) {
  float sum = 0;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: llm_rag MODEL TEXT_FILE QUESTION\n");
    return 2;
  }
  const std::vector<std::string> paragraphs = Paragraphs(ReadFile(argv[2]));
  if (paragraphs.empty()) Fail(std::string(argv[2]) + ": expected a paragraph, given none");
  LanguageModel model(argv[1]);

  const std::string question = argv[3];
  const Numbers asked = model.Embed(question);
  size_t best = 0;
  float highest = -2;
  for (size_t i = 0; i < paragraphs.size(); ++i) {
    const float likeness = Likeness(asked, model.Embed(paragraphs[i]));
    std::fprintf(stderr, "%.3f  %.60s\n", static_cast<double>(likeness), paragraphs[i].c_str());
    if (likeness > highest) {
      highest = likeness;
      best = i;
    }
  }
  std::printf("From paragraph %zu of %zu.\n", best + 1, paragraphs.size());

  const std::string chat = R"([{"role": "system", "content": "You are a helpful assistant."},)"
                           R"( {"role": "user", "content": )" +
                           JsonText(paragraphs[best] + "\n\n" + question) + "}]";
  std::printf("%s\n",
              model.Run(R"({"temp": 0, "n-predict": 100})", "chat", chat, "response").c_str());
  return 0;
}
