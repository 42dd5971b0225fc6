// The images of prompts: one step at a time, alternating with batches of text.
#include <algorithm>

#include "ggml/generator.h"
#include "ggml/graph.h"

namespace wasinn::ggml {

// One step of one image: encoding it, or decoding a part of its embeddings.
void Generator::LookAtImage() {
  for (size_t i = 0; i < sequences_.size(); ++i) {
    Sequence& sequence = sequences_[(image_turn_ + i) % sequences_.size()];
    const ImagePlace* place = sequence.image();
    if (place == nullptr) continue;
    image_turn_ = (image_turn_ + i + 1) % sequences_.size();
    if (!sequence.seen.empty()) return ComputeImage(sequence, *place);
    const std::shared_ptr<Request> request = sequence.request;
    try {
      const Cores::Turn turn(graph_.instance.cores);
      sequence.seen = graph_.vision->Encode(*place);
    } catch (const Failure& failure) {
      End(sequence);
      request->Fail(failure.code(), failure.message());
    }
    return;
  }
}

void Generator::ComputeImage(Sequence& sequence, const ImagePlace& place) {
  if (!DecodeImage(sequence, place)) {
    // The cache is full: as for text, but completions under way may end first.
    const bool generating = std::ranges::any_of(sequences_, [](const Sequence& other) {
      return other.request != nullptr && !other.in_prompt();
    });
    if (!EvictIdle() && !generating) FailNewest(true);
    return;
  }
  if (sequence.seen_computed < place.count) return;
  sequence.seen.clear();
  sequence.seen_computed = 0;
  sequence.tokens.insert(sequence.tokens.end(), place.count, kImageToken);
  sequence.images.push_back(place);
  sequence.images.back().chunk.reset();
  // If the prompt ends with an image, the completion follows it.
  if (sequence.row >= 0) Advance(sequence);
}

// Decodes a part of the embeddings; false if the cache has no room for it.
bool Generator::DecodeImage(Sequence& sequence, const ImagePlace& place) {
  const Settings& settings = sequence.request->settings();
  const bool ahead = graph_.vision->SeesAhead(place);
  const size_t from = sequence.seen_computed;
  size_t count = place.count - from;
  if (!ahead) {
    count = std::min({count, static_cast<size_t>(llama_n_batch(context_.get())),
                      static_cast<size_t>(std::min(settings.batch_size, settings.ubatch_size))});
  }
  const std::vector<llama_pos> all = graph_.vision->Positions(place, sequence.position());
  std::vector<llama_pos> positions;
  for (size_t section = 0; section < all.size(); section += place.count) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(section + from);
    positions.insert(positions.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
  }
  std::vector<int32_t> counts(count, 1);
  std::vector<llama_seq_id*> ids(count, &sequence.id);
  std::vector<int8_t> wanted(count, 0);
  const bool last = place.end() == sequence.request->prompt.size() && from + count == place.count;
  wanted.back() = last ? 1 : 0;
  const llama_batch batch{static_cast<int32_t>(count),
                          nullptr,
                          sequence.seen.data() + from * graph_.vision->width(),
                          positions.data(),
                          counts.data(),
                          ids.data(),
                          wanted.data()};
  if (ahead) llama_set_causal_attn(context_.get(), false);
  const int32_t status = Decode(batch, {sequence.request.get()});
  if (ahead) llama_set_causal_attn(context_.get(), true);
  if (status == 1) return false;
  // Cancelled: the run ends before the next step.
  if (status == 2) return true;
  if (status != 0) {
    throw Failure(WASINN_RUNTIME_ERROR, "ggml: llama.cpp could not compute an image", status);
  }
  sequence.seen_computed += count;
  sequence.row = last ? static_cast<int32_t>(count) - 1 : -1;
  return true;
}

// Removes the part of an incomplete image from the cache.
void Generator::DropImage(Sequence& sequence) {
  if (sequence.seen.empty()) return;
  sequence.seen.clear();
  sequence.seen_computed = 0;
  if (!llama_memory_seq_rm(llama_get_memory(context_.get()), sequence.id, sequence.position(),
                           -1)) {
    Clear(sequence);
  }
}

}  // namespace wasinn::ggml
