// Language models with many sessions: a session that ends leaves the graph usable and nothing
// behind.
#include <gtest/gtest.h>
#include <inproc/inproc.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace wasinn {
namespace {

using inproc::Guest;

constexpr const char* kGraph = "wasi:nn/graph@0.2.0-rc-2024-10-28";
constexpr const char* kInference = "wasi:nn/inference@0.2.0-rc-2024-10-28";
constexpr const char* kTensor = "wasi:nn/tensor@0.2.0-rc-2024-10-28";
constexpr const char* kRuns = "wasinn:nn/runs@0.1.0";
// A completion without an end.
constexpr std::string_view kEndless = R"({"temp": 0, "ignore-eos": true, "context-shift": true})";
constexpr uint32_t kU8 = 4;
constexpr uint32_t kReadable = 1;

wasinn_str Str(std::string_view text) { return {text.data(), text.size()}; }

wasinn_val Text(std::string_view text) {
  wasinn_val val{};
  val.bytes = {text.data(), text.size()};
  return val;
}

wasinn_val Word(uint32_t word) {
  wasinn_val val{};
  val.word = word;
  return val;
}

// The result of a call that goes well.
wasinn_val Call(Guest& guest, const char* interface, const char* name,
                std::initializer_list<wasinn_val> args) {
  wasinn_val result{};
  const auto* row = inproc::FindComponentImport(interface, name);
  EXPECT_NE(row, nullptr) << name;
  EXPECT_EQ(guest.Call(*row, {args.begin(), args.size()}, &result), WASINN_CALL_DONE) << name;
  EXPECT_EQ(result.tag, 0u) << name << ": " << guest.last_error();
  return result;
}

uint32_t Context(Guest& guest, std::string_view options) {
  const uint32_t graph = Call(guest, kGraph, "load-by-name", {Text("abc")}).word;
  return Call(guest, kRuns, "init-execution-context", {Word(graph), Text(options)}).word;
}

void Start(Guest& guest, uint32_t context, std::string_view prompt) {
  const auto size = static_cast<uint32_t>(prompt.size());
  wasinn_val dims{};
  dims.bytes = {&size, sizeof(size)};
  wasinn_val input = Text("prompt");
  input.word = Call(guest, kTensor, "[constructor]tensor", {dims, Word(kU8), Text(prompt)}).word;
  wasinn_val inputs{};
  inputs.items = &input;
  inputs.item_count = 1;
  Call(guest, kRuns, "start", {Word(context), inputs});
}

// Waits as long as it takes.
uint32_t Wait(Guest& guest, uint32_t context) {
  return Call(guest, kRuns, "wait", {Word(context), Word(UINT32_MAX)}).word;
}

// The pieces of an answer up to its end.
std::string ReadAll(Guest& guest, uint32_t context) {
  std::string text;
  while (true) {
    const wasinn_val piece =
        Call(guest, kRuns, "read", {Word(context), Text("response"), Word(1000)});
    if (piece.word == 0) return text;
    text.append(static_cast<const char*>(piece.bytes.data), piece.bytes.size);
    if (piece.bytes.size == 0) Wait(guest, context);
  }
}

std::string Ask(Guest& guest, std::string_view prompt) {
  const uint32_t context = Context(guest, R"({"temp": 0})");
  Start(guest, context, prompt);
  return ReadAll(guest, context);
}

class LlmTest : public ::testing::Test {
 protected:
  // `sequences` answers at a time, the others wait.
  void Open(const char* sequences) {
    if (!std::filesystem::exists(WASINN_TEST_BACKENDS "/ggml.so")) {
      GTEST_SKIP() << "the backend ggml was not built";
    }
    wasinn_engine_options options = WASINN_ENGINE_OPTIONS_INIT;
    options.threads = 2;
    options.backend_path = WASINN_TEST_BACKENDS;
    wasinn_error error{};
    ASSERT_EQ(wasinn_engine_create(&options, &engine_, &error), WASINN_OK) << error.message;
    const wasinn_option option = {Str("max-sequences"), Str(sequences)};
    wasinn_model_config model = WASINN_MODEL_CONFIG_INIT;
    model.name = Str("abc");
    model.path = WASINN_ALPHABET_MODEL;
    model.options = &option;
    model.option_count = 1;
    ASSERT_EQ(wasinn_engine_add_model_config(engine_, &model, &error), WASINN_OK) << error.message;
  }
  ~LlmTest() override {
    if (engine_ != nullptr) wasinn_engine_free(engine_);
  }
  std::unique_ptr<Guest> NewGuest() { return Guest::Create(engine_, nullptr, 0, nullptr); }

