// Prompts with images. After a red one the projector of the test model reads a, after a green one
// k, after a blue one t; the completion continues the alphabet after these.
#include "ggml/vision.h"

#include <filesystem>
#include <thread>
#if defined(__has_include) && __has_include(<sanitizer/lsan_interface.h>)
#include <sanitizer/lsan_interface.h>
#endif

#include "ggml/picture_support.h"
#include "ggml/test_support.h"
#include "support/temp_dir.h"

namespace wasinn::ggml {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
using LeaksAllowed = __lsan::ScopedDisabler;
#define WASINN_LEAKS_ALLOWED
#endif
#endif
#ifndef WASINN_LEAKS_ALLOWED
struct LeaksAllowed {
  LeaksAllowed() {}
};
#endif

const std::string kRed = Png({255, 0, 0});
const std::string kGreen = Png({0, 255, 0});
const std::string kBlue = Png({0, 0, 255});

Model Seeing(const char* path = WASINN_ALPHABET_MODEL,
             const char* projector = WASINN_GGML_MODELS "alphabet/mmproj.gguf",
             OptionList options = {}) {
  options.emplace_back("mmproj", projector);
  return Model(options, path);
}

// With its length before it, as several images are given.
std::string Framed(const std::string& file) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) {
    bytes += static_cast<char>(file.size() >> shift & 0xff);
  }
  return bytes + file;
}

TEST(GgmlVisionTest, AnImageIsRead) {
  const Model model = Seeing();
  EXPECT_EQ(model.graph.Metadata()["custom:media"], "image");
  EXPECT_EQ(model.graph.Metadata()["custom:mmproj"], "mmproj.gguf");
  const std::pair<std::string, char> known[] = {{kRed, 'a'}, {kGreen, 'k'}, {kBlue, 't'}};
  for (const auto& [png, letter] : known) {
    Session session(model, {{"temp", "0"}});
    EXPECT_EQ(session.Set(0, "xyz" + Img(png)), WASINN_OK);
    EXPECT_EQ(session.EarlyUsage()["input_tokens"], 8);
    EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
    EXPECT_EQ(session.text, LettersAfter(letter));
    // The token that begins a prompt, three letters and four patches.
    EXPECT_EQ(session.usage["input_tokens"], 8);
  }
}

TEST(GgmlVisionTest, ASessionWithImagesIsNotSaved) {
  const wasinn::testing::TempDir folder;
  const Model model = Seeing(WASINN_ALPHABET_MODEL, WASINN_GGML_MODELS "alphabet/mmproj.gguf",
                             {{"state-dir", folder.path()}});
  Session session(model, {{"temp", "0"}, {"state-save", "one"}});
  EXPECT_EQ(session.Ask("xyz" + Img(kRed)), WASINN_UNSUPPORTED_OPERATION);
  EXPECT_NE(session.message.find("expected a session of text alone"), std::string::npos)
      << session.message;
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_EQ(session.Ask("xy"), WASINN_OK) << session.message;
  EXPECT_FALSE(std::filesystem::is_empty(folder.path()));
}

TEST(GgmlVisionTest, ImagesComeAsAnInput) {
  const Model model = Seeing();
  Session session(model, {{"temp", "0"}});
  EXPECT_EQ(session.Set(3, kRed), WASINN_OK);
  EXPECT_EQ(session.Ask("xyz<__media__>"), WASINN_OK) << session.message;
  EXPECT_EQ(session.text, LettersAfter('a'));
  // Without a mark they come first.
  EXPECT_EQ(session.Ask("xy"), WASINN_OK) << session.message;
  EXPECT_EQ(session.text, "z");
  EXPECT_EQ(session.usage["input_tokens"], 7);
  // Two, each where its mark is.
  EXPECT_EQ(session.Set(3, Framed(kRed) + Framed(kBlue)), WASINN_OK);
  EXPECT_EQ(session.Ask("<__media__>xyz<__media__>"), WASINN_OK) << session.message;
  EXPECT_EQ(session.text, LettersAfter('t'));
  EXPECT_EQ(session.usage["input_tokens"], 12);
  for (const char* marks : {"<__media__>", "<__media__><__media__><__media__>"}) {
    EXPECT_EQ(session.Ask(marks), WASINN_INVALID_ARGUMENT);
    EXPECT_NE(session.message.find("the 2 images of the input"), std::string::npos)
        << session.message;
  }
}

