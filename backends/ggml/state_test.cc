// Sessions that are saved and go on later.
#include "ggml/state.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "ggml/runtime.h"
#include "ggml/test_support.h"
#include "support/temp_dir.h"

namespace wasinn::ggml {
namespace {

using wasinn::testing::TempDir;

const std::string kPrompt = "abcdefghijklmnopqrstuvwxyzabcdefghij";

OptionList In(const TempDir& folder) { return {{"state-dir", folder.path()}}; }

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void SaveAs(const std::string& name, const TempDir& folder, const char* path) {
  const Model model(In(folder), path);
  Session session(model, {{"temp", "0"}});
  ASSERT_EQ(session.Ask(kPrompt, R"({"state-save": ")" + name + "\"}"), WASINN_OK)
      << session.message;
  EXPECT_EQ(session.usage["reused_tokens"], 0);
}

TEST(GgmlStateTest, ASessionGoesOnWhereItWasSaved) {
  const TempDir folder;
  SaveAs("one", folder, WASINN_ALPHABET_MODEL);
  // Nothing else is left in the folder.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  const Model model(In(folder));
  Session session(model, {{"temp", "0"}, {"state-load", "one"}});
  // The completion went from k to z.
  EXPECT_EQ(session.Ask(kPrompt + "klmnopqrstuvwxyzabc"), WASINN_OK) << session.message;
  EXPECT_EQ(session.text, LettersAfter('c'));
  EXPECT_EQ(session.usage["reused_tokens"], kPrompt.size() + 1 + 16);
  // The context's own cache is used before that.
  EXPECT_EQ(session.Ask(kPrompt + "klmnopqrstuvwxyzabcde"), WASINN_OK);
  EXPECT_GT(session.usage["reused_tokens"], kPrompt.size() + 1 + 16);
  // A prompt that begins in another way goes its own.
  Session other(model, {{"temp", "0"}, {"state-load", "one"}});
  EXPECT_EQ(other.Ask("xy"), WASINN_OK);
  EXPECT_EQ(other.text, "z");
}

TEST(GgmlStateTest, AlsoInANewProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  // The same folder in both processes.
  const std::string path = std::filesystem::temp_directory_path() / "wasinn-test-state";
  std::filesystem::create_directory(path);
  const OptionList options = {{"state-dir", path}};
  EXPECT_EXIT(
      {
        const Model model(options, WASINN_SMOLLM2_MODEL);
        Session session(model, {{"temp", "0"}, {"n-predict", "4"}, {"state-save", "paris"}});
        _exit(session.Ask("The capital of France is the city of", "") == WASINN_OK ? 7 : 1);
      },
      ::testing::ExitedWithCode(7), "");
  const Model model(options, WASINN_SMOLLM2_MODEL);
  Session session(model, {{"temp", "0"}, {"n-predict", "4"}});
  EXPECT_EQ(session.Ask("The capital of France is the city of"), WASINN_OK);
  const std::string answer = session.text;
  Session restored(model, {{"temp", "0"}, {"n-predict", "4"}, {"state-load", "paris"}});
  EXPECT_EQ(restored.Ask("The capital of France is the city of"), WASINN_OK) << restored.message;
  EXPECT_EQ(restored.text, answer);
  EXPECT_EQ(restored.usage["reused_tokens"].get<int>(),
            restored.usage["input_tokens"].get<int>() - 1);
  std::filesystem::remove_all(path);
}

TEST(GgmlStateTest, NamesAreNoPaths) {
  const TempDir folder;
  const Model model(In(folder));
  for (const char* name : {"../one", "/etc/passwd", "a/b", ".hidden", "..", "a b", "\xc3\xa4"}) {
    for (const char* option : {"state-load", "state-save"}) {
      const Session session(model, {{option, name}});
      EXPECT_EQ(session.context().get(), nullptr) << name;
      EXPECT_EQ(session.error().code, WASINN_INVALID_ARGUMENT);
      EXPECT_NE(std::string(session.error().message).find("expected a name of at most 100"),
                std::string::npos);
    }
  }
  const Session longer(model, {{"state-save", std::string(101, 'a')}});
  EXPECT_EQ(longer.context().get(), nullptr);
  Session session(model);
  EXPECT_EQ(session.Set(1, R"({"state-load": "../one"})"), WASINN_INVALID_ARGUMENT);
  EXPECT_EQ(session.Set(1, R"({"state-dir": "/"})"), WASINN_OK);  // the host's alone: no effect
  EXPECT_EQ(session.Ask("y", R"({"state-load": "none"})"), WASINN_NOT_FOUND);
  EXPECT_EQ(session.message,
            "ggml: option 'state-load': expected a saved state, given the name 'none', under which "
            "there is none");
}

TEST(GgmlStateTest, WithoutAFolderThereAreNoStates) {
  const Model model;
  const Session session(model, {{"state-save", "one"}});
  EXPECT_EQ(session.context().get(), nullptr);
  EXPECT_EQ(session.error().code, WASINN_SECURITY);
  EXPECT_NE(std::string(session.error().message).find("the host's option state-dir"),
            std::string::npos);
  wasinn::testing::TestHost host(1);
  const wasinn::testing::Instance instance(GgmlBackend(), host);
  const auto graph = wasinn::testing::Graph::FromPath(instance, WASINN_ALPHABET_MODEL,
                                                      {{"state-dir", "/no/such/folder"}});
  EXPECT_EQ(graph.get(), nullptr);
}

TEST(GgmlStateTest, AStateIsOfOneModelAndItsAdapters) {
  const TempDir folder;
  SaveAs("one", folder, WASINN_ALPHABET_MODEL);
  const auto refused = [&](const OptionList& more, const std::string& path,
                           const OptionList& of_context) {
    OptionList options = In(folder);
    options.insert(options.end(), more.begin(), more.end());
    const Model model(options, path.c_str());
    Session session(model, of_context);
    EXPECT_EQ(session.Ask(kPrompt, R"({"temp": 0, "state-load": "one"})"), WASINN_INVALID_ARGUMENT);
    EXPECT_NE(session.message.find("expected a state of this model"), std::string::npos)
        << session.message;
  };
  refused({}, TestModel("tools"), {});
  refused({{"lora:backwards", TestModel("backwards")}}, WASINN_ALPHABET_MODEL,
          {{"lora", "backwards"}});
}

TEST(GgmlStateTest, TheFolderIsBounded) {
  const TempDir folder;
  OptionList options = In(folder);
  options.emplace_back("state-max-bytes", "25000");
  const Model model(options);
  Session session(model, {{"temp", "0"}});
  // Each takes some 15 KiB.
  EXPECT_EQ(session.Ask(kPrompt, R"({"state-save": "one"})"), WASINN_OK) << session.message;
  EXPECT_EQ(session.Ask(kPrompt, R"({"state-save": "two"})"), WASINN_TOO_LARGE);
  EXPECT_NE(session.message.find("the host's option state-max-bytes"), std::string::npos)
      << session.message;
  EXPECT_FALSE(std::filesystem::exists(folder.path("two")));
  // One that takes the place of another has its room.
  EXPECT_EQ(session.Ask(kPrompt, R"({"state-save": "one"})"), WASINN_OK) << session.message;
}

// Whatever is in the folder, the run fails or succeeds, and the next one is right.
TEST(GgmlStateTest, HostileFilesAreErrors) {
  const TempDir folder;
  SaveAs("one", folder, WASINN_ALPHABET_MODEL);
  const std::string good = Contents(folder.path("one"));
  OptionList options = In(folder);
  options.emplace_back("max-sequences", "1");  // nothing to go on from but the state
  const Model model(options);
  Session session(model, {{"temp", "0"}});
  const auto load = [&](const std::string& bytes) {
    folder.Write("bad", bytes);
    Session fresh(model, {{"temp", "0"}});
    const wasinn_code code = fresh.Ask(kPrompt, R"({"state-load": "bad"})");
    EXPECT_EQ(session.Ask("xy", ""), WASINN_OK) << session.message;
    EXPECT_EQ(session.text, "z");
    return code;
  };
  EXPECT_EQ(load(""), WASINN_INVALID_ENCODING);
  EXPECT_EQ(load("no state"), WASINN_INVALID_ENCODING);
  for (size_t size = 8; size < good.size(); size += 997) {
    EXPECT_EQ(load(good.substr(0, size)), WASINN_INVALID_ENCODING) << size;
  }
  EXPECT_EQ(load(good + "x"), WASINN_INVALID_ENCODING);
  for (size_t at = 0; at < good.size(); at += at < 400 ? 3 : 1499) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x41);
    EXPECT_NE(load(bytes), WASINN_OK) << at;
  }
  folder.Write("target", good);
  ASSERT_EQ(symlink(folder.path("target").c_str(), folder.path("link").c_str()), 0);
  ASSERT_EQ(mkfifo(folder.path("pipe").c_str(), 0600), 0);
  std::filesystem::create_directory(folder.path("folder"));
  for (const char* name : {"link", "pipe", "folder"}) {
    EXPECT_EQ(session.Ask(kPrompt, std::string(R"({"state-load": ")") + name + "\"}"),
              WASINN_INVALID_ENCODING)
        << name;
  }
}

