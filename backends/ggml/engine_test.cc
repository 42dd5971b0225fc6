// Several runs at a time, their ends, and the tokens that they leave in the cache.
#include <fstream>
#include <thread>

#include "ggml/graph.h"
#include "ggml/runtime.h"
#include "ggml/test_support.h"

namespace wasinn::ggml {
namespace {

// Goes on until it is cancelled.
constexpr const char* kEndless = R"({"temp": 0, "ctx-size": 64, "context-shift": true,
                                     "ignore-eos": true})";

TEST(GgmlEngineTest, EightAtOnceCompleteAsOneAlone) {
  const Model model;
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<std::unique_ptr<RunRecord>> runs;
  for (int i = 0; i < 8; ++i) {
    sessions.push_back(std::make_unique<Session>(model));
    runs.push_back(std::make_unique<RunRecord>());
    EXPECT_EQ(sessions.back()->Set(0, std::string(1, static_cast<char>('a' + i))), WASINN_OK);
    EXPECT_EQ(sessions.back()->Set(1, R"({"temp": 0})"), WASINN_OK);
  }
  for (size_t i = 0; i < runs.size(); ++i) sessions[i]->Start(*runs[i]);
  for (size_t i = 0; i < runs.size(); ++i) {
    ASSERT_TRUE(runs[i]->Wait(std::chrono::minutes(5)));
    EXPECT_EQ(sessions[i]->Take(*runs[i]), WASINN_OK) << sessions[i]->message;
    EXPECT_EQ(sessions[i]->text, LettersAfter(static_cast<char>('a' + i)));
  }
}

TEST(GgmlEngineTest, MoreRunsThanSequencesWaitForTheirTurn) {
  const Model model(OptionList{{"max-sequences", "2"}});
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<std::unique_ptr<RunRecord>> runs;
  for (int i = 0; i < 6; ++i) {
    sessions.push_back(std::make_unique<Session>(model, OptionList{{"temp", "0"}}));
    runs.push_back(std::make_unique<RunRecord>());
    EXPECT_EQ(sessions.back()->Set(0, "m"), WASINN_OK);
    sessions.back()->Start(*runs.back());
  }
  for (size_t i = 0; i < runs.size(); ++i) {
    ASSERT_TRUE(runs[i]->Wait(std::chrono::minutes(5)));
    EXPECT_EQ(sessions[i]->Take(*runs[i]), WASINN_OK);
    EXPECT_EQ(sessions[i]->text, LettersAfter('m'));
  }
}

TEST(GgmlEngineTest, ALongPromptDoesNotStopAnAnswer) {
  // The prompt takes several batches, in each of which the completion gets a token.
  const Model model(OptionList{{"max-batch", "32"}, {"max-sequences", "2"}});
  Session answer(model);
  EXPECT_EQ(answer.Set(0, "abc"), WASINN_OK);
  EXPECT_EQ(answer.Set(1, kEndless), WASINN_OK);
  RunRecord endless;
  answer.Start(endless);
  ASSERT_TRUE(endless.WaitForChunks(1));
  Session prompt(model, {{"temp", "0"}, {"ctx-size", "2048"}, {"n-predict", "1"}});
  EXPECT_EQ(prompt.Set(0, std::string(1000, 'a') + "bc"), WASINN_OK);
  EXPECT_EQ(prompt.Run(), WASINN_OK) << prompt.message;
  EXPECT_EQ(prompt.text, "d");
  answer.context().Cancel(endless.number());
  ASSERT_TRUE(endless.Wait());
  // 1003 tokens in parts of at most 31.
  EXPECT_GE(endless.chunks().size(), 1003U / 31);
}

TEST(GgmlEngineTest, ACancelEndsARunAndTheNextOneWorks) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.Set(0, "abc"), WASINN_OK);
  EXPECT_EQ(session.Set(1, kEndless), WASINN_OK);
  RunRecord run;
  session.Start(run);
  ASSERT_TRUE(run.WaitForChunks(3));
  session.context().Cancel(run.number());
  ASSERT_TRUE(run.Wait());
  EXPECT_EQ(run.code(), WASINN_CANCELLED);
  EXPECT_EQ(run.done_count(), 1);
  EXPECT_EQ(session.Ask("x", R"({"temp": 0})"), WASINN_OK);
  EXPECT_EQ(session.text, "yz");
  session.context().Cancel(run.number());  // late: of a run that is over
  EXPECT_EQ(session.Ask("x"), WASINN_OK);
}