TEST(GgmlVisionTest, AnImageIsAFileOfTheGuest) {
  const Model model = Seeing();
  Session session(model, {{"temp", "0"}});
  const auto ask = [&](const Model& of, const char* prompt, const char* path) {
    Session one(of, {{"temp", "0"}, {"image", path}});
    RunRecord run;
    run.set_file("/pics/blue.png", kBlue);
    EXPECT_EQ(one.Set(0, prompt), WASINN_OK);
    EXPECT_EQ(one.EarlyUsage()["input_tokens"], 1 + std::strlen(prompt));  // without the file's
    one.Start(run);
    EXPECT_TRUE(run.Wait());
    const wasinn_code code = one.Take(run);
    return std::make_pair(code, code == WASINN_OK ? one.text : one.message);
  };
  using std::make_pair;
  EXPECT_EQ(ask(model, "xyz<image>", "/pics/blue.png"), make_pair(WASINN_OK, LettersAfter('t')));
  // Without a place it comes first.
  EXPECT_EQ(ask(model, "xy", "/pics/blue.png"), make_pair(WASINN_OK, std::string("z")));
  EXPECT_EQ(ask(model, "xy", "/etc/passwd"),
            make_pair(WASINN_NOT_FOUND, std::string("ggml: option 'image': no such file")));
  const Model blind;
  const auto [code, why] = ask(blind, "xy", "/pics/blue.png");
  EXPECT_EQ(code, WASINN_UNSUPPORTED_OPERATION);
  EXPECT_NE(why.find("option mmproj"), std::string::npos) << why;
  Session nowhere(model, {{"image", "/pics/blue.png"}});
  EXPECT_EQ(nowhere.Ask("xy"), WASINN_UNSUPPORTED_OPERATION);
  EXPECT_NE(nowhere.message.find("this host provides none"), std::string::npos) << nowhere.message;
}

