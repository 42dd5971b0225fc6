#include "npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <string_view>

namespace wasinn::cli {
namespace {

using Dims = std::vector<std::int64_t>;
using namespace std::string_literals;

std::vector<std::byte> Bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

// A version 1.0 file as NumPy lays it out, with the given header and data.
std::vector<std::byte> File(std::string_view header, std::string_view data) {
  std::string text = "\x93NUMPY\x01\x00"s;
  text += static_cast<char>(header.size() & 0xff);
  text += static_cast<char>(header.size() >> 8);
  text += header;
  text += data;
  return Bytes(text);
}

std::string ErrorOf(const std::vector<std::byte>& file) {
  const auto tensor = ReadNpy(file);
  return tensor ? "none" : tensor.error();
}

// Written by numpy.save(f, numpy.array([[1, 2, 3], [4, 5, 6]], dtype="<i2")).
TEST(ReadNpy, TakesWhatNumPyWrites) {
  const auto file = File("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }\n",
                         "\1\0\2\0\3\0\4\0\5\0\6\0"s);
  const auto tensor = ReadNpy(file);
  ASSERT_TRUE(tensor) << tensor.error();
  EXPECT_EQ(tensor->dtype, WASINN_DTYPE_I16);
  EXPECT_EQ(tensor->dims, (Dims{2, 3}));
  EXPECT_EQ(FirstValues(tensor->view(), 9), "1, 2, 3, 4, 5, 6");
}

TEST(ReadNpy, TakesVersionsTwoAndThree) {
  const std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (), }\n";
  for (const char version : {'\2', '\3'}) {
    std::string text = "\x93NUMPY"s + version + "\0"s + static_cast<char>(header.size()) +
                       "\0\0\0"s + header + "\7";
    const auto tensor = ReadNpy(Bytes(text));
    ASSERT_TRUE(tensor) << tensor.error();
    EXPECT_TRUE(tensor->dims.empty());
  }
  std::string four = "\x93NUMPY\4\0\0\0\0\0"s;
  EXPECT_EQ(ErrorOf(Bytes(four)), "expected .npy version 1.0 to 3.0, given 4.0");
}

TEST(ReadNpy, RefusesWhatItCannotMean) {
  const auto with = [](std::string_view descr, std::string_view order = "False") {
    return File("{'descr': " + std::string(descr) + ", 'fortran_order': " + std::string(order) +
                    ", 'shape': (1, 1), }",
                "\0\0\0\0"s);
  };
  EXPECT_EQ(ErrorOf(with("'<f4'")), "none");
  EXPECT_EQ(ErrorOf(with("'<f4'", "True")),
            "expected row-major data, given Fortran order; save numpy's ascontiguousarray of it");
  EXPECT_EQ(
      ErrorOf(with("'>f4'")),
      "expected little-endian data, given big-endian ('>f4'); convert it with numpy's astype");
  EXPECT_EQ(ErrorOf(with("'|O'")),
            "expected numbers, bool, 'V2' (bf16), '<U...' or '|S...', given the element type '|O'");
  EXPECT_NE(ErrorOf(with("'<c8'")), "none");
  EXPECT_EQ(ErrorOf(with("[('a', '<f4')]")),
            "expected one element type, given a record of several fields");
  EXPECT_EQ(ErrorOf(with("'<f8'")), "expected 1 x 8 bytes of data for the shape [1, 1], given 4");
}

TEST(ReadNpy, RefusesBrokenHeaders) {
  EXPECT_EQ(ErrorOf({}), "expected a .npy file (it starts with \\x93NUMPY), given another one");
  EXPECT_EQ(ErrorOf(Bytes("PK\3\4aaaaaaaaaaaa")),
            "expected a .npy file (it starts with \\x93NUMPY), given another one");
  EXPECT_EQ(ErrorOf(Bytes("\x93NUMPY\1\0\x40\0{"s)), "the file ends inside its header");
  EXPECT_EQ(ErrorOf(Bytes("\x93NUMPY\2\0\0\0\2\0"s)),
            "expected a header of at most 65536 bytes, given 131072");
  for (const char* header :
       {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'descr': '<f4'}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}",
        "{'descr': '<U4294967297', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (4611686018427387904,)}",
        "{'descr': '', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': '<f4', 'fortran_order': False, "
        "'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)}"}) {
    EXPECT_NE(ErrorOf(File(header, "")), "none") << header;
  }
}

