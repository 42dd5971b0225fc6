#include "ggml/vision.h"

#include <mtmd-helper.h>

#include <algorithm>
#include <deque>

#include "ggml/image.h"
#include "ggml/runtime.h"

namespace wasinn::ggml {
namespace {

struct FreeBitmap {
  void operator()(mtmd_bitmap* bitmap) const { mtmd_bitmap_free(bitmap); }
};
struct FreeChunks {
  void operator()(mtmd_input_chunks* chunks) const { mtmd_input_chunks_free(chunks); }
};

Failure NotRead(const std::string& what) {
  const std::string& why = Guarded::FirstError();
  return Failure(WASINN_INVALID_ENCODING, "ggml: images: expected " + what +
                                              ", given one that cannot be" +
                                              (why.empty() ? "" : " (" + why + ")"));
}

}  // namespace

llama_pos PositionOf(const ImagePlaces& places, size_t index) {
  auto position = static_cast<llama_pos>(index);
  for (const ImagePlace& place : places) {
    if (place.end() > index) break;
    position += place.positions - static_cast<llama_pos>(place.count);
  }
  return position;
}

const ImagePlace* PlaceAt(const ImagePlaces& places, size_t index) {
  const auto found = std::ranges::find(places, index, &ImagePlace::begin);
  return found == places.end() ? nullptr : &*found;
}

size_t CommonImages(const ImagePlaces& a, const ImagePlaces& b, size_t count) {
  for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const size_t begin =
        std::min(i < a.size() ? a[i].begin : SIZE_MAX, i < b.size() ? b[i].begin : SIZE_MAX);
    if (begin >= count) return count;
    const bool same = i < a.size() && i < b.size() && a[i].begin == b[i].begin &&
                      a[i].count == b[i].count && a[i].id == b[i].id;
    if (!same || a[i].end() > count) return begin;
  }
  return count;
}

void CutPlaces(ImagePlaces& places, size_t count) {
  std::erase_if(places, [&](const ImagePlace& place) { return place.begin >= count; });
}

Vision::Vision(const char* path, const llama_model& model, uint32_t threads, size_t max_at_once)
    : vocabulary_(llama_model_get_vocab(&model)),
      width_(static_cast<size_t>(llama_model_n_embd_inp(&model))),
      max_at_once_(max_at_once) {
  mtmd_context_params params = mtmd_context_params_default();
  params.use_gpu = false;
  params.print_timings = false;
  params.n_threads = static_cast<int>(threads);
  context_.reset(mtmd_init_from_file(path, &model, params));
  if (context_ == nullptr || !mtmd_support_vision(context_.get())) {
    const std::string& why = Guarded::FirstError();
    throw Failure(WASINN_INVALID_ENCODING,
                  "ggml: option 'mmproj': expected a projector for images that fits the model, "
                  "given another" +
                      (why.empty() ? "" : " (" + why + ")"));
  }
}

