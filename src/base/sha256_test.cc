#include "base/sha256.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace wasinn {
namespace {

std::string HashOf(std::string_view text) {
  Sha256Hasher hasher;
  hasher.Update(text.data(), text.size());
  return Hex(*hasher.Finish());
}

// The vectors of FIPS 180-4.
TEST(Sha256Test, KnownVectors) {
  EXPECT_EQ(HashOf(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HashOf("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HashOf(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, PiecesGiveTheSameHash) {
  Sha256Hasher hasher;
  for (const char c : std::string_view("abc")) hasher.Update(&c, 1);
  hasher.Update(nullptr, 0);
  EXPECT_EQ(Hex(*hasher.Finish()), HashOf("abc"));
}

// Else all models that guests bring would be the same one.
TEST(Sha256Test, ARefusalOfTheLibraryIsAnErrorAndNoHash) {
  ASSERT_EQ(EVP_set_default_properties(nullptr, "provider=none"), 1);
  Sha256Hasher hasher;
  hasher.Update("abc", 3);
  const auto hash = hasher.Finish();
  ASSERT_EQ(EVP_set_default_properties(nullptr, ""), 1);
  ASSERT_FALSE(hash);
  EXPECT_EQ(hash.error().message, "expected SHA-256 from the system's OpenSSL, given none");
}

}  // namespace
}  // namespace wasinn
