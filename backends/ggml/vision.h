// The model's eyes: a projector of libmtmd, which turns images into what stands for tokens.
#pragma once

#include <llama.h>
#include <mtmd.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ggml/media.h"

namespace wasinn::ggml {

// Stands in a list of tokens for each place of an image.
inline constexpr llama_token kImageToken = LLAMA_TOKEN_NULL;

// An image, or a tile of one, among the tokens of a prompt or a sequence.
struct ImagePlace {
  size_t begin = 0;
  size_t count = 0;                               // tokens
  llama_pos positions = 0;                        // fewer than tokens for some models
  std::string id;                                 // by what is in the file
  std::shared_ptr<const mtmd_input_chunk> chunk;  // null once it is computed

  size_t end() const { return begin + count; }
};
using ImagePlaces = std::vector<ImagePlace>;

// The position of the token with that index, which is in no image.
llama_pos PositionOf(const ImagePlaces& places, size_t index);
// The place that begins there; null when none does.
const ImagePlace* PlaceAt(const ImagePlaces& places, size_t index);
// How many of the first `count` tokens of both are the same, no image in parts, where their tokens
// are.
size_t CommonImages(const ImagePlaces& a, const ImagePlaces& b, size_t count);
// Forgets those that begin at `count` or later.
void CutPlaces(ImagePlaces& places, size_t count);

// One projector, for all runs of a graph.
class Vision {
 public:
  // Throws Failure. `most_at_once` is the number of tokens of the largest pass.
  Vision(const char* path, const llama_model& model, uint32_t threads, size_t most_at_once);

  // The tokens of a prompt with images, and where those are. Throws Failure. Any thread.
  void Read(const MixedText& mixed, std::vector<llama_token>& tokens, ImagePlaces& places) const;
  // What stands for the tokens of an image, [tokens, width]. Throws Failure. Takes long, and the
  // cores: to be called in a turn.
  std::vector<float> Encode(const ImagePlace& place);
  // llama.cpp's positions for those tokens, the first part of the image at `first`.
  std::vector<llama_pos> Positions(const ImagePlace& place, llama_pos first) const;
  // Whether each of its tokens sees those after it, too, and must be in one pass with them.
  bool SeesAhead(const ImagePlace& place) const;
  // Numbers for each token.
  size_t width() const { return width_; }

 private:
  struct Free {
    void operator()(mtmd_context* context) const { mtmd_free(context); }
  };

  const llama_vocab* vocabulary_;
  const size_t width_;
  const size_t most_at_once_;
  std::unique_ptr<mtmd_context, Free> context_;
  std::mutex encoding_;
};

}  // namespace wasinn::ggml
