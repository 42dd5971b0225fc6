// The sequences' cells in the KV cache: reusing, copying, moving, saving and dropping them.
#include <algorithm>
#include <utility>

#include "ggml/generator.h"
#include "ggml/graph.h"

namespace wasinn::ggml {
namespace {

// Sharing fewer tokens is not worth its cost.
constexpr size_t kMinShared = 16;

// How many of the first tokens, at most `max`, agree with the request's prompt.
size_t CommonPrefix(const std::vector<llama_token>& tokens, const ImagePlaces& images,
                    const Request& request, size_t max = SIZE_MAX) {
  const auto end = std::ranges::mismatch(tokens, request.prompt).in1;
  const auto common = static_cast<size_t>(end - tokens.begin());
  return CommonImages(images, request.images, std::min(common, max));
}

}  // namespace

void Generator::Clear(Sequence& sequence) {
  llama_memory_seq_rm(llama_get_memory(context_.get()), sequence.id, -1, -1);
  sequence.tokens.clear();
  sequence.images.clear();
  sequence.shared = false;
}

bool Generator::EvictIdle() {
  Sequence* oldest = nullptr;
  for (Sequence& sequence : sequences_) {
    if (sequence.request != nullptr || sequence.tokens.empty()) continue;
    if (oldest == nullptr || sequence.used < oldest->used) oldest = &sequence;
  }
  if (oldest == nullptr) return false;
  Clear(*oldest);
  return true;
}

// The cache's contents for a sequence.
std::vector<uint8_t> Generator::Content(const Sequence& sequence) {
  std::vector<uint8_t> content(llama_state_seq_get_size(context_.get(), sequence.id));
  content.resize(
      llama_state_seq_get_data(context_.get(), content.data(), content.size(), sequence.id));
  return content;
}

// False if the contents could not be set; the cache is then empty for the sequence.
bool Generator::SetContent(const Sequence& sequence, const std::vector<uint8_t>& content) {
  // A state without tokens would leave the present ones in place.
  llama_memory_seq_rm(llama_get_memory(context_.get()), sequence.id, -1, -1);
  return llama_state_seq_set_data(context_.get(), content.data(), content.size(), sequence.id) ==
         content.size();
}

// Replaces the sequence's tokens by the first `count` tokens of another one; false if the sequence
// is empty afterwards.
bool Generator::CopyBeginning(Sequence& source, Sequence& sequence, size_t count) {
  llama_memory_t memory = llama_get_memory(context_.get());
  const llama_pos end = PositionOf(source.images, count);
  Clear(sequence);
  if (unified_) {
    llama_memory_seq_cp(memory, source.id, sequence.id, 0, end);
    sequence.shared = source.shared = true;
  } else if (shifting_ || !SetContent(sequence, Content(source)) ||
             !llama_memory_seq_rm(memory, sequence.id, end, -1)) {
    Clear(sequence);
    return false;
  }
  sequence.images = source.images;
  CutPlaces(sequence.images, count);
  sequence.tokens.assign(source.tokens.begin(),
                         source.tokens.begin() + static_cast<std::ptrdiff_t>(count));
  return true;
}

// llama.cpp decodes sequences in one batch only if they are neighbours in the cache, unless they
// share it. This moves the sequences with runs side by side.
void Generator::Gather() {
  if (unified_ || shifting_) return;
  const auto active = [](const Sequence& sequence) { return sequence.request != nullptr; };
  auto gap = std::ranges::find_if(sequences_, active);
  auto end = sequences_.end();
  while ((gap = std::find_if_not(gap, end, active)) != end) {
    while (end != gap && !active(end[-1])) --end;
    if (end == gap) return;
    Sequence& last = end[-1];
    const std::vector<uint8_t> run = Content(last);
    const std::vector<uint8_t> idle = Content(*gap);
    if (!SetContent(*gap, run) || !SetContent(last, idle)) {
      throw Failure(WASINN_RUNTIME_ERROR, "ggml: llama.cpp could not move a sequence");
    }
    std::swap(*gap, last);
    std::swap(gap->id, last.id);
  }
}

// Keeps the prompt tokens that were computed before in the sequence, and returns their number.
size_t Generator::Reuse(Sequence& sequence, const Request& request) {
  const Settings& settings = graph_.settings;
  llama_memory_t memory = llama_get_memory(context_.get());
  // The last token must be computed for its logits.
  const size_t max = request.prompt.size() - 1;
  const auto usable = [&](const Sequence& from) {
    return CommonPrefix(from.tokens, from.images, request, max);
  };
  const bool shifts = request.settings().context_shift;
  if (!request.settings().cache_prompt || (shifts && sequence.shared)) {
    Clear(sequence);
    return 0;
  }
  const size_t own = usable(sequence);
  // Cells of several sequences cannot be moved, so sequences with context-shift share none.
  if (settings.share_prefix && !graph_.is_recurrent && !shifts) {
    Sequence* source = nullptr;
    size_t common = own + kMinShared;
    for (Sequence& other : sequences_) {
      const bool moves = other.request != nullptr && other.request->settings().context_shift;
      if (&other == &sequence || moves || usable(other) <= common) continue;
      source = &other;
      common = usable(other);
    }
    if (source != nullptr) {
      return CopyBeginning(*source, sequence, common) ? common : 0;
    }
  }
  if (own < sequence.tokens.size()) {
    // A recurrent model cannot drop tokens at the end.
    if (!llama_memory_seq_rm(memory, sequence.id, PositionOf(sequence.images, own), -1)) {
      Clear(sequence);
      return 0;
    }
    sequence.tokens.resize(own);
    CutPlaces(sequence.images, own);
  }
  return own;
}

// Loads the request's saved state into the sequence if the state covers more of the prompt than the
// cache does. False if the state was bad; the request has then ended.
bool Generator::Restore(Sequence& sequence, Request& request) {
  const std::unique_ptr<StateFile> state = std::move(request.state);
  if (CommonPrefix(state->tokens(), {}, request) <=
      CommonPrefix(sequence.tokens, sequence.images, request)) {
    return true;
  }
  Clear(sequence);
  try {
    const auto parts = static_cast<uint32_t>(unified_ ? 1 : sequences_.size());
    const std::vector<uint8_t> data = StateOfParts(state->ReadData(), parts);
    const Guarded guarded(graph_.instance.host);
    bool taken = false;
    do {
      taken = SetContent(sequence, data);
    } while (!taken && EvictIdle());
    llama_memory_t memory = llama_get_memory(context_.get());
    const auto last = static_cast<llama_pos>(state->tokens().size()) - 1;
    if (!taken || llama_memory_seq_pos_min(memory, sequence.id) != 0 ||
        llama_memory_seq_pos_max(memory, sequence.id) != last) {
      throw Failure(
          WASINN_RUNTIME_ERROR,
          "ggml: option 'state-load': expected a state that the key-value cache can take, "
          "given one that it cannot (" +
              Guarded::FirstError() + ")");
    }
  } catch (const Failure& failure) {
    Clear(sequence);
    request.Fail(failure.code(), failure.message());
    return false;
  } catch (const std::exception& exception) {
    Clear(sequence);
    request.Fail(WASINN_RUNTIME_ERROR, std::string("ggml: ") + exception.what());
    return false;
  }
  sequence.tokens = state->tokens();
  return true;
}

// Saves the state of a run that succeeds, if that was requested; otherwise sets the error.
void Generator::Save(const Sequence& sequence, wasinn_code& code, std::string& message) {
  const Settings& settings = sequence.request->settings();
  if (settings.state_save.empty()) return;
  try {
    if (!sequence.images.empty()) {
      throw Failure(WASINN_UNSUPPORTED_OPERATION,
                    "ggml: option 'state-save': expected a session of text alone, given one with "
                    "images");
    }
    const std::vector<uint8_t> data = StateOfShared(Content(sequence));
    if (!GoodState(data, sequence.tokens.size())) {
      throw Failure(WASINN_UNSUPPORTED_OPERATION,
                    "ggml: option 'state-save': expected a session whose state can be saved, given "
                    "another");
    }
    graph_.states->Save(settings.state_save, graph_.StateKey(settings), sequence.tokens, data);
  } catch (const Failure& failure) {
    code = failure.code();
    message = failure.message();
  } catch (const std::exception& exception) {
    code = WASINN_RUNTIME_ERROR;
    message = std::string("ggml: ") + exception.what();
  }
}

}  // namespace wasinn::ggml
