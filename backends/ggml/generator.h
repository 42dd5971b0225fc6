// The engine that writes answers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ggml/draft.h"
#include "ggml/engine.h"

namespace wasinn::ggml {

// All runs of a graph are sequences of one llama_context: each pass over the model computes the
// next token of every answer and a part of every prompt, so that nobody waits for another's end. A
// sequence keeps its tokens after its run, for the next prompt that begins as they do.
class Generator final : public Engine {
 public:
  using Engine::Engine;

 protected:
  bool Busy() const override { return !waiting_.empty() || Active() > 0; }
  void Work() override;
  void Fail(wasinn_code code, const std::string& message) override;
  void Rest() override;

 private:
  struct Sequence {
    llama_seq_id id = 0;              // index in sequences_
    std::vector<llama_token> tokens;  // in the cache, in order
    ImagePlaces images;               // those among them
    // Of the image that is being computed: what stands for its tokens, and how many are in the
    // cache already.
    std::vector<float> seen;
    size_t seen_computed = 0;
    uint64_t owner = 0;   // number of the context whose run was the last
    uint64_t used = 0;    // when, as a count
    bool shared = false;  // has cells together with another sequence
    std::shared_ptr<Request> request;
    bool answering = false;  // the prompt is computed
    llama_token next = 0;    // chosen, and not computed yet
    size_t guess_most =
        SIZE_MAX;           // tokens to guess ahead: more after right ones, fewer after wrong
    size_t guess_rest = 0;  // tokens until guessing is tried again
    // Of the pass under way.
    std::vector<llama_token> fed;
    std::vector<llama_token> guesses;  // the end of `fed` that the draft model has guessed
    int32_t row = -1;  // index in the batch of the token whose scores choose the next; one for
                       // each guess follows

    bool in_prompt() const { return request != nullptr && !answering; }
    // The image of the prompt that is to be computed next; null when a token is.
    const ImagePlace* image() const {
      return in_prompt() ? PlaceAt(request->images, tokens.size()) : nullptr;
    }
    // The position of the next token.
    llama_pos position() const { return PositionOf(images, tokens.size()); }
  };

  size_t Active() const;
  void DropCancelledRuns();
  void Admit();
  bool MakeRoomFor(const Request& request);
  void Open(size_t context_size);
  Sequence* FreeSequence(const Request& request);
  void Begin(Sequence& sequence, std::shared_ptr<Request> request);
  // In generator_cache.cc.
  void Clear(Sequence& sequence);
  bool EvictIdle();
  std::vector<uint8_t> Content(const Sequence& sequence);
  bool SetContent(const Sequence& sequence, const std::vector<uint8_t>& content);
  bool CopyBeginning(Sequence& source, Sequence& sequence, size_t count);
  void Gather();
  size_t Reuse(Sequence& sequence, const Request& request);
  bool Restore(Sequence& sequence, Request& request);
  void Save(const Sequence& sequence, wasinn_code& code, std::string& message);
  // In generator_images.cc.
  void LookAtImage();
  void ComputeImage(Sequence& sequence, const ImagePlace& place);
  bool PassImage(Sequence& sequence, const ImagePlace& place);
  void DropImage(Sequence& sequence);

  void Plan(bool prompts);
  bool Compute();
  bool Pass();
  void FailNewest(bool in_prompt);
  bool GuessAhead();
  void Advance(Sequence& sequence);
  std::optional<llama_token> NextToken(Sequence& sequence, int32_t row, size_t computed,
                                       llama_token guess);
  static void Learn(Sequence& sequence, size_t guessed, size_t right);
  void CutBack(Sequence& sequence, size_t count);
  bool Shift(Sequence& sequence);
  void End(Sequence& sequence);

  std::vector<Sequence> sequences_;
  std::unique_ptr<Draft> draft_;  // null without a draft model
  Pace pace_;
  size_t written_ = 0;     // tokens of answers, of all runs
  bool unified_ = true;    // all sequences share the cells
  size_t cells_ = 0;       // of all sequences, or of each
  bool shifting_ = false;  // cells were moved, and llama.cpp does so in the next pass
  uint64_t clock_ = 0;
  size_t image_turn_ = 0;  // whose image is next
  size_t turn_ = 0;        // whose prompt is first in the next pass
};

}  // namespace wasinn::ggml
