// A projector of libmtmd, which turns images into embeddings that take the place of tokens.
#pragma once

#include <llama.h>
#include <mtmd.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ggml/media.h"

namespace wasinn::ggml {

// The placeholder for each position of an image in a list of tokens.
inline constexpr llama_token kImageToken = LLAMA_TOKEN_NULL;

// An image, or a tile of one, among the tokens of a prompt or a sequence.
struct ImagePlace {
  size_t begin = 0;
  size_t count = 0;                               // tokens
  llama_pos positions = 0;                        // fewer than the tokens for some models
  std::string id;                                 // depends on the file's content
  std::shared_ptr<const mtmd_input_chunk> chunk;  // null after it was computed

  size_t end() const { return begin + count; }
};
using ImagePlaces = std::vector<ImagePlace>;

// The position of the token with that index, which must not be in an image.
llama_pos PositionOf(const ImagePlaces& places, size_t index);
// The image that begins there, or null.
const ImagePlace* PlaceAt(const ImagePlaces& places, size_t index);
// How many of the first `count` tokens, which are equal in both, also have equal images; images are
// not split.
size_t CommonImages(const ImagePlaces& a, const ImagePlaces& b, size_t count);
// Removes the images that begin at `count` or later.
void CutPlaces(ImagePlaces& places, size_t count);

// One projector, for all runs of a graph.
class Vision {
 public:
  // Throws Failure. `max_at_once` is the maximum number of tokens in one batch.
  Vision(const char* path, const llama_model& model, uint32_t threads, size_t max_at_once);

  // The tokens of a prompt with images, and the places of the images. Throws Failure. Any thread.
  void Read(const MixedText& mixed, std::vector<llama_token>& tokens, ImagePlaces& places) const;
  // The embeddings of an image, [tokens, width]. Throws Failure. This takes long and uses the
  // cores: call it in a turn.
  std::vector<float> Encode(const ImagePlace& place);
  // llama.cpp's positions for those tokens, if the image begins at position `first`.
  std::vector<llama_pos> Positions(const ImagePlace& place, llama_pos first) const;
  // Whether each token of the image attends to later ones, too, so that all must be in one batch.
  bool SeesAhead(const ImagePlace& place) const;
  // The width of an embedding.
  size_t width() const { return width_; }

 private:
  struct Free {
    void operator()(mtmd_context* context) const { mtmd_free(context); }
  };

  const llama_vocab* vocabulary_;
  const size_t width_;
  const size_t max_at_once_;
  std::unique_ptr<mtmd_context, Free> context_;
  std::mutex encoding_;
};

}  // namespace wasinn::ggml
