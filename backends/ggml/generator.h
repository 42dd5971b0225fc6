// The engine that generates text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ggml/draft.h"
#include "ggml/engine.h"

namespace wasinn::ggml {

// All runs of a graph are sequences of one llama_context: each batch holds the next token of every
// completion and a part of every prompt, so that no run waits for the end of another. A sequence
// keeps its tokens after its run, for the next prompt with the same prefix.
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
    ImagePlaces images;               // the images among them
    // The image that is being computed: its embeddings, and how many of its tokens are in the cache
    // already.
    std::vector<float> seen;
    size_t seen_computed = 0;
    uint64_t owner = 0;   // number of the context that used it last
    uint64_t used = 0;    // the time of its last use, as a count
    bool shared = false;  // shares cells with another sequence
    std::shared_ptr<Request> request;
    bool generating = false;  // the prompt is complete
    llama_token next = 0;     // sampled, but not decoded yet
    size_t max_draft_tokens =
        SIZE_MAX;           // doubled when all were accepted, halved when most were rejected
    size_t draft_rest = 0;  // tokens until drafting is tried again
    // For the batch under way.
    std::vector<llama_token> fed;
    std::vector<llama_token> draft_tokens;  // the end of `fed`, which the draft model proposed
    int32_t row = -1;  // index in the batch of the token whose logits select the next one; the
                       // rows of the draft tokens follow

    bool in_prompt() const { return request != nullptr && !generating; }
    // The image of the prompt that must be computed next; null if a token comes next.
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
  bool DecodeImage(Sequence& sequence, const ImagePlace& place);
  void DropImage(Sequence& sequence);

  void Plan(bool prompts);
  bool Compute();
  bool DecodeBatch();
  void FailNewest(bool in_prompt);
  bool AddDraftTokens();
  void Advance(Sequence& sequence);
  std::optional<llama_token> NextToken(Sequence& sequence, int32_t row, size_t computed,
                                       llama_token draft_token);
  static void Learn(Sequence& sequence, size_t drafted, size_t accepted);
  void CutBack(Sequence& sequence, size_t count);
  bool Shift(Sequence& sequence);
  void End(Sequence& sequence);

  std::vector<Sequence> sequences_;
  std::unique_ptr<Draft> draft_;  // null without a draft model
  DraftPace pace_;
  size_t written_ = 0;     // completion tokens of all runs
  bool unified_ = true;    // all sequences share the cells
  size_t cells_ = 0;       // of all sequences together, or of each
  bool shifting_ = false;  // cells are to be moved, which llama.cpp does at the next decode
  uint64_t clock_ = 0;
  size_t image_turn_ = 0;  // the sequence whose image comes next
  size_t turn_ = 0;        // the sequence whose prompt comes first in the next batch
};

}  // namespace wasinn::ggml
