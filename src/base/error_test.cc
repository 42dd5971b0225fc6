#include "base/error.h"

#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <set>
#include <stdexcept>

namespace wasinn {
namespace {

TEST(CodeTest, NamesAreUniqueAndUnknownNumbersSaySo) {
  std::set<std::string_view> names;
  for (int number = 0; number <= 15; ++number) {
    const Code code = CodeFromNumber(number);
    EXPECT_EQ(static_cast<int>(code), number);
    EXPECT_TRUE(names.insert(CodeName(code)).second) << CodeName(code);
  }
  EXPECT_EQ(CodeName(Code::kModelMissing), "model_missing");
  EXPECT_EQ(CodeName(static_cast<Code>(16)), "unknown code");
  EXPECT_EQ(CodeName(static_cast<Code>(-1)), "unknown code");
  EXPECT_EQ(CodeFromNumber(16), Code::kUnknown);
  EXPECT_EQ(CodeFromNumber(-1), Code::kUnknown);
  EXPECT_EQ(CodeFromNumber(INT64_MAX), Code::kUnknown);
}

TEST(CodeTest, DialectNumbersAreThoseThatGuestsMatchOn) {
  EXPECT_EQ(WitxErrno(Code::kOk), 0u);
  EXPECT_EQ(WitxErrno(Code::kInvalidArgument), 1u);
  EXPECT_EQ(WitxErrno(Code::kBusy), 4u);
  EXPECT_EQ(WitxErrno(Code::kTooLarge), 7u);
  EXPECT_EQ(WitxErrno(Code::kNotFound), 8u);
  EXPECT_EQ(WitxErrno(Code::kEndOfSequence), 100u);
  EXPECT_EQ(WitxErrno(Code::kModelMissing), 103u);
  for (uint32_t number = 0; number <= 8; ++number) {
    EXPECT_EQ(WitErrorCode(CodeFromWit(number)), number);
  }
  EXPECT_EQ(CodeFromWit(9), Code::kUnknown);
  EXPECT_EQ(CodeFromWit(UINT32_MAX), Code::kUnknown);
}

TEST(ErrorTest, CrossesTheCBoundaryBothWays) {
  wasinn_error c{};
  EXPECT_EQ(ToC(Error{Code::kTimeout, "expected soon, given late", 42}, &c), WASINN_TIMEOUT);
  EXPECT_STREQ(c.message, "expected soon, given late");
  EXPECT_EQ(c.engine_code, 42);
  const Error back = FromC(WASINN_TIMEOUT, c, "here");
  EXPECT_EQ(back.code, Code::kTimeout);
  EXPECT_EQ(back.message, "expected soon, given late");
  EXPECT_EQ(back.engine_code, 42);
  EXPECT_EQ(ToC(Error{Code::kBusy, "no struct", 0}, nullptr), WASINN_BUSY);
}

TEST(ErrorTest, LongTextIsCutAndEnded) {
  wasinn_error c{};
  (void)ToC(Error{Code::kUnknown, std::string(10'000, 'a'), 0}, &c);
  EXPECT_EQ(std::strlen(c.message), sizeof(c.message) - 1);
}

TEST(ErrorTest, WhatAPlugInLeavesIsNotTrusted) {
  wasinn_error c{};
  std::memset(c.message, 'x', sizeof(c.message));  // no end
  EXPECT_EQ(FromC(WASINN_RUNTIME_ERROR, c, "w").message.size(), sizeof(c.message));
  c.message[0] = '\0';
  EXPECT_EQ(FromC(WASINN_BUSY, c, "backend b: run").message,
            "backend b: run failed with busy and gave no text");
  EXPECT_EQ(FromC(static_cast<wasinn_code>(15), c, "w").code, Code::kCancelled);
  // A failure is never OK.
  EXPECT_EQ(FromC(WASINN_OK, c, "w").code, Code::kUnknown);
}

Result<int> Half(int n) {
  if (n % 2 != 0) return Fail(Code::kInvalidArgument, "expected an even number, given {}", n);
  return n / 2;
}
Result<int> Quarter(int n) {
  WASINN_TRY(half, Half(n));
  WASINN_CHECK(Half(half));
  return half / 2;
}

TEST(ErrorTest, TryAndCheckPassErrorsOn) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(7).error().message, "expected an even number, given 7");
  EXPECT_EQ(Quarter(6).error().message, "expected an even number, given 3");
}

template <typename Throw>
Error Caught(Throw thrower) {
  try {
    thrower();
  } catch (...) {
    return ErrorOfException();
  }
  return {};
}

TEST(ErrorTest, ExceptionsBecomeErrors) {
  EXPECT_EQ(Caught([] { throw std::bad_alloc(); }).code, Code::kTooLarge);
  EXPECT_EQ(Caught([] { throw std::runtime_error("broken"); }).message, "internal error: broken");
  EXPECT_EQ(Caught([] { throw 7; }).code, Code::kUnknown);
}

}  // namespace
}  // namespace wasinn
