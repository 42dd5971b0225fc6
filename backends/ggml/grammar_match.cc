#include "ggml/grammar_match.h"

#include <algorithm>
#include <string>
#include <utility>

#include "ggml/runtime.h"

namespace wasinn::ggml {
namespace {

using Kind = Grammar::Kind;

constexpr size_t kUsualCalls = 1024;
// Numbers of nodes, calls and parts, or of two calls and a node, share 64 bits.
constexpr uint32_t kNodeBits = 19;
constexpr uint32_t kCallBits = 20;
constexpr uint32_t kPartBits = 24;
static_assert(Grammar::kMaxNodes < size_t{1} << kNodeBits);
static_assert(GrammarMatch::kMaxLinks < size_t{1} << kCallBits);
static_assert(kNodeBits + kCallBits + kPartBits <= 64 && kNodeBits + 2 * kCallBits <= 64);

[[noreturn]] void TooAmbiguous() {
  throw Failure(
      WASINN_TOO_LARGE,
      "ggml: option 'grammar': expected a grammar of which a text is read in bounded steps, "
      "about " +
          std::to_string(GrammarMatch::kStepsAToken) +
          " for each token, given one that is more ambiguous");
}

// An incomplete character: its bits so far after a leading one, and how many bytes are missing.
uint32_t PartOf(uint32_t bits, uint32_t missing) { return bits << 2 | missing; }

// The characters that an incomplete one may become; none if low is above high.
std::pair<uint32_t, uint32_t> Becomes(uint32_t bits, uint32_t missing, uint32_t all) {
  uint32_t low = bits << (6 * missing);
  uint32_t high = low | ((1U << (6 * missing)) - 1);
  // Overlong forms and surrogates are excluded.
  if (all == 2) low = std::max(low, 0x800U);
  if (all == 3) low = std::max(low, 0x10000U);
  high = std::min(high, 0x10FFFFU);
  if (low >= 0xD800 && high <= 0xDFFF) return {1, 0};
  return {low, high};
}

}  // namespace

GrammarMatch::GrammarMatch(std::shared_ptr<const Grammar> grammar, size_t vocabulary)
    : grammar_(std::move(grammar)),
      steps_a_token_(kStepsAToken + kStepsATry * static_cast<int64_t>(vocabulary)),
      tidy_at_(kUsualCalls),
      called_(grammar_->rules().size()) {
  ++walk_;
  calls_.push_back({0, false, {{Grammar::kAcceptNode, 0}}});
  called_[grammar_->root()] = {0, walk_, 0};
  Add(grammar_->rules()[grammar_->root()], 0);
  Close(now_);
  NoteFirstBytes();
}

bool GrammarMatch::Seen::Insert(uint64_t number) {
  if (2 * size_ >= slots_.size()) {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    size_ = 0;
    for (const Slot& slot : old) {
      if (slot.round == round_) Insert(slot.number);
    }
  }
  // The bits are mixed, because the numbers differ mainly in high bits.
  uint64_t at = (number ^ number >> 31) * 0x9E3779B97F4A7C15;
  at ^= at >> 32;
  for (;; ++at) {
    Slot& slot = slots_[at & (slots_.size() - 1)];
    if (slot.round != round_) {
      slot = {number, round_};
      ++size_;
      return true;
    }
    if (slot.number == number) return false;
  }
}

void GrammarMatch::Seen::Clear() {
  ++round_;
  size_ = 0;
}

void GrammarMatch::Step() {
  if (--steps_left_ < 0) TooAmbiguous();
}

bool GrammarMatch::Allows(llama_token token, std::string_view piece) {
  const size_t calls = calls_.size();
  const uint64_t position = position_;
  const bool good = Walk(token, piece);
  Forget(calls);
  position_ = position;
  return good;
}

bool GrammarMatch::Accept(llama_token token, std::string_view piece) {
  const size_t calls = calls_.size();
  const uint64_t position = position_;
  if (!Walk(token, piece)) {
    Forget(calls);
    position_ = position;
    return false;
  }
  std::swap(now_, last_);
  if (calls_.size() >= tidy_at_) DropUnused();
  steps_left_ = std::min(steps_left_ + steps_a_token_, std::max(kStepsATime, steps_a_token_));
  NoteFirstBytes();
  return true;
}

// Stores in last_ the places that the token leads to.
bool GrammarMatch::Walk(llama_token token, std::string_view piece) {
  // Calls of an earlier walk may be gone.
  ++walk_;
  last_.at.clear();
  last_.complete = false;
  if (piece.empty()) {
    ++position_;
    TakeToken(token);
    Close(last_);
    return !last_.at.empty() || last_.complete;
  }
  const Places* from = &now_;
  for (size_t i = 0; i < piece.size(); ++i) {
    ++position_;
    for (const Place& place : from->at) TakeByte(place, static_cast<uint8_t>(piece[i]));
    if (i + 1 == piece.size() && has_tokens_) TakeToken(token);
    Close(next_);
    std::swap(next_, last_);
    from = &last_;
    if (last_.at.empty() && !last_.complete && !has_tokens_) return false;
  }
  return !last_.at.empty() || last_.complete;
}

void GrammarMatch::TakeToken(llama_token token) {
  for (const Place& place : now_.at) {
    Step();
    const Grammar::Node& node = grammar_->nodes()[place.node];
    const bool same = node.value == static_cast<uint32_t>(token);
    if ((node.kind == Kind::kToken && same) || (node.kind == Kind::kNotToken && !same)) {
      Add(node.next, place.call);
    }
  }
}

void GrammarMatch::TakeByte(const Place& place, uint8_t byte) {
  Step();
  const Grammar::Node& node = grammar_->nodes()[place.node];
  if (node.kind == Kind::kByte) {
    if (node.value == byte) Add(node.next, place.call);
    return;
  }
  if (node.kind != Kind::kClass) return;
  uint32_t bits = byte;
  uint32_t missing = 0;
  uint32_t all = 0;
  if (place.part != 0) {
    if ((byte & 0xC0) != 0x80) return;
    missing = (place.part & 3) - 1;
    all = place.part >> 22;
    bits = (place.part >> 2 & 0xFFFFF) << 6 | (byte & 0x3FU);
  } else if (byte >= 0x80) {
    if (byte < 0xC2 || byte > 0xF4) return;
    missing = all = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1;
    bits = byte & (0x3FU >> all);
  }
  const auto [low, high] = Becomes(bits, missing, all);
  if (low > high || !grammar_->classes()[node.value].Overlaps(low, high)) return;
  if (missing == 0) return Add(node.next, place.call);
  Add(place.node, place.call, all << 22 | PartOf(bits, missing));
}

void GrammarMatch::Add(uint32_t node, uint32_t call, uint32_t part) {
  Step();
  const uint64_t key = (static_cast<uint64_t>(node) << kCallBits | call) << kPartBits | part;
  if (!seen_.Insert(key)) return;
  if (seen_.size() > kMaxLinks) TooAmbiguous();
  open_.push_back({node, call, part});
}

// Follows the nodes that match no byte.
void GrammarMatch::Close(Places& to) {
  to.at.clear();
  to.complete = false;
  while (!open_.empty()) {
    const Place place = open_.back();
    open_.pop_back();
    const Grammar::Node& node = grammar_->nodes()[place.node];
    switch (node.kind) {
      case Kind::kSplit:
        Add(node.value, place.call);
        Add(node.next, place.call);
        break;
      case Kind::kCall:
        CallRule(node, place.call);
        break;
      case Kind::kReturn: {
        Call& call = calls_[place.call];
        if (call.position == position_) call.is_empty = true;
        for (const Return& to_node : call.returns) Add(to_node.node, to_node.call);
        break;
      }
      case Kind::kAccept:
        to.complete = true;
        break;
      default:
        to.at.push_back(place);
    }
  }
  seen_.Clear();
  seen_returns_.Clear();
}

void GrammarMatch::CallRule(const Grammar::Node& node, uint32_t caller) {
  Called& newest = called_[node.value];
  if (newest.walk != walk_ || newest.position != position_) {
    newest = {position_, walk_, static_cast<uint32_t>(calls_.size())};
    calls_.push_back({position_, false, {}});
    if (++links_ > kMaxLinks) TooAmbiguous();
    Add(grammar_->rules()[node.value], newest.call);
  }
  const uint32_t call = newest.call;
  // A call at the end of its caller returns to the caller's own returns; otherwise rules that end
  // with themselves would grow without bound. An older caller already has all its returns.
  if (node.next == Grammar::kReturnNode && calls_[caller].position < position_) {
    for (size_t i = 0; i < calls_[caller].returns.size(); ++i) {
      AddReturn(call, calls_[caller].returns[i]);
    }
  } else {
    AddReturn(call, {node.next, caller});
  }
}

void GrammarMatch::AddReturn(uint32_t call, Return to) {
  Step();
  const uint64_t number =
      (static_cast<uint64_t>(call) << kNodeBits | to.node) << kCallBits | to.call;
  if (!seen_returns_.Insert(number)) return;
  Call& callee = calls_[call];
  callee.returns.push_back(to);
  if (++links_ > kMaxLinks) TooAmbiguous();
  if (callee.is_empty) Add(to.node, to.call);
}

// Removes the calls after the first `count`.
void GrammarMatch::Forget(size_t calls) {
  while (calls_.size() > calls) {
    links_ -= 1 + calls_.back().returns.size();
    calls_.pop_back();
  }
}

// Keeps only the calls to which a place can return.
void GrammarMatch::DropUnused() {
  std::vector<uint32_t> number(calls_.size(), UINT32_MAX);
  std::vector<uint32_t> reached;
  const auto reach = [&](uint32_t call) {
    if (std::exchange(number[call], 0) == UINT32_MAX) reached.push_back(call);
  };
  for (const Place& place : now_.at) reach(place.call);
  for (size_t i = 0; i < reached.size(); ++i) {
    for (const Return& to : calls_[reached[i]].returns) reach(to.call);
  }
  std::vector<Call> kept;
  for (size_t call = 0; call < calls_.size(); ++call) {
    if (number[call] == UINT32_MAX) continue;
    number[call] = static_cast<uint32_t>(kept.size());
    kept.push_back(std::move(calls_[call]));
  }
  links_ = kept.size();
  for (Call& call : kept) {
    links_ += call.returns.size();
    for (Return& to : call.returns) to.call = number[to.call];
  }
  for (Place& place : now_.at) place.call = number[place.call];
  calls_ = std::move(kept);
  tidy_at_ = std::max(kUsualCalls, 2 * calls_.size());
}

void GrammarMatch::NoteFirstBytes() {
  first_bytes_.reset();
  has_tokens_ = false;
  for (const Place& place : now_.at) {
    const Grammar::Node& node = grammar_->nodes()[place.node];
    if (node.kind == Kind::kByte) {
      first_bytes_.set(node.value);
    } else if (node.kind != Kind::kClass) {
      has_tokens_ = true;
    } else if (place.part != 0) {
      for (size_t byte = 0x80; byte < 0xC0; ++byte) first_bytes_.set(byte);
    } else {
      first_bytes_ |= grammar_->classes()[node.value].first_bytes;
    }
  }
}

}  // namespace wasinn::ggml
