// The SHA-256 of content, which decides whether two loads are of the same model. A cryptographic
// hash, because a guest that could make two contents collide could see another guest's model.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "base/error.h"

namespace wasinn {

using Sha256 = std::array<uint8_t, 32>;

class Sha256Hasher {
 public:
  Sha256Hasher();
  ~Sha256Hasher();
  Sha256Hasher(const Sha256Hasher&) = delete;
  Sha256Hasher& operator=(const Sha256Hasher&) = delete;
  void Update(const void* data, size_t size);
  // UNKNOWN if the library refused to hash: a wrong hash must never be returned.
  Result<Sha256> Finish();

 private:
  void* state_;
  bool good_;
};

std::string Hex(const Sha256& hash);

}  // namespace wasinn