  // A guest during a completion that has no end.
  std::unique_ptr<Guest> Endless(uint32_t* context) {
    auto guest = NewGuest();
    *context = Context(*guest, kEndless);
    Start(*guest, *context, "abc");
    EXPECT_EQ(Wait(*guest, *context), kReadable);
    return guest;
  }
  uint64_t BuffersInUse() {
    char* text = wasinn_engine_stats_json(engine_, nullptr);
    const uint64_t bytes = nlohmann::json::parse(text)["buffers"]["in_use"];
    wasinn_text_free(text);
    return bytes;
  }

  wasinn_engine* engine_ = nullptr;
};

// With room for one answer: the next guest would wait for ever if the one before did not stop.
TEST_F(LlmTest, WhoGoesLeavesTheGraphToTheNext) {
  Open("1");
  if (IsSkipped()) return;
  const auto next = NewGuest();
  uint32_t context = 0;
  {
    const auto guest = Endless(&context);
    guest->Drop(*inproc::FindComponentResource(kInference, "graph-execution-context"), context);
    EXPECT_EQ(Ask(*next, "uvw"), "xyz") << "a context was dropped";
  }
  {
    const auto guest = Endless(&context);
    Call(*guest, kRuns, "cancel", {Word(context)});
    EXPECT_EQ(Ask(*next, "uvw"), "xyz") << "a run was cancelled";
  }
  {
    const auto guest = Endless(&context);
    wasinn_session_cancel(guest->session());
    EXPECT_EQ(Ask(*next, "uvw"), "xyz") << "a session was cancelled";
  }
  {
    const auto guest = Endless(&context);
    wasinn_session_abandon(guest->session());
    EXPECT_EQ(Ask(*next, "uvw"), "xyz") << "a guest was gone";
  }
  Endless(&context).reset();
  EXPECT_EQ(Ask(*next, "uvw"), "xyz") << "a session was freed";
}

TEST_F(LlmTest, EightGuestsAtOnceSayWhatOneSays) {
  Open("8");
  if (IsSkipped()) return;
  std::vector<std::thread> threads;
  std::vector<std::string> texts(8);
  for (size_t i = 0; i < texts.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto guest = NewGuest();
      for (int round = 0; round < 20; ++round) {
        texts[i] = Ask(*guest, std::string(1, static_cast<char>('a' + i)));
        EXPECT_EQ(texts[i], std::string_view("abcdefghijklmnopqrstuvwxyz").substr(i + 1));
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

uint64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * 4096;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WASINN_SANITIZED
#endif
#endif
#ifdef WASINN_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Every third one is dropped during its completion.
TEST_F(LlmTest, AThousandSessionsLeaveNothingBehind) {
  Open("4");
  if (IsSkipped()) return;
  const auto one = [&](int i) {
    uint32_t context = 0;
    if (i % 3 == 0) return Endless(&context).reset();
    const auto guest = NewGuest();
    EXPECT_EQ(Ask(*guest, "uvw"), "xyz");
  };
  for (int i = 0; i < 100; ++i) one(i);
  const uint64_t before = ResidentBytes();
  for (int i = 0; i < 1000; ++i) one(i);
  // The resources of a run that was given up are freed with it, one decode later; if they are not,
  // ctest ends the wait.
  while (BuffersInUse() != 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  // A sanitizer keeps for a while what was freed.
  if (!kSanitized) {
    EXPECT_LT(ResidentBytes(), before + (32u << 20));
  }
}

}  // namespace
}  // namespace wasinn