TEST(GgmlEngineTest, ACancelBeforeTheRunEndsItAtOnce) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.Set(0, "abc"), WASINN_OK);
  RunRecord run;
  session.context().Cancel(run.number());
  session.Start(run);
  ASSERT_TRUE(run.Wait());
  EXPECT_EQ(run.code(), WASINN_CANCELLED);
}

TEST(GgmlEngineTest, CancelsFromAnotherThreadAtAnyTime) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.Set(0, "abc"), WASINN_OK);
  EXPECT_EQ(session.Set(1, kEndless), WASINN_OK);
  for (int i = 0; i < 50; ++i) {
    RunRecord run;
    std::thread canceller([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(i * 40));
      session.context().Cancel(run.number());
    });
    session.Start(run);
    ASSERT_TRUE(run.Wait(std::chrono::minutes(1)));
    canceller.join();
    EXPECT_EQ(run.code(), WASINN_CANCELLED);
  }
}

TEST(GgmlEngineTest, TheHostMayStopTheStream) {
  const Model model;
  Session session(model, {{"temp", "0"}});
  EXPECT_EQ(session.Set(0, "abc"), WASINN_OK);
  RunRecord run;
  run.set_chunk_limit(3);
  session.Start(run);
  ASSERT_TRUE(run.Wait());
  EXPECT_EQ(session.Take(run), WASINN_OK);
  EXPECT_EQ(session.text, "def");
  EXPECT_EQ(session.usage["finish"], "host");
}

TEST(GgmlEngineTest, AFullCacheEndsTheNewestRunWithAnError) {
  const Model model(OptionList{{"kv-cells", "256"}, {"max-sequences", "2"}});
  const OptionList options = {
      {"temp", "0"}, {"ctx-size", "250"}, {"ignore-eos", "true"}, {"n-predict", "180"}};
  Session first(model, options);
  Session second(model, options);
  EXPECT_EQ(first.Set(0, "abc"), WASINN_OK);
  EXPECT_EQ(second.Set(0, "x"), WASINN_OK);
  RunRecord first_run;
  RunRecord second_run;
  {
    // Nothing is computed before both are there.
    wasinn_backend_instance& instance = *model.instance.get();
    const Cores::Turn turn(instance.cores);
    first.Start(first_run);
    second.Start(second_run);
    instance.worker.Run([] {});
  }
  ASSERT_TRUE(first_run.Wait(std::chrono::minutes(2)));
  ASSERT_TRUE(second_run.Wait(std::chrono::minutes(2)));
  EXPECT_EQ(first.Take(first_run), WASINN_OK) << first.message;
  EXPECT_EQ(first.usage["output_tokens"], 180);
  EXPECT_EQ(second.Take(second_run), WASINN_TOO_LARGE);
  EXPECT_NE(second.message.find("holds 256 tokens of all contexts together"), std::string::npos)
      << second.message;
  // The tokens that the first run left behind make room.
  EXPECT_EQ(second.Ask("x"), WASINN_OK) << second.message;
  Session large(model, {{"ctx-size", "257"}});
  EXPECT_EQ(large.context().get(), nullptr);
  EXPECT_EQ(large.error().code, WASINN_TOO_LARGE);
}

// With one cache for all, and with parts.
class GgmlCacheTest : public ::testing::TestWithParam<const char*> {
 protected:
  OptionList Options(OptionList more = {}) const {
    more.emplace_back("kv-unified", GetParam());
    return more;
  }
};

TEST(GgmlEngineTest, NoCacheIsLargerThanTheHostAllows) {
  // But for llama.cpp's rounding.
  const auto rounded = [](size_t cells) { return (cells + 255) / 256 * 256; };
  for (const char* form : {"auto", "true", "false"}) {
    for (const size_t max : {300, 1000, 5000, 50000}) {
      for (const char* sequences : {"1", "4", "16"}) {
        const Model model(OptionList{
            {"kv-unified", form}, {"kv-cells", std::to_string(max)}, {"max-sequences", sequences}});
        const auto cache = model.graph.get()->CacheFor(250);
        EXPECT_LE(cache.cells, rounded(max)) << form << " " << max << " " << sequences;
        EXPECT_GE(cache.cells, 250U);
        EXPECT_GE(cache.sequences, 1U);
      }
    }
  }
  const wasinn::testing::TestHost host(1);
  const wasinn::testing::Instance instance(GgmlBackend(), host);
  const auto refused = wasinn::testing::Graph::FromPath(
      instance, WASINN_ALPHABET_MODEL, {{"deterministic", "true"}, {"kv-unified", "true"}});
  EXPECT_EQ(refused.get(), nullptr);
  EXPECT_NE(std::string(refused.error.message).find("option 'kv-unified'"), std::string::npos);
}

