// Images of guests: prompts, conversations and files are split and checked, but not decoded.
#include <wasinn/backend.hpp>

#include "ggml/image.h"
#include "ggml/media.h"
#include "input.h"

namespace {

using wasinn::backend::Failure;
using wasinn::ggml::MixedText;

void Look(const MixedText& mixed) {
  wasinn::fuzz::Require(mixed.texts.size() == mixed.images.size() + 1);
  for (const std::string& file : mixed.images) {
    try {
      const wasinn::ggml::ImageSize size = wasinn::ggml::CheckImage(file);
      wasinn::fuzz::Require(size.width > 0 && size.height > 0);
    } catch (const Failure&) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const size_t half = size / 2;
  try {
    Look(wasinn::ggml::SplitPrompt(bytes, {}));
  } catch (const Failure&) {
  }
  try {
    Look(wasinn::ggml::SplitPrompt(bytes.substr(0, half),
                                   wasinn::ggml::SplitImages(bytes.substr(half))));
  } catch (const Failure&) {
  }
  try {
    auto chat = wasinn::ggml::MarkChat(bytes, {}, "#mark#");
    Look(wasinn::ggml::SplitMarked(chat.json, "#mark#", std::move(chat.images)));
  } catch (const Failure&) {
  }
  return 0;
}
