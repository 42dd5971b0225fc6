#include "base/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <iterator>

namespace wasinn {

Sha256Hasher::Sha256Hasher()
    : state_(EVP_MD_CTX_new()),
      good_(state_ != nullptr &&
            EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(state_), EVP_sha256(), nullptr) == 1) {}

Sha256Hasher::~Sha256Hasher() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(state_)); }

void Sha256Hasher::Update(const void* data, size_t size) {
  if (size == 0) return;
  good_ = good_ && EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(state_), data, size) == 1;
}

Result<Sha256> Sha256Hasher::Finish() {
  Sha256 hash{};
  if (good_ && EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(state_), hash.data(), nullptr) == 1) {
    return hash;
  }
  return Fail(Code::kUnknown, "expected SHA-256 from the system's OpenSSL, given none");
}

std::string Hex(const Sha256& hash) {
  std::string text;
  for (uint8_t byte : hash) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  return text;
}

}  // namespace wasinn