TEST_P(GgmlCacheTest, GrowsWithTheContextsThatNeedMore) {
  const Model model(Options());
  Session small(model, {{"temp", "0"}});
  EXPECT_EQ(small.Ask("abc"), WASINN_OK);
  Session large(model, {{"temp", "0"}, {"ctx-size", "12000"}, {"n-predict", "1"}});
  EXPECT_EQ(large.Ask(std::string(9000, 'a') + "bc"), WASINN_OK) << large.message;
  EXPECT_EQ(large.text, "d");
  EXPECT_EQ(small.Ask("abc"), WASINN_OK);
  EXPECT_EQ(small.text, LettersAfter('c'));
}

TEST_P(GgmlCacheTest, RunsFindWhatTheirContextsHave) {
  // A model whose completion depends on every token before it.
  const Model model(Options({{"max-sequences", "6"}}), WASINN_GGML_MODELS "alphabet/mixing.gguf");
  const OptionList options = {
      {"temp", "0"}, {"n-predict", "12"}, {"ignore-eos", "true"}, {"special", "true"}};
  const auto prompt = [](size_t i) { return std::string(9 + i, static_cast<char>('a' + i)) + "k"; };
  std::vector<std::string> alone;
  std::vector<std::unique_ptr<Session>> sessions;
  for (size_t i = 0; i < 6; ++i) {
    Session session(model, options);
    EXPECT_EQ(session.Ask(prompt(i) + "xyz", R"({"cache-prompt": false})"), WASINN_OK);
    alone.push_back(session.text);
    sessions.push_back(std::make_unique<Session>(model, options));
  }
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(sessions[i]->Ask(prompt(i)), WASINN_OK);
  // Each time others, with idle ones between.
  for (const std::vector<size_t>& few : {std::vector<size_t>{0, 2, 5}, {1, 3, 5}, {4, 5}, {5, 0}}) {
    std::vector<RunRecord> runs(few.size());
    for (size_t i = 0; i < few.size(); ++i) {
      EXPECT_EQ(sessions[few[i]]->Set(0, prompt(few[i]) + "xyz"), WASINN_OK);
    }
    for (size_t i = 0; i < few.size(); ++i) sessions[few[i]]->Start(runs[i]);
    for (size_t i = 0; i < few.size(); ++i) {
      ASSERT_TRUE(runs[i].Wait(std::chrono::minutes(5)));
      Session& session = *sessions[few[i]];
      EXPECT_EQ(session.Take(runs[i]), WASINN_OK) << session.message;
      EXPECT_EQ(session.text, alone[few[i]]) << few[i];
      EXPECT_GT(session.usage["reused_tokens"], prompt(few[i]).size()) << few[i];
    }
  }
}

TEST_P(GgmlCacheTest, RunsThatShiftGoOnBesideOthers) {
  const Model model(Options({{"max-sequences", "4"}}));
  std::vector<std::unique_ptr<Session>> endless;
  std::vector<RunRecord> runs(3);
  for (RunRecord& run : runs) {
    endless.push_back(std::make_unique<Session>(model));
    EXPECT_EQ(endless.back()->Set(0, "abcdefghijklmnopqrstuvwxyzabcdefgh"), WASINN_OK);
    EXPECT_EQ(endless.back()->Set(1, kEndless), WASINN_OK);
    endless.back()->Start(run);
  }
  ASSERT_TRUE(runs[0].WaitForChunks(100));
  // Ends, so that there is a gap.
  endless[1]->context().Cancel(runs[1].number());
  ASSERT_TRUE(runs[1].Wait());
  Session other(model, {{"temp", "0"}});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(other.Ask("uvw"), WASINN_OK) << other.message;
    EXPECT_EQ(other.text, "xyz");
  }
  ASSERT_TRUE(runs[2].WaitForChunks(500));
  for (const int i : {0, 2}) {
    const size_t at = static_cast<size_t>(i);
    endless[at]->context().Cancel(runs[at].number());
    ASSERT_TRUE(runs[at].Wait());
    EXPECT_EQ(runs[at].code(), WASINN_CANCELLED);
    // From any letter on it is the alphabet.
    const std::string text = runs[at].text();
    EXPECT_NE(text.find("ijklmnopqrstuvwxyz"), std::string::npos) << text.substr(0, 200);
  }
}

