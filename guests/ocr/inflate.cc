#include "inflate.h"

#include <array>
#include <cstring>

namespace {

constexpr int kMaxBits = 15;

// Bits of a deflate stream, lowest first. Past the end it gives zeros and tells so in `ok`.
class Bits {
 public:
  explicit Bits(std::span<const uint8_t> data) : data_(data) {}

  uint32_t Take(int count) {
    while (held_ < count) {
      if (at_ == data_.size()) {
        ok_ = false;
        return 0;
      }
      value_ |= static_cast<uint32_t>(data_[at_++]) << held_;
      held_ += 8;
    }
    uint32_t result = value_ & ((1u << count) - 1);
    value_ >>= count;
    held_ -= count;
    return result;
  }

  void AlignToByte() {
    value_ >>= held_ % 8;
    held_ -= held_ % 8;
  }

  bool ok() const { return ok_; }

 private:
  std::span<const uint8_t> data_;
  size_t at_ = 0;
  uint32_t value_ = 0;
  int held_ = 0;
  bool ok_ = true;
};

// A canonical Huffman code: how many codes each length has, and the symbols in code order.
class Huffman {
 public:
  explicit Huffman(std::span<const uint8_t> lengths) : symbols_(lengths.size()) {
    for (uint8_t length : lengths) ++count_[length];
    count_[0] = 0;
    std::array<uint16_t, kMaxBits + 2> next{};
    for (int i = 1; i <= kMaxBits; ++i) {
      next[i + 1] = static_cast<uint16_t>(next[i] + count_[i]);
    }
    for (size_t i = 0; i < lengths.size(); ++i) {
      if (lengths[i] != 0) symbols_[next[lengths[i]]++] = static_cast<uint16_t>(i);
    }
  }

  // Returns -1 when no code matches.
  int Read(Bits& bits) const {
    int code = 0, first = 0, index = 0;
    for (int length = 1; length <= kMaxBits && bits.ok(); ++length) {
      code |= static_cast<int>(bits.Take(1));
      int count = count_[length];
      if (code - first < count) return symbols_[index + code - first];
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return -1;
  }

 private:
  std::array<uint16_t, kMaxBits + 1> count_{};
  std::vector<uint16_t> symbols_;
};

// Lengths 3..258 in 29 steps and distances 1..32768 in 30: the base value and its extra bits.
constexpr uint16_t kLengthBase[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                    31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr uint8_t kLengthBits[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                   2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr uint16_t kDistanceBase[] = {
    1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
    193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};

constexpr int kEndOfBlock = 256;

bool ReadCompressed(Bits& bits, const Huffman& literals, const Huffman& distances, size_t limit,
                    std::vector<uint8_t>& out) {
  while (true) {
    int symbol = literals.Read(bits);
    if (symbol < 0) return false;
    if (symbol == kEndOfBlock) return true;
    if (symbol < kEndOfBlock) {
      if (out.size() == limit) return false;
      out.push_back(static_cast<uint8_t>(symbol));
      continue;
    }
    size_t step = static_cast<size_t>(symbol - kEndOfBlock - 1);
    if (step >= std::size(kLengthBase)) return false;
    size_t length = kLengthBase[step] + bits.Take(kLengthBits[step]);
    int distance_step = distances.Read(bits);
    if (distance_step < 0 || static_cast<size_t>(distance_step) >= std::size(kDistanceBase)) {
      return false;
    }
    int extra = distance_step < 4 ? 0 : distance_step / 2 - 1;
    size_t distance = kDistanceBase[distance_step] + bits.Take(extra);
    if (!bits.ok() || distance > out.size() || length > limit - out.size()) return false;
    for (size_t i = 0; i < length; ++i) out.push_back(out[out.size() - distance]);
  }
}

bool ReadStored(Bits& bits, size_t limit, std::vector<uint8_t>& out) {
  bits.AlignToByte();
  uint32_t length = bits.Take(16);
  if (bits.Take(16) != (length ^ 0xffff) || length > limit - out.size()) return false;
  for (uint32_t i = 0; i < length; ++i) out.push_back(static_cast<uint8_t>(bits.Take(8)));
  return bits.ok();
}

bool ReadFixed(Bits& bits, size_t limit, std::vector<uint8_t>& out) {
  std::array<uint8_t, 288> lengths;
  for (size_t i = 0; i < lengths.size(); ++i) {
    lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  }
  std::array<uint8_t, 30> distances;
  distances.fill(5);
  return ReadCompressed(bits, Huffman(lengths), Huffman(distances), limit, out);
}

bool ReadDynamic(Bits& bits, size_t limit, std::vector<uint8_t>& out) {
  static constexpr uint8_t kOrder[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                       11, 4,  12, 3, 13, 2, 14, 1, 15};
  size_t literal_count = bits.Take(5) + 257, distance_count = bits.Take(5) + 1;
  size_t code_count = bits.Take(4) + 4;
  std::array<uint8_t, 19> code_lengths{};
  for (size_t i = 0; i < code_count; ++i) {
    code_lengths[kOrder[i]] = static_cast<uint8_t>(bits.Take(3));
  }
  Huffman codes(code_lengths);
  std::vector<uint8_t> lengths;
  size_t total = literal_count + distance_count;
  while (lengths.size() < total) {
    int symbol = codes.Read(bits);
    if (symbol < 0) return false;
    if (symbol < 16) {
      lengths.push_back(static_cast<uint8_t>(symbol));
      continue;
    }
    uint8_t value = 0;
    if (symbol == 16) {
      if (lengths.empty()) return false;
      value = lengths.back();
    }
    size_t repeat = symbol == 16   ? 3 + bits.Take(2)
                    : symbol == 17 ? 3 + bits.Take(3)
                                   : 11 + bits.Take(7);
    if (repeat > total - lengths.size()) return false;
    lengths.insert(lengths.end(), repeat, value);
  }
  std::span<const uint8_t> all(lengths);
  return ReadCompressed(bits, Huffman(all.first(literal_count)),
                        Huffman(all.subspan(literal_count)), limit, out);
}

}  // namespace

std::optional<std::vector<uint8_t>> Inflate(std::span<const uint8_t> stream, size_t limit) {
  constexpr uint8_t kDeflate = 8, kHasDictionary = 0x20;
  if (stream.size() < 2 || (stream[0] & 0xf) != kDeflate || (stream[1] & kHasDictionary) != 0) {
    return std::nullopt;
  }
  Bits bits(stream.subspan(2));
  std::vector<uint8_t> out;
  out.reserve(limit);
  bool last = false;
  while (!last) {
    last = bits.Take(1) == 1;
    uint32_t kind = bits.Take(2);
    bool read = kind == 0   ? ReadStored(bits, limit, out)
                : kind == 1 ? ReadFixed(bits, limit, out)
                : kind == 2 ? ReadDynamic(bits, limit, out)
                            : false;
    if (!read || !bits.ok()) return std::nullopt;
  }
  return out;
}
