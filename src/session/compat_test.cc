#include "session/compat.h"

#include <gtest/gtest.h>

#include "session/policy.h"

namespace wasinn {
namespace {

TEST(CompatTest, SetsWhatIsNamedAndKeepsTheRest) {
  Compat compat;
  EXPECT_EQ(compat.zero_length_output, ZeroLengthOutput::kOff);
  ASSERT_TRUE(compat.Set("zero_length_output, tensor_types=old"));
  EXPECT_EQ(compat.zero_length_output, ZeroLengthOutput::kOn);
  EXPECT_EQ(compat.tensor_types, TensorTypes::kOld);
  EXPECT_EQ(compat.encoding_numbers, EncodingNumbers::kAuto);
  ASSERT_TRUE(compat.Set("encoding_numbers = wamr"));
  ASSERT_TRUE(compat.Set("zero_length_output=false,tensor_types=new,"));
  EXPECT_EQ(compat.zero_length_output, ZeroLengthOutput::kOff);
  EXPECT_EQ(compat.tensor_types, TensorTypes::kNew);
  EXPECT_EQ(compat.encoding_numbers, EncodingNumbers::kWamr);
  ASSERT_TRUE(compat.Set("encoding_numbers=wasmedge"));
  EXPECT_EQ(compat.encoding_numbers, EncodingNumbers::kWasmEdge);
  EXPECT_TRUE(compat.Set(""));
}

TEST(CompatTest, WrongNamesAndValuesChangeNothing) {
  Policy policy;
  const auto why = [&](std::string_view text) { return policy.Set("compat", text).error(); };
  EXPECT_EQ(why("tensor_types=older").message,
            "compatibility switch tensor_types: expected auto, new, old, given 'older'");
  EXPECT_EQ(why("tensor_types").message,
            "compatibility switch tensor_types: expected auto, new, old, given 'on'");
  EXPECT_EQ(why("zero_length_output=maybe").code, Code::kInvalidArgument);
  EXPECT_EQ(why("tensor_type=old").message,
            "no compatibility switch named 'tensor_type' (did you mean tensor_types?)");
  EXPECT_EQ(why("zero_length_output,x=1").code, Code::kNotFound);
  EXPECT_EQ(policy.compat.zero_length_output, ZeroLengthOutput::kOff);
  ASSERT_TRUE(policy.Set("compat", "zero_length_output"));
  EXPECT_EQ(policy.compat.zero_length_output, ZeroLengthOutput::kOn);
}

TEST(CompatTest, EverySwitchTakesItsValues) {
  for (const CompatSwitch& row : CompatSwitches()) {
    EXPECT_FALSE(row.help.empty()) << row.name;
    Compat compat;
    for (std::string_view rest = row.values; !rest.empty();) {
      const size_t bar = rest.find('|');
      EXPECT_TRUE(compat.Set(std::string(row.name) + "=" + std::string(rest.substr(0, bar))));
      rest = bar == std::string_view::npos ? "" : rest.substr(bar + 1);
    }
  }
}

}  // namespace
}  // namespace wasinn