INSTANTIATE_TEST_SUITE_P(All, GgmlCacheTest, ::testing::Values("true", "false"));

TEST_P(GgmlCacheTest, ContextsShareWhatTheyComputedForEqualBeginnings) {
  const std::string begin = "abcdefghijklmnopqrstuvwxyzabcdefghij";
  for (const bool share : {true, false}) {
    const Model model(Options({{"share-prefix", share ? "true" : "false"}}));
    Session first(model, {{"temp", "0"}});
    Session second(model, {{"temp", "0"}});
    EXPECT_EQ(first.Ask(begin + "abc"), WASINN_OK);
    EXPECT_EQ(second.Ask(begin + "xy"), WASINN_OK);
    EXPECT_EQ(second.text, "z");
    EXPECT_EQ(second.usage["reused_tokens"], share ? begin.size() + 1 : 0);
    // Nothing of the one is in the other.
    EXPECT_EQ(first.Ask(begin + "abc"), WASINN_OK);
    EXPECT_EQ(first.text, LettersAfter('c'));
  }
}

TEST_P(GgmlCacheTest, AShiftLeavesSharedTokensAlone) {
  const std::string begin = "abcdefghijklmnopqrstuvwxyz";
  const Model model(Options());
  Session first(model, {{"temp", "0"}});
  Session second(model, {{"temp", "0"}});
  EXPECT_EQ(first.Ask(begin + "abc"), WASINN_OK);
  EXPECT_EQ(second.Ask(begin + "xy"), WASINN_OK);
  EXPECT_GT(second.usage["reused_tokens"], 0);
  EXPECT_EQ(second.Ask(begin + "xy", R"({"temp": 0, "ctx-size": 40, "context-shift": true,
                                         "ignore-eos": true, "n-predict": 100})"),
            WASINN_OK);
  EXPECT_EQ(first.Ask(begin + "abc"), WASINN_OK);
  EXPECT_EQ(first.text, LettersAfter('c'));
}

TEST(GgmlEngineTest, AnIdleEngineFreesItsCacheAndWorksAgain) {
  const Model model(OptionList{{"idle-seconds", "1"}});
  Session session(model, {{"temp", "0"}});
  EXPECT_EQ(session.Ask("abcdef"), WASINN_OK);
  EXPECT_EQ(session.Ask("abcdef"), WASINN_OK);
  EXPECT_EQ(session.usage["reused_tokens"], 6);
  // Until the engine has rested, the tokens are there.
  for (int i = 0; i < 100; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    EXPECT_EQ(session.Ask("abcdef"), WASINN_OK);
    EXPECT_EQ(session.text, LettersAfter('f'));
    if (session.usage["reused_tokens"] == 0) return;
  }
  FAIL() << "the cache was never freed";
}

TEST(GgmlEngineTest, TwoInstancesWorkInOneProcess) {
  const Model one;
  const Model other;
  Session first(one, {{"temp", "0"}});
  Session second(other, {{"temp", "0"}});
  EXPECT_EQ(first.Set(0, "a"), WASINN_OK);
  EXPECT_EQ(second.Set(0, "b"), WASINN_OK);
  RunRecord first_run;
  RunRecord second_run;
  first.Start(first_run);
  second.Start(second_run);
  ASSERT_TRUE(first_run.Wait());
  ASSERT_TRUE(second_run.Wait());
  EXPECT_EQ(first_run.text(), LettersAfter('a'));
  EXPECT_EQ(second_run.text(), LettersAfter('b'));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

// Bytes of this process that are in memory.
size_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  size_t size = 0;
  size_t resident = 0;
  file >> size >> resident;
  return resident * 4096;
}

TEST(GgmlEngineTest, AThousandContextsLeaveNothingBehind) {
  Model model;
  const auto open_and_drop = [&](int count) {
    for (int i = 0; i < count; ++i) {
      Session session(model, {{"temp", "0"}, {"n-predict", "1"}});
      ASSERT_EQ(session.Ask("abc"), WASINN_OK) << session.message;
      ASSERT_EQ(session.text, "d");
    }
  };
  open_and_drop(200);
  const size_t before = ResidentBytes();
  open_and_drop(1000);
  EXPECT_EQ(model.host.live_buffers(), 0);
  // A sanitizer keeps freed memory for a while.
  if (!kSanitized) {
    EXPECT_LT(ResidentBytes(), before + (8 << 20));
  }
}

}  // namespace
}  // namespace wasinn::ggml
