#include "ggml/media.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <wasinn/backend.hpp>

#include "ggml/image.h"
#include "ggml/picture_support.h"

namespace wasinn::ggml {
namespace {

using backend::Failure;
using Texts = std::vector<std::string>;

wasinn_code CodeOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Failure& failure) {
    return failure.code();
  }
  return WASINN_OK;
}

TEST(MediaTest, APromptIsSplitAtItsImages) {
  const MixedText mixed = SplitPrompt(
      "a<img src='data:image/gif;base64,QUI='>b<img  src=\"data:image/x;base64,QUJD\" "
      "alt=\"x\">c<img src=1><img d",
      {});
  EXPECT_EQ(mixed.images, (Texts{"AB", "ABC"}));
  EXPECT_EQ(mixed.texts, (Texts{"a", "b", "c<img src=1><img d"}));
  EXPECT_EQ(SplitPrompt("a<__media__>b", {}).texts, Texts{"a<__media__>b"});
  EXPECT_EQ(SplitPrompt("a<__media__>b", {"file"}).texts, (Texts{"a", "b"}));
  EXPECT_EQ(SplitPrompt("ab", {"file"}).texts, (Texts{"", "ab"}));
  EXPECT_EQ(SplitPrompt("", {}).texts, Texts{""});
}

TEST(MediaTest, OnlyBase64OfImagesIsTaken) {
  for (const char* source :
       {"a.png", "file:///a.png", "http://a/b", "data:image/png,abc", "data:image/png;base64",
        "data:text/plain;base64,QUI=", "data:image/png;base64,Q!", ""}) {
    EXPECT_EQ(CodeOf([&] { SplitPrompt("<img src=\"" + std::string(source) + "\">", {}); }),
              WASINN_INVALID_ARGUMENT)
        << source;
  }
}

TEST(MediaTest, TheInputIsOneFileOrSeveral) {
  EXPECT_EQ(SplitImages(""), Texts{});
  EXPECT_EQ(SplitImages("file"), Texts{"file"});
  EXPECT_EQ(SplitImages(std::string("\1\0\0\0a\2\0\0\0bc", 11)), (Texts{"a", "bc"}));
  EXPECT_EQ(SplitImages(std::string("\2\0\0\0a", 5)).size(), 1U);
  EXPECT_EQ(CodeOf([] { SplitImages(std::string(17 * 4, '\0')); }), WASINN_TOO_LARGE);
}

TEST(MediaTest, AConversationIsMarked) {
  const std::string plain = R"([{"role": "user", "content": "a"}])";
  EXPECT_EQ(MarkChat(plain, {}, "#").json, plain);
  const MarkedChat input = MarkChat(plain, {"one", "two"}, "#");
  EXPECT_EQ(input.images, (Texts{"one", "two"}));
  const auto content = nlohmann::json::parse(input.json)[0]["content"];
  ASSERT_EQ(content.size(), 3U);
  EXPECT_EQ(content[0]["type"], "media_marker");
  EXPECT_EQ(content[2]["text"], "a");
  const MarkedChat parts = MarkChat(
      R"({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"},
          {"type": "image_url", "image_url": "data:image/png;base64,QUI="}]}]})",
      {}, "#");
  EXPECT_EQ(parts.images, Texts{"AB"});
  EXPECT_EQ(nlohmann::json::parse(parts.json)["messages"][0]["content"][1]["text"], "#");
  for (const char* bad :
       {R"([{"role": "user", "content": [{"type": "media_marker", "text": "#"}]}])",
        R"([{"role": "user", "content": [{"type": "image_url"}]}])",
        R"([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": 5}}]}])"}) {
    EXPECT_EQ(CodeOf([&] { MarkChat(bad, {}, "#"); }), WASINN_INVALID_ARGUMENT) << bad;
  }
  EXPECT_EQ(CodeOf([] { MarkChat(R"([{"role": "system", "content": "a"}])", {"one"}, "#"); }),
            WASINN_INVALID_ARGUMENT);
}

TEST(MediaTest, ATemplateMustWriteEachImageOnce) {
  EXPECT_EQ(SplitMarked("a#b#", "#", {"one", "two"}).texts, (Texts{"a", "b", ""}));
  for (const char* text : {"a", "a#", "a#b#c#"}) {
    EXPECT_EQ(CodeOf([&] { SplitMarked(text, "#", {"one", "two"}); }), WASINN_INVALID_ARGUMENT)
        << text;
  }
}

TEST(ImageTest, SizesAreReadAndBounded) {
  const ImageSize size = CheckImage(Png({1, 2, 3}, 30, 20));
  EXPECT_EQ(size.width, 30U);
  EXPECT_EQ(size.height, 20U);
  EXPECT_EQ(CodeOf([] { CheckImage(std::string((16 << 20) + 1, 'a')); }), WASINN_TOO_LARGE);
  EXPECT_EQ(CodeOf([] { CheckImage("RIFF1234WAVE"); }), WASINN_INVALID_ENCODING);
  std::string bmp("BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\x02\0\0\0\1\0\x18\0", 30);
  bmp.resize(54 + 16);
  EXPECT_EQ(CheckImage(bmp).width, 2U);
}

TEST(ImageTest, AJpegHasFewScans) {
  // As far as the size a JPEG is its head: a frame of 8 x 8 in one colour.
  std::string jpeg("\xff\xd8\xff\xc0\0\x0b\x08\0\x08\0\x08\1\1\x11\0", 15);
  EXPECT_EQ(CheckImage(jpeg).height, 8U);
  for (int i = 0; i < 257; ++i) jpeg += "\xff\xda";
  EXPECT_EQ(CodeOf([&] { CheckImage(jpeg); }), WASINN_TOO_LARGE);
}

}  // namespace
}  // namespace wasinn::ggml