void Vision::Read(const MixedText& mixed, std::vector<llama_token>& tokens,
                  ImagePlaces& places) const {
  uint64_t pixels = 0;
  for (const std::string& file : mixed.images) {
    const ImageSize size = CheckImage(file);
    pixels += uint64_t{size.width} * size.height;
    if (pixels > kMaxPixels) {
      throw Failure(WASINN_TOO_LARGE, "ggml: images: expected at most " +
                                          std::to_string(kMaxPixels) +
                                          " pixels in all images of a prompt, given more");
    }
  }
  std::vector<std::unique_ptr<mtmd_bitmap, FreeBitmap>> bitmaps;
  std::deque<mtmd_input_text> texts;
  std::deque<mtmd_input_part> parts;
  std::vector<const mtmd_input_part*> list;
  const auto add = [&](const mtmd_input_text* text, const mtmd_bitmap* bitmap) {
    list.push_back(&parts.emplace_back(text, bitmap));
  };
  for (size_t i = 0; i < mixed.texts.size(); ++i) {
    const std::string& text = mixed.texts[i];
    if (!text.empty()) add(&texts.emplace_back(text.data(), text.size(), true, true), nullptr);
    if (i == mixed.images.size()) break;
    const std::string& file = mixed.images[i];
    bitmaps.emplace_back(mtmd_helper_bitmap_init_from_buf(
                             context_.get(), reinterpret_cast<const unsigned char*>(file.data()),
                             file.size(), false, mtmd_helper_init_opt_default())
                             .bitmap);
    if (bitmaps.back() == nullptr) throw NotRead("an image that can be decoded");
    add(nullptr, bitmaps.back().get());
  }
  const std::unique_ptr<mtmd_input_chunks, FreeChunks> chunks(mtmd_input_chunks_init());
  if (mtmd_tokenize_from_parts(context_.get(), chunks.get(), list.data(), list.size(), true) != 0) {
    throw NotRead("text and images that the model can read");
  }
  for (size_t i = 0; i < mtmd_input_chunks_size(chunks.get()); ++i) {
    const mtmd_input_chunk* chunk = mtmd_input_chunks_get(chunks.get(), i);
    if (mtmd_input_chunk_get_type(chunk) == MTMD_INPUT_CHUNK_TYPE_TEXT) {
      size_t count = 0;
      const llama_token* text = mtmd_input_chunk_get_tokens_text(chunk, &count);
      tokens.insert(tokens.end(), text, text + count);
      continue;
    }
    ImagePlace place;
    place.begin = tokens.size();
    place.count = mtmd_input_chunk_get_n_tokens(chunk);
    place.positions = mtmd_input_chunk_get_n_pos(chunk);
    // The tiles of one image have different numbers.
    place.id = std::string(mtmd_input_chunk_get_id(chunk)) + "/" + std::to_string(i);
    place.chunk.reset(mtmd_input_chunk_copy(chunk), [](const mtmd_input_chunk* copy) {
      mtmd_input_chunk_free(const_cast<mtmd_input_chunk*>(copy));
    });
    if (place.count == 0 || (SeesAhead(place) && place.count > max_at_once_)) {
      throw Failure(WASINN_TOO_LARGE,
                    "ggml: images: expected an image of 1 to " + std::to_string(max_at_once_) +
                        " tokens, since this model needs an image in one batch (the host's option "
                        "max-batch); given " +
                        std::to_string(place.count));
    }
    tokens.insert(tokens.end(), place.count, kImageToken);
    places.push_back(std::move(place));
  }
}

std::vector<float> Vision::Encode(const ImagePlace& place) {
  const std::lock_guard lock(encoding_);
  if (mtmd_encode_chunk(context_.get(), place.chunk.get()) != 0) {
    throw Failure(WASINN_RUNTIME_ERROR, "ggml: llama.cpp could not read an image");
  }
  const float* values = mtmd_get_output_embd(context_.get());
  return {values, values + place.count * width_};
}

std::vector<llama_pos> Vision::Positions(const ImagePlace& place, llama_pos first) const {
  std::vector<llama_pos> positions(place.count);
  const mtmd_image_tokens* image = mtmd_input_chunk_get_tokens_image(place.chunk.get());
  if (!mtmd_decode_use_mrope(context_.get())) {
    for (size_t i = 0; i < place.count; ++i) positions[i] = first + static_cast<llama_pos>(i);
    return positions;
  }
  // Time, row, column and one more, each for all tokens.
  positions.resize(4 * place.count);
  for (size_t i = 0; i < place.count; ++i) {
    const mtmd_decoder_pos one = mtmd_image_tokens_get_decoder_pos(image, first, i);
    positions[i] = static_cast<llama_pos>(one.t);
    positions[place.count + i] = static_cast<llama_pos>(one.y);
    positions[2 * place.count + i] = static_cast<llama_pos>(one.x);
    positions[3 * place.count + i] = static_cast<llama_pos>(one.z);
  }
  return positions;
}

bool Vision::SeesAhead(const ImagePlace& place) const {
  return mtmd_decode_use_non_causal(context_.get(), place.chunk.get());
}

}  // namespace wasinn::ggml