// Files with a correct checksum that someone who knows the format has made.
TEST(GgmlStateTest, ForgedStatesDoNotReachLlama) {
  const TempDir folder;
  SaveAs("one", folder, WASINN_ALPHABET_MODEL);
  const std::string good = Contents(folder.path("one"));
  uint64_t model_key = 0;
  uint64_t count = 0;
  std::memcpy(&model_key, good.data() + 8, 8);
  std::memcpy(&count, good.data() + 16, 8);
  std::vector<llama_token> tokens(count);
  std::memcpy(tokens.data(), good.data() + 40, count * 4);
  const std::vector<uint8_t> data(good.begin() + 40 + static_cast<std::ptrdiff_t>(count * 4),
                                  good.end());
  ASSERT_TRUE(GoodState(data, count));
  const StateFolder files(folder.path(), 1 << 30);
  OptionList options = In(folder);
  options.emplace_back("max-sequences", "1");  // nothing to go on from but the state
  const Model model(options);
  const auto load = [&](const std::vector<llama_token>& t, const std::vector<uint8_t>& d) {
    files.Save("forged", model_key, t, d);
    Session fresh(model, {{"temp", "0"}});
    const wasinn_code code = fresh.Ask(kPrompt, R"({"state-load": "forged"})");
    Session plain(model, {{"temp", "0"}});
    EXPECT_EQ(plain.Ask("xy"), WASINN_OK) << plain.message;
    EXPECT_EQ(plain.text, "z");
    return code;
  };
  EXPECT_EQ(load(tokens, data), WASINN_OK);
  // Every word of the part with the cells, and some after it.
  for (size_t at = 0; at < data.size(); at += at < 16 + count * 12 + 64 ? 4 : 2000) {
    for (const uint32_t word : {0xffffffffU, 0x80000000U, 0x7fffffffU, 5U}) {
      std::vector<uint8_t> bad = data;
      std::memcpy(bad.data() + at, &word, std::min<size_t>(4, bad.size() - at));
      load(tokens, bad);
    }
  }
  std::vector<uint8_t> no_number = data;
  no_number[data.size() - 1] = 0x7e;  // the end is an f16
  EXPECT_EQ(load(tokens, no_number), WASINN_INVALID_ENCODING);
  for (size_t size = 0; size < data.size(); size += 511) {
    EXPECT_NE(load(tokens, {data.begin(), data.begin() + static_cast<std::ptrdiff_t>(size)}),
              WASINN_OK);
  }
  std::vector<llama_token> strange = tokens;
  strange[3] = 1 << 20;
  EXPECT_EQ(load(strange, data), WASINN_INVALID_ENCODING);
  strange.assign(tokens.begin(), tokens.end() - 1);
  EXPECT_EQ(load(strange, data), WASINN_INVALID_ENCODING);
}

TEST(GgmlStateTest, OtherKindsOfCachesAreRefused) {
  const TempDir folder;
  const Model model(In(folder), TestModel("sections").c_str());
  const Session session(model, {{"state-save", "one"}});
  EXPECT_EQ(session.context().get(), nullptr);
  EXPECT_EQ(session.error().code, WASINN_UNSUPPORTED_OPERATION);
}

}  // namespace
}  // namespace wasinn::ggml