TEST(GgmlVisionTest, AConversationHoldsImages) {
  const Model model = Seeing();
  Session session(model, {{"temp", "0"}, {"n-predict", "1"}});
  nlohmann::json image = {{"type", "image_url"},
                          {"image_url", {{"url", "data:image/png;base64," + Base64(kRed)}}}};
  nlohmann::json chat = {
      {{"role", "user"}, {"content", {image, {{"type", "text"}, {"text", "ab"}}}}}};
  EXPECT_EQ(session.Set(2, chat.dump()), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  const int with = session.usage["input_tokens"];
  chat = {{{"role", "user"}, {"content", "ab"}}};
  EXPECT_EQ(session.Set(2, chat.dump()), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  EXPECT_EQ(session.usage["input_tokens"].get<int>() + 4, with);
  EXPECT_EQ(session.Set(3, kRed), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  EXPECT_EQ(session.usage["input_tokens"], with);
  image["image_url"]["url"] = "https://example.org/a.png";
  chat = {{{"role", "user"}, {"content", {image}}}};
  EXPECT_EQ(session.Set(3, ""), WASINN_OK);
  EXPECT_EQ(session.Set(2, chat.dump()), WASINN_OK);
  EXPECT_EQ(session.Run(), WASINN_INVALID_ARGUMENT);
  EXPECT_NE(session.message.find("may not reach the network"), std::string::npos);
}

TEST(GgmlVisionTest, WhatIsNoImageIsRefused) {
  const Model model = Seeing();
  Session session(model, {{"temp", "0"}});
  const auto refused = [&](const std::string& file, wasinn_code code, const char* why) {
    EXPECT_EQ(session.Ask("x" + Img(file)), code) << why;
    EXPECT_NE(session.message.find(why), std::string::npos) << session.message;
  };
  refused("", WASINN_INVALID_ENCODING, "no bytes");
  refused("text", WASINN_INVALID_ENCODING, "expected a whole PNG");
  for (size_t size = 1; size < kRed.size(); ++size) {
    EXPECT_EQ(session.Ask("x" + Img(kRed.substr(0, size))), WASINN_INVALID_ENCODING) << size;
  }
  refused(PngOf(1 << 20, 1 << 20, "x"), WASINN_INVALID_ENCODING, "head is broken");
  refused(PngOf(20000, 400, "x"), WASINN_TOO_LARGE, "20000 x 400");
  refused(PngOf(8000, 8000, "x"), WASINN_TOO_LARGE, "8000 x 8000");
  refused(PngOf(4000, 2, "x"), WASINN_TOO_LARGE, "times as long as wide");
  refused(PngOf(0, 8, ""), WASINN_INVALID_ENCODING, "head is broken");
  refused(PngOf(8, 8, std::string(100000, '\0')), WASINN_INVALID_ENCODING,
          "more than its size says");
  refused(PngOf(8, 8, "few"), WASINN_INVALID_ENCODING, "cannot be");
  std::string many;
  for (int i = 0; i < 17; ++i) many += Img(kRed);
  EXPECT_EQ(session.Ask(many), WASINN_TOO_LARGE);
  for (const char* source : {"/etc/passwd", "http://example.org/a.png", "data:text/plain,a",
                             "data:image/png;base64,###"}) {
    EXPECT_EQ(session.Ask("<img src='" + std::string(source) + "'>"), WASINN_INVALID_ARGUMENT);
    EXPECT_NE(session.message.find("images: expected"), std::string::npos) << session.message;
  }
  EXPECT_EQ(session.Ask(Img(kRed) + "xy", R"({"embedding": true})"), WASINN_UNSUPPORTED_OPERATION);
  EXPECT_EQ(session.Ask("<img alt='a'>xy", "{}"), WASINN_OK) << session.message;
  EXPECT_EQ(session.text, "z");
}

TEST(GgmlVisionTest, AModelWithoutAProjectorSaysSo) {
  const Model model;
  Session session(model);
  EXPECT_EQ(session.Ask("x" + Img(kRed)), WASINN_UNSUPPORTED_OPERATION);
  EXPECT_NE(session.message.find("option mmproj"), std::string::npos) << session.message;
}

TEST(GgmlVisionTest, AProjectorMustFit) {
  const auto refusal = [](const char* model, const std::string& path) {
    const wasinn::testing::TestHost host(1);
    const wasinn::testing::Instance instance(GgmlBackend(), host);
    const wasinn::testing::Graph graph(instance, model, nullptr, 0, {{"mmproj", path}},
                                       WASINN_TARGET_CPU);
    EXPECT_EQ(graph.get(), nullptr);
    return std::string(graph.error.message);
  };
  EXPECT_NE(refusal(WASINN_ALPHABET_MODEL, WASINN_ALPHABET_MODEL).find("to be clip"),
            std::string::npos);
  {
    // llama.cpp does not free a projector that it refuses; only a host can bring one.
    const LeaksAllowed allowed;
    EXPECT_NE(refusal(WASINN_SMOLLM2_MODEL, WASINN_GGML_MODELS "alphabet/mmproj.gguf")
                  .find("option 'mmproj': expected a projector for images that fits"),
              std::string::npos);
  }
  EXPECT_NE(refusal(WASINN_ALPHABET_MODEL, "/nowhere").find("/nowhere"), std::string::npos);
}

// With a model whose answer each token before it changes: texts of the same prompts, as they are
// alone and without reuse.
struct Pair {
  const char* model;
  const char* projector;
  size_t before;  // tokens that the model wants before an image
  size_t tokens;  // of the image
  size_t after;
};
class GgmlMixedVisionTest : public ::testing::TestWithParam<Pair> {
 protected:
  GgmlMixedVisionTest()
      : model_(Seeing(GetParam().model, GetParam().projector,
                      {{"max-batch", "32"}, {"max-sequences", "4"}})) {}

  std::string Alone(const std::string& prompt) {
    Session session(model_, options_);
    EXPECT_EQ(session.Ask(prompt, R"({"cache-prompt": false})"), WASINN_OK) << session.message;
    EXPECT_NE(session.text, "");
    return session.text;
  }

  Model model_;
  OptionList options_ = {{"temp", "0"},
                         {"n-predict", "20"},
                         {"ignore-eos", "true"},
                         {"special", "true"},
                         {"ubatch-size", "3"}};
};

TEST_P(GgmlMixedVisionTest, TheLogprobsAreThoseOfTheImage) {
  const auto logprobs = [&](const std::string& prompt) {
    Session session(model_, options_);
    EXPECT_EQ(session.Ask(prompt, R"({"cache-prompt": false, "logprobs": 5})"), WASINN_OK);
    return session.usage["logprobs"].dump();
  };
  const std::string red = logprobs("abc" + Img(kRed) + "def");
  EXPECT_EQ(logprobs("abc" + Img(kRed) + "def"), red);
  EXPECT_NE(logprobs("abc" + Img(kBlue) + "def"), red);
  EXPECT_NE(logprobs("abc" + Img(kRed) + Img(kBlue) + "def"),
            logprobs("abc" + Img(kBlue) + Img(kRed) + "def"));
}

TEST_P(GgmlMixedVisionTest, ImagesAndTextsAtOnceAnswerAsAlone) {
  const std::string prompts[] = {"abcabcxyz", Img(kRed) + "abc",
                                 "xyz" + Img(kBlue) + Img(kGreen) + "k",
                                 std::string(90, 'q') + Img(kGreen)};
  std::vector<std::string> alone;
  for (const std::string& prompt : prompts) alone.push_back(Alone(prompt));
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<std::unique_ptr<RunRecord>> runs;
  for (const std::string& prompt : prompts) {
    sessions.push_back(std::make_unique<Session>(model_, options_));
    runs.push_back(std::make_unique<RunRecord>());
    EXPECT_EQ(sessions.back()->Set(0, prompt), WASINN_OK);
  }
  for (size_t i = 0; i < runs.size(); ++i) sessions[i]->Start(*runs[i]);
  for (size_t i = 0; i < runs.size(); ++i) {
    ASSERT_TRUE(runs[i]->Wait(std::chrono::minutes(5)));
    EXPECT_EQ(sessions[i]->Take(*runs[i]), WASINN_OK) << sessions[i]->message;
    EXPECT_EQ(sessions[i]->text, alone[i]) << i;
  }
}

TEST_P(GgmlMixedVisionTest, TheSameImageIsNotComputedAgain) {
  const std::string begin = "abcdefghijklmnopqr" + Img(kRed);
  const size_t before = 19 + GetParam().before;
  const size_t after = before + GetParam().tokens + GetParam().after;
  const std::string yes = Alone(begin + "abc");
  const std::string no = Alone(begin + "xyz");
  Session session(model_, options_);
  EXPECT_EQ(session.Ask(begin + "abc"), WASINN_OK);
  EXPECT_EQ(session.text, yes);
  EXPECT_EQ(session.Ask(begin + "xyz"), WASINN_OK);
  EXPECT_EQ(session.usage["reused_tokens"], after);
  EXPECT_EQ(session.text, no);
  // Another image: only what is before it is the same.
  EXPECT_EQ(session.Ask("abcdefghijklmnopqr" + Img(kBlue) + "xyz"), WASINN_OK);
  EXPECT_EQ(session.usage["reused_tokens"], before);
  EXPECT_NE(session.text, no);
  // Another context shares the first one's.
  Session other(model_, options_);
  EXPECT_EQ(other.Ask("abcdefghijklmnopqr" + Img(kBlue) + "abc"), WASINN_OK);
  EXPECT_EQ(other.usage["reused_tokens"], after);
  EXPECT_EQ(other.text, Alone("abcdefghijklmnopqr" + Img(kBlue) + "abc"));
}

TEST_P(GgmlMixedVisionTest, ACancelAtAnyTimeLeavesNothingBehind) {
  const std::string prompt = "abc" + Img(kRed) + Img(kBlue) + "def" + Img(kGreen) + "g";
  const std::string alone = Alone(prompt);
  Session session(model_, options_);
  EXPECT_EQ(session.Set(0, prompt), WASINN_OK);
  for (int i = 0; i < 40; ++i) {
    RunRecord run;
    std::thread canceller([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(i * 100));
      session.context().Cancel(run.number());
    });
    session.Start(run);
    ASSERT_TRUE(run.Wait(std::chrono::minutes(1)));
    canceller.join();
  }
  EXPECT_EQ(session.Run(), WASINN_OK) << session.message;
  EXPECT_EQ(session.text, alone);
}

TEST_P(GgmlMixedVisionTest, AContextWithAnImageDoesNotShift) {
  Session session(model_, options_);
  EXPECT_EQ(session.Ask("abc" + Img(kRed) + "d",
                        R"({"ctx-size": 50, "context-shift": true, "n-predict": 60})"),
            WASINN_CONTEXT_FULL);
  EXPECT_EQ(session.Ask("abc" + Img(kRed) + "d", R"({"ctx-size": 12})"), WASINN_PROMPT_TOO_LONG);
}

INSTANTIATE_TEST_SUITE_P(
    Projectors, GgmlMixedVisionTest,
    ::testing::Values(Pair{WASINN_GGML_MODELS "alphabet/mixing.gguf",
                           WASINN_GGML_MODELS "alphabet/mmproj.gguf", 0, 4, 0},
                      // Gemma's has a text before and after each image, and so has Qwen's.
                      Pair{WASINN_GGML_MODELS "alphabet/mixing.gguf",
                           WASINN_GGML_MODELS "alphabet/ahead.gguf", 16, 4, 14},
                      Pair{WASINN_GGML_MODELS "alphabet/qwen.gguf",
                           WASINN_GGML_MODELS "alphabet/qwen-mmproj.gguf", 16, 9, 14}));

TEST(ImagePlacesTest, PositionsAndBeginnings) {
  // An image of 6 tokens and 3 positions, then one of 4 and 4.
  const ImagePlaces places = {{2, 6, 3, "a", nullptr}, {10, 4, 4, "b", nullptr}};
  EXPECT_EQ(PositionOf(places, 2), 2);
  EXPECT_EQ(PositionOf(places, 8), 5);
  EXPECT_EQ(PositionOf(places, 14), 11);
  EXPECT_EQ(PlaceAt(places, 10), &places[1]);
  EXPECT_EQ(PlaceAt(places, 9), nullptr);
  EXPECT_EQ(CommonImages(places, places, 20), 20U);
  EXPECT_EQ(CommonImages(places, places, 12), 10U);
  EXPECT_EQ(CommonImages(places, places, 2), 2U);
  ImagePlaces other = places;
  other[1].id = "c";
  EXPECT_EQ(CommonImages(places, other, 20), 10U);
  EXPECT_EQ(CommonImages(places, {}, 20), 2U);
  CutPlaces(other, 10);
  EXPECT_EQ(other.size(), 1U);
}

}  // namespace
}  // namespace wasinn::ggml
