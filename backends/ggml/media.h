// How a guest gives images: among a prompt's text, in a conversation, or as an input of their own.
// Only finds them; what they are is image.h's to say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wasinn::ggml {

// Where an image of the input `images` stands in a text; without it, they come first.
inline constexpr std::string_view kImageMark = "<__media__>";

// Puts the mark where guests for WasmEdge have `<image>` for the file of the option `image`, the
// first one; nothing without.
void MarkPlaceOfFile(std::string& prompt);

// A text with images in it: texts[0], images[0], texts[1], and so on to the last text.
struct MixedText {
  std::vector<std::string> texts{""};
  std::vector<std::string> images;  // files

  void AddText(std::string_view text) { texts.back() += text; }
  void AddImage(std::string file);
};

// The files in the bytes of the input `images`: one, or several with a length of 4 bytes before
// each, the lowest first. Throws Failure.
std::vector<std::string> SplitImages(std::string_view bytes);

// A prompt with its <img src="data:image/TYPE;base64,..."> and with `images`. Throws Failure: a
// path or an address as the source is refused.
MixedText SplitPrompt(std::string_view prompt, std::vector<std::string> images);

// A conversation (see RenderChat in prompt.h) as JSON, with `mark` for each image of its parts
// `image_url` and for each of the input `images`; the files in their order. Throws Failure.
struct MarkedChat {
  std::string json;
  std::vector<std::string> images;
};
MarkedChat MarkChat(std::string_view json, std::vector<std::string> images, std::string_view mark);

// The text that a template made of a marked conversation. Throws Failure when it left images out.
MixedText SplitMarked(std::string_view text, std::string_view mark,
                      std::vector<std::string> images);

}  // namespace wasinn::ggml
