// Finds the images that a guest gives in a prompt's text, in a conversation, or as a separate
// input. image.h checks the images themselves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wasinn::ggml {

// Marks the place of an image of the input `images` in a text; without marks, the images come
// first.
inline constexpr std::string_view kImageMark = "<__media__>";

// Replaces the first `<image>`, which guests for WasmEdge use for the file of the option `image`,
// by the mark.
void MarkPlaceOfFile(std::string& prompt);

// A text with images: texts[0], images[0], texts[1], and so on to the last text.
struct MixedText {
  std::vector<std::string> texts{""};
  std::vector<std::string> images;  // files

  void AddText(std::string_view text) { texts.back() += text; }
  void AddImage(std::string file);
};

// The files in the bytes of the input `images`: one, or several, each after a 4-byte little-endian
// length. Throws Failure.
std::vector<std::string> SplitImages(std::string_view bytes);

// A prompt with its <img src="data:image/TYPE;base64,..."> and with `images`. Throws Failure: a
// path or an address as the source is refused.
MixedText SplitPrompt(std::string_view prompt, std::vector<std::string> images);

// A conversation (see RenderChat in prompt.h) as JSON, with `mark` for each image of its parts
// `image_url` and for each image of the input `images`, and the files in order. Throws Failure.
struct MarkedChat {
  std::string json;
  std::vector<std::string> images;
};
MarkedChat MarkChat(std::string_view json, std::vector<std::string> images, std::string_view mark);

// Splits the text that a template made of a marked conversation. Throws Failure if images were left
// out.
MixedText SplitMarked(std::string_view text, std::string_view mark,
                      std::vector<std::string> images);

}  // namespace wasinn::ggml
