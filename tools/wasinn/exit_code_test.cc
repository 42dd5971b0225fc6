#include "exit_code.h"

#include <gtest/gtest.h>

#include <limits>

namespace wasinn::cli {
namespace {

TEST(ExitCodeOfGuest, IsItsLowEightBits) {
  for (int code = 0; code < 256; ++code) EXPECT_EQ(ExitCodeOfGuest(code), code);
  EXPECT_EQ(ExitCodeOfGuest(-1), 255);
  EXPECT_EQ(ExitCodeOfGuest(-2), 254);
  EXPECT_EQ(ExitCodeOfGuest(300), 44);
  EXPECT_EQ(ExitCodeOfGuest(std::numeric_limits<std::int32_t>::max()), 255);
}

TEST(ExitCodeOfGuest, IsNotZeroForAGuestThatFailed) {
  for (int bits = 8; bits < 32; ++bits) {
    const std::uint32_t code = std::uint32_t{1} << bits;
    for (const std::uint32_t same : {code, 0 - code}) {
      EXPECT_EQ(ExitCodeOfGuest(static_cast<std::int32_t>(same)), 1) << same;
    }
  }
  EXPECT_EQ(ExitCodeOfGuest(-256), 1);
  EXPECT_EQ(ExitCodeOfGuest(std::numeric_limits<std::int32_t>::min()), 1);
}

}  // namespace
}  // namespace wasinn::cli