TEST(ReadNpy, UnicodeAndBytesBecomeStrings) {
  const auto unicode = ReadNpy(File("{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }",
                                    "h\0\0\0\xe9\0\0\0x\0\0\0\0\0\0\0"s));
  ASSERT_TRUE(unicode) << unicode.error();
  EXPECT_EQ(unicode->dtype, WASINN_DTYPE_STRING);
  EXPECT_EQ(FirstValues(unicode->view(), 9), "\"hé\", \"x\"");
  const auto bytes =
      ReadNpy(File("{'descr': '|S3', 'fortran_order': False, 'shape': (2,), }", "abcd\0\0"s));
  ASSERT_TRUE(bytes) << bytes.error();
  EXPECT_EQ(FirstValues(bytes->view(), 9), "\"abc\", \"d\"");
  EXPECT_NE(
      ErrorOf(File("{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }", "\0\xd8\0\0"s)),
      "none");
}

TEST(WriteNpy, EveryTypeComesBack) {
  for (int number = WASINN_DTYPE_F16; number <= WASINN_DTYPE_BOOL; ++number) {
    Tensor tensor;
    tensor.dtype = static_cast<wasinn_dtype>(number);
    SCOPED_TRACE(wasinn_dtype_name(tensor.dtype));
    tensor.dims = {3, 1};
    tensor.data.resize(3 * wasinn_dtype_size(tensor.dtype), std::byte{1});
    const auto file = WriteNpy(tensor.view());
    ASSERT_TRUE(file) << file.error();
    const auto again = ReadNpy(*file);
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(again->dtype, tensor.dtype);
    EXPECT_EQ(again->dims, tensor.dims);
    EXPECT_EQ(again->data, tensor.data);
  }
}

TEST(WriteNpy, HeadersAreNumPysOwn) {
  const auto text = [](Dims dims) {
    Tensor tensor{WASINN_DTYPE_U8, std::move(dims), {}};
    tensor.data.resize(ElementCount(tensor.dims).value());
    const auto file = WriteNpy(tensor.view()).value();
    EXPECT_EQ((file.size() - tensor.data.size()) % 64, 0u);
    return std::string(reinterpret_cast<const char*>(file.data()), file.size());
  };
  EXPECT_NE(text({}).find("'shape': (), }"), std::string::npos);
  EXPECT_NE(text({3}).find("'shape': (3,), }"), std::string::npos);
  EXPECT_NE(text({3, 4}).find("'shape': (3, 4), }"), std::string::npos);
  EXPECT_NE(text({3}).find("'descr': '|u1'"), std::string::npos);
}

TEST(WriteNpy, StringsComeBack) {
  for (const auto& second : {"größer 𝄞"s, "\xff\xfe"s, ""s}) {
    Tensor tensor{WASINN_DTYPE_STRING, {2}, {}};
    AppendString(tensor.data, "a");
    AppendString(tensor.data, second);
    const auto file = WriteNpy(tensor.view());
    ASSERT_TRUE(file) << file.error();
    const auto again = ReadNpy(*file);
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(again->data, tensor.data);
  }
  const Tensor malformed{WASINN_DTYPE_STRING, {1}, std::vector<std::byte>(3)};
  EXPECT_FALSE(WriteNpy(malformed.view()));
  EXPECT_FALSE(WriteNpy({}));
}

// Every truncation of a good file is refused, and never read past its end (asan checks that).
TEST(ReadNpy, RefusesEveryPrefix) {
  const auto file =
      File("{'descr': '<U2', 'fortran_order': False, 'shape': (1,), }\n", "h\0\0\0i\0\0\0"s);
  ASSERT_TRUE(ReadNpy(file));
  for (std::size_t size = 0; size < file.size(); ++size) {
    const std::vector<std::byte> part(file.begin(),
                                      file.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(ReadNpy(part)) << size;
  }
}

}  // namespace
}  // namespace wasinn::cli
