// Models in several files.
#include <ggml.h>
#include <gguf.h>

#include <filesystem>
#include <fstream>

#include "ggml/gguf_check.h"
#include "ggml/test_support.h"
#include "support/temp_dir.h"

namespace wasinn::ggml {
namespace {
namespace fs = std::filesystem;

using wasinn::testing::TempDir;

struct FreeGguf {
  void operator()(gguf_context* context) const { gguf_free(context); }
  void operator()(ggml_context* context) const { ggml_free(context); }
};
using Gguf = std::unique_ptr<gguf_context, FreeGguf>;

// Writes the alphabet into `count` files as llama.cpp's own tool does: the first has all that the
// model's metadata; the tensors are distributed.
std::vector<std::string> SplitAlphabet(const TempDir& dir, int count) {
  ggml_context* raw = nullptr;
  const Gguf whole(gguf_init_from_file(WASINN_ALPHABET_MODEL, {.no_alloc = false, .ctx = &raw}));
  const std::unique_ptr<ggml_context, FreeGguf> tensors(raw);
  std::vector<std::string> paths;
  for (int part = 0; part < count; ++part) {
    const Gguf file(gguf_init_empty());
    if (part == 0) gguf_set_kv(file.get(), whole.get());
    gguf_set_val_u16(file.get(), "split.no", static_cast<uint16_t>(part));
    gguf_set_val_u16(file.get(), "split.count", static_cast<uint16_t>(count));
    gguf_set_val_i32(file.get(), "split.tensors.count",
                     static_cast<int32_t>(gguf_get_n_tensors(whole.get())));
    for (int64_t i = part; i < gguf_get_n_tensors(whole.get()); i += count) {
      gguf_add_tensor(file.get(),
                      ggml_get_tensor(tensors.get(), gguf_get_tensor_name(whole.get(), i)));
    }
    char name[64];
    std::snprintf(name, sizeof name, "m-%05d-of-%05d.gguf", part + 1, count);
    paths.push_back(dir.path(name));
    EXPECT_TRUE(gguf_write_to_file(file.get(), paths.back().c_str(), false));
  }
  return paths;
}

std::string Refusal(const std::string& path, const OptionList& options = {},
                    const char* model = nullptr) {
  wasinn::testing::TestHost host(1);
  wasinn::testing::Instance instance(GgmlBackend(), host);
  const wasinn::testing::Graph graph(instance, model == nullptr ? path.c_str() : model, nullptr, 0,
                                     options, WASINN_TARGET_CPU);
  return graph.get() == nullptr ? graph.error.message : "";
}

std::string Answer(const Model& model) {
  Session session(model);
  EXPECT_EQ(session.Ask("abc", R"({"temp": 0})"), WASINN_OK) << session.message;
  return session.text;
}

TEST(GgmlSplitTest, AModelInSeveralFilesIsOneModel) {
  const TempDir dir;
  const auto parts = SplitAlphabet(dir, 3);
  EXPECT_EQ(Answer(Model({}, parts[0].c_str())), LettersAfter('c'));
  // A name for the first part is a name for the model, as in a hub's cache.
  fs::create_symlink(parts[0], dir.path("model.gguf"));
  EXPECT_EQ(Answer(Model({}, dir.path("model.gguf").c_str())), LettersAfter('c'));
  // As a draft, too.
  const Model drafted(OptionList{{"draft", parts[0]}});
  EXPECT_EQ(Answer(drafted), LettersAfter('c'));
}

TEST(GgmlSplitTest, EachPartIsChecked) {
  const TempDir dir;
  const auto parts = SplitAlphabet(dir, 3);
  EXPECT_NE(Refusal(parts[1]).find("expected the first part of a model, given part 2 of 3"),
            std::string::npos)
      << Refusal(parts[1]);
  fs::copy(parts[0], dir.path("other.gguf"));
  EXPECT_NE(Refusal(dir.path("other.gguf")).find("-00001-of-00003.gguf"), std::string::npos);
  fs::rename(parts[2], dir.path("aside"));
  EXPECT_NE(Refusal(parts[0]).find("m-00003-of-00003.gguf: No such file"), std::string::npos)
      << Refusal(parts[0]);
  fs::copy(parts[1], parts[2]);
  EXPECT_NE(Refusal(parts[0]).find("expected part 3 of 3, given part 2 of 3"), std::string::npos)
      << Refusal(parts[0]);
  fs::rename(dir.path("aside"), parts[2]);
  fs::resize_file(parts[2], fs::file_size(parts[2]) - 100);
  EXPECT_NE(Refusal(parts[0]).find("inside the file of"), std::string::npos) << Refusal(parts[0]);
  EXPECT_NE(Refusal("", {{"draft", parts[0]}}, WASINN_ALPHABET_MODEL).find("inside the file of"),
            std::string::npos);
}

TEST(GgmlSplitTest, APartInMemoryNamesNoFiles) {
  const TempDir dir;
  const auto parts = SplitAlphabet(dir, 2);
  std::ifstream file(parts[0], std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const auto wrong = CheckGguf({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  EXPECT_EQ(wrong, "expected a model in one file, given part 1 of 2");
}

}  // namespace
}  // namespace wasinn::ggml
