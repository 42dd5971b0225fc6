#include "ggml/gguf_check.h"

#include <cstring>
#include <fstream>
#include <iterator>

#include "ggml/test_support.h"

namespace wasinn::ggml {
namespace {

std::string Alphabet() {
  std::ifstream file(WASINN_ALPHABET_MODEL, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<std::string> Check(const std::string& bytes) {
  return CheckGguf({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

// The file with `value` after the first `text`.
template <typename T>
std::string With(std::string bytes, const std::string& text, T value, size_t skip = 0) {
  const size_t at = bytes.find(text);
  EXPECT_NE(at, std::string::npos) << text;
  std::memcpy(bytes.data() + at + text.size() + skip, &value, sizeof value);
  return bytes;
}

TEST(GgufCheckTest, AGoodModelIsTaken) { EXPECT_EQ(Check(Alphabet()), std::nullopt); }

TEST(GgufCheckTest, EveryCutIsSeen) {
  const std::string bytes = Alphabet();
  for (size_t size = 0; size < bytes.size(); size += size < 20000 ? 37 : 4001) {
    EXPECT_NE(Check(bytes.substr(0, size)), std::nullopt) << size;
  }
}

TEST(GgufCheckTest, ImpossibleNumbersAreSeen) {
  const std::string good = Alphabet();
  std::string bytes = good;
  const auto header = [&](size_t at, auto value) {
    std::string changed = good;
    std::memcpy(changed.data() + at, &value, sizeof value);
    return Check(changed).value_or("");
  };
  EXPECT_EQ(header(4, uint32_t{99}), "expected GGUF version 2 to 3, given 99");
  EXPECT_NE(header(4, uint32_t{1}), "");
  EXPECT_NE(header(8, UINT64_MAX), "");   // tensors
  EXPECT_NE(header(16, UINT64_MAX), "");  // keys
  EXPECT_NE(header(24, UINT64_MAX), "");  // length of the first key
  // The type of the value and the value follow each key.
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, uint32_t>>{{"general.alignment", 3},
                                                     {"general.alignment", 0},
                                                     {"llama.block_count", 0},
                                                     {"llama.block_count", 100000},
                                                     {"llama.embedding_length", 0},
                                                     {"llama.context_length", 0},
                                                     {"llama.attention.head_count", 1000},
                                                     {"tokenizer.ggml.bos_token_id", 296},
                                                     {"tokenizer.ggml.eos_token_id", 100000}}) {
    EXPECT_NE(Check(With(good, key, value, 4)), std::nullopt) << key << " " << value;
  }
  // Type, item type, then the count.
  EXPECT_NE(Check(With(good, "tokenizer.ggml.tokens", UINT64_MAX, 8)), std::nullopt);
  EXPECT_NE(Check(With(good, "tokenizer.ggml.scores", uint64_t{1} << 62, 8)), std::nullopt);
  EXPECT_NE(Check(With(good, "tokenizer.ggml.token_type", uint64_t{5}, 8)), std::nullopt);
  // Rank, dims, type and place of a tensor.
  EXPECT_NE(Check(With(good, "token_embd.weight", uint32_t{5})), std::nullopt);
  EXPECT_NE(Check(With(good, "token_embd.weight", uint64_t{0}, 4)), std::nullopt);
  EXPECT_NE(Check(With(good, "token_embd.weight", uint64_t{1} << 40, 4)), std::nullopt);
  EXPECT_NE(Check(With(good, "token_embd.weight", uint32_t{999}, 20)), std::nullopt);
  EXPECT_NE(Check(With(good, "token_embd.weight", uint32_t{4}, 20)), std::nullopt);
  EXPECT_NE(Check(With(good, "token_embd.weight", UINT64_MAX - 31, 24)), std::nullopt);
  EXPECT_NE(Check(With(good, "token_embd.weight", uint64_t{1}, 24)), std::nullopt);
}

TEST(GgmlLoadTest, BytesAreLoadedAsAFileIs) {
  const std::string bytes = Alphabet();
  const Model open;
  const auto graph = wasinn::testing::Graph::FromBytes(open.instance, bytes);
  ASSERT_NE(graph.get(), nullptr) << graph.error.message;
  wasinn::testing::Context context(graph, {{"temp", "0"}});
  RunRecord run;
  const std::vector<wasinn::testing::Tensor> inputs = {Text("abc")};
  context.Start(run, inputs);
  ASSERT_TRUE(run.Wait());
  EXPECT_EQ(run.text(), LettersAfter('c'));
}

TEST(GgmlLoadTest, ASecondBuilderIsOptions) {
  const std::string bytes = Alphabet();
  const Model open;
  const auto load = [&](const std::string& options, size_t count = 2) {
    const wasinn_bytes parts[] = {
        {bytes.data(), bytes.size()}, {options.data(), options.size()}, {"", 0}};
    return wasinn::testing::Graph(open.instance, nullptr, parts, count, {}, WASINN_TARGET_AUTO);
  };
  const auto graph = load(R"({"n-predict": 2, "temp": 0})");
  ASSERT_NE(graph.get(), nullptr) << graph.error.message;
  wasinn::testing::Context context(graph);
  RunRecord run;
  const std::vector<wasinn::testing::Tensor> inputs = {Text("abc")};
  context.Start(run, inputs);
  ASSERT_TRUE(run.Wait());
  EXPECT_EQ(run.text(), "de");
  EXPECT_EQ(load("{").error.code, WASINN_INVALID_ENCODING);
  EXPECT_EQ(load(R"({"temp": []})").error.code, WASINN_INVALID_ARGUMENT);
  EXPECT_EQ(load("{}", 3).error.code, WASINN_INVALID_ARGUMENT);
  EXPECT_EQ(load("{}", 0).error.code, WASINN_INVALID_ARGUMENT);
}

TEST(GgmlLoadTest, WhatIsNoModelIsAnError) {
  const Model open;
  const auto code = [&](const std::string& bytes) {
    return wasinn::testing::Graph::FromBytes(open.instance, bytes).error.code;
  };
  EXPECT_EQ(code(""), WASINN_INVALID_ENCODING);
  EXPECT_EQ(code("GGUF"), WASINN_INVALID_ENCODING);
  EXPECT_EQ(code("something else"), WASINN_INVALID_ENCODING);
  const std::string good = Alphabet();
  EXPECT_EQ(code(good.substr(0, good.size() - 4096)), WASINN_INVALID_ENCODING);
  // Good as a file, but no model of this architecture.
  std::string renamed = good;
  renamed.replace(renamed.find("output_norm.weight"), 6, "oxtput");
  const auto graph = wasinn::testing::Graph::FromBytes(open.instance, renamed);
  EXPECT_EQ(graph.error.code, WASINN_INVALID_ENCODING);
  EXPECT_NE(std::string(graph.error.message).find("output_norm"), std::string::npos)
      << graph.error.message;
  EXPECT_EQ(wasinn::testing::Graph::FromPath(open.instance, "/nowhere/x.gguf").error.code,
            WASINN_NOT_FOUND);
  EXPECT_EQ(wasinn::testing::Graph::FromPath(open.instance, "/").error.code,
            WASINN_INVALID_ENCODING);
  EXPECT_EQ(
      wasinn::testing::Graph::FromBytes(open.instance, good, {}, WASINN_TARGET_GPU).error.code,
      WASINN_UNSUPPORTED_OPERATION);
}

TEST(GgufCheckTest, AProjectorIsOneOfImages) {
  std::ifstream file(WASINN_GGML_MODELS "alphabet/mmproj.gguf", std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(file), {}};
  const auto check = [](const std::string& bytes) {
    return CheckProjector({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  };
  EXPECT_EQ(check(good), std::nullopt);
  EXPECT_NE(Check(good), std::nullopt);
  EXPECT_NE(check(Alphabet()), std::nullopt);
  for (size_t size = 0; size < good.size(); size += 37) {
    EXPECT_NE(check(good.substr(0, size)), std::nullopt) << size;
  }
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, uint32_t>>{{"clip.vision.patch_size", 0},
                                                     {"clip.vision.patch_size", 9},
                                                     {"clip.vision.image_size", 0},
                                                     {"clip.vision.image_size", 1 << 20},
                                                     {"clip.vision.embedding_length", 0},
                                                     {"clip.vision.attention.head_count", 0},
                                                     {"clip.vision.attention.head_count", 17},
                                                     {"clip.vision.block_count", 1 << 30},
                                                     {"clip.vision.projector.scale_factor", 0}}) {
    EXPECT_NE(check(With(good, key, value, 4)), std::nullopt) << key << " " << value;
  }
}

TEST(GgmlLoadTest, ModelsThatComputeNoNumbersAreAnErrorOfTheRun) {
  std::string bytes = Alphabet();
  // The weights are the last bytes of the file; all of them not a number.
  for (size_t at = bytes.size() - 65536 * 4; at < bytes.size(); ++at) bytes[at] = '\xff';
  const Model open;
  const auto graph = wasinn::testing::Graph::FromBytes(open.instance, bytes);
  if (graph.get() == nullptr) {
    EXPECT_EQ(graph.error.code, WASINN_INVALID_ENCODING);
    return;
  }
  wasinn::testing::Context context(graph);
  RunRecord run;
  const std::vector<wasinn::testing::Tensor> inputs = {Text("abc")};
  context.Start(run, inputs);
  ASSERT_TRUE(run.Wait());
  EXPECT_EQ(run.code(), WASINN_RUNTIME_ERROR);
}

TEST(GgmlLoadTest, ProbeKnowsTheMagic) {
  const Model open;
  EXPECT_EQ(open.instance.Probe("GGUF\x03", 100), 100);
  EXPECT_EQ(open.instance.Probe("onnx", 100), 0);
  EXPECT_EQ(open.instance.Probe("broken", 6, "model.gguf"), 30);
}

}  // namespace
}  // namespace wasinn::ggml
