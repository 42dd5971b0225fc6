#include "input_spec.h"

#include <gtest/gtest.h>

#include "files.h"
#include "npy.h"
#include "support/temp_dir.h"

namespace wasinn::cli {
namespace {

using Dims = std::vector<std::int64_t>;

class InputSpecTest : public ::testing::Test {
 protected:
  std::string Write(const char* name, std::string_view text) {
    const std::string path = folder_.path(name);
    EXPECT_TRUE(WriteFile(path, std::as_bytes(std::span(text))));
    return path;
  }

  const wasinn::testing::TempDir folder_;
  const std::vector<Port> ports_ = {{"x", WASINN_DTYPE_F32, Dims{1, -1}, false},
                                    {"text", WASINN_DTYPE_STRING, Dims{1}, false},
                                    {"prompt", WASINN_DTYPE_U8, std::nullopt, true, true},
                                    {"raw", WASINN_DTYPE_U8, Dims{-1}, true},
                                    {"any", WASINN_DTYPE_NONE, std::nullopt, true}};
};

TEST_F(InputSpecTest, SplitsNameTypeAndValue) {
  auto spec = ParseInputSpec("x=a=b");
  EXPECT_EQ(spec.name, "x");
  EXPECT_EQ(spec.value, "a=b");
  spec = ParseInputSpec("x:0=1");
  EXPECT_EQ(spec.name, "x:0");
  EXPECT_EQ(spec.dtype, WASINN_DTYPE_NONE);
  spec = ParseInputSpec("x:0:i64=1");
  EXPECT_EQ(spec.name, "x:0");
  EXPECT_EQ(spec.dtype, WASINN_DTYPE_I64);
  spec = ParseInputSpec("a.npy");
  EXPECT_EQ(spec.name, "");
  EXPECT_EQ(spec.value, "a.npy");
}

TEST_F(InputSpecTest, ReadsEveryKindOfValue) {
  auto input = ReadInput(ParseInputSpec("x=[1, 2, 3]"), ports_);
  ASSERT_TRUE(input) << input.error();
  EXPECT_EQ(input->name, "0");
  EXPECT_EQ(input->tensor.dims, (Dims{1, 3}));

  input = ReadInput(ParseInputSpec("text=hello"), ports_);
  ASSERT_TRUE(input) << input.error();
  EXPECT_EQ(input->name, "1");
  EXPECT_EQ(FirstValues(input->tensor.view(), 1), "\"hello\"");

  input = ReadInput(ParseInputSpec("1=@" + Write("note.txt", "from a file")), ports_);
  ASSERT_TRUE(input) << input.error();
  EXPECT_EQ(FirstValues(input->tensor.view(), 1), "\"from a file\"");

  input = ReadInput(ParseInputSpec("x=" + Write("x.json", "[[4, 5]]")), ports_);
  ASSERT_TRUE(input) << input.error();
  EXPECT_EQ(input->tensor.dims, (Dims{1, 2}));

  const std::vector<std::int64_t> numbers = {7, 8};
  const Dims dims = {2};
  const auto npy = WriteNpy(TensorView::Of<std::int64_t>(WASINN_DTYPE_I64, dims, numbers)).value();
  const std::string path = Write("x.npy", {reinterpret_cast<const char*>(npy.data()), npy.size()});
  input = ReadInput(ParseInputSpec("x=" + path), ports_);
  ASSERT_TRUE(input) << input.error();
  EXPECT_EQ(input->tensor.dtype, WASINN_DTYPE_I64) << "a .npy file keeps its own type";
}

TEST_F(InputSpecTest, OnATextPortAValueIsText) {
  const auto text_of = [&](const std::string& spec) {
    const auto input = ReadInput(ParseInputSpec(spec), ports_);
    EXPECT_TRUE(input) << input.error();
    if (!input) return std::string();
    const auto& tensor = input->tensor;
    if (tensor.dtype == WASINN_DTYPE_STRING) {
      return std::string(SplitStrings(tensor.data, 1).value().front());
    }
    return std::string(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size());
  };
  const std::string json = Write("chat.json", R"([{"role": "user"}])");
  for (const std::string port : {"text", "prompt", "prompt:string"}) {
    for (const std::string value : {"read my package.json", "none.npy", "[1, 2]", "", "a@b", "-"}) {
      EXPECT_EQ(text_of(port + "=" + value), value);
    }
    EXPECT_EQ(text_of(port + "=@@home"), "@home");
    EXPECT_EQ(text_of(port + "=@@@"), "@@");
    EXPECT_EQ(text_of(port + "=@" + Write("a,b=c ü:1.txt", "@x")), "@x");
  }
  EXPECT_EQ(text_of("prompt=@" + json), R"([{"role": "user"}])");
  EXPECT_EQ(text_of("raw=@" + Write("bytes", "\x01\x02")), "\x01\x02");
  EXPECT_EQ(text_of("raw=@@"), "@");
}

TEST_F(InputSpecTest, FilesAreAskedFor) {
  const std::string lists = Write("lists.json", R"([["a"], ["b"]])");
  auto input = ReadInput(ParseInputSpec("text=@" + lists), ports_);
  ASSERT_TRUE(input) << input.error();
  EXPECT_EQ(input->tensor.dims, (Dims{2, 1})) << "JSON has lists of strings";
  input = ReadInput(ParseInputSpec("x=@" + Write("x.json", "[[4, 5]]")), ports_);
  ASSERT_TRUE(input) << input.error();
  EXPECT_EQ(input->tensor.dims, (Dims{1, 2}));

  const Dims dims = {1};
  const std::vector<std::int64_t> numbers = {7};
  const auto npy = WriteNpy(TensorView::Of<std::int64_t>(WASINN_DTYPE_I64, dims, numbers)).value();
  const std::string path = Write("n.npy", {reinterpret_cast<const char*>(npy.data()), npy.size()});
  for (const std::string spec : {"prompt=@", "text=@", "x=@", "raw=", "any=", "x:i64="}) {
    input = ReadInput(ParseInputSpec(spec + path), ports_);
    ASSERT_TRUE(input) << spec << input.error();
    EXPECT_EQ(input->tensor.dtype, WASINN_DTYPE_I64) << spec;
  }
  // Without a name the whole of it is the file's.
  const std::vector<Port> one = {ports_.front()};
  EXPECT_TRUE(ReadInput(ParseInputSpec("@" + Write("a=b.json", "[[1]]")), one));
  EXPECT_TRUE(ReadInput(ParseInputSpec("=" + Write("a=b.json", "[[1]]")), one));

  EXPECT_EQ(ReadInput(ParseInputSpec("prompt=@alice"), ports_).error(),
            "--input prompt: alice: there is no such file (a text that begins with @ is written "
            "with @@)");
}

TEST_F(InputSpecTest, ErrorsNameTheInputAndTheFile) {
  EXPECT_EQ(ReadInput(ParseInputSpec("y=1"), ports_).error(),
            "--input y: expected the name or number of an input (x, text, prompt, raw, any), given "
            "\"y\"");
  EXPECT_EQ(ReadInput(ParseInputSpec("1"), ports_).error(),
            "--input: expected NAME=VALUE for one of the inputs (x, text, prompt, raw, any), "
            "given a value alone");
  EXPECT_EQ(ReadInput(ParseInputSpec("x=none.npy"), ports_).error(),
            "--input x: none.npy: there is no such file");
  const std::string path = Write("x.npy", "no array");
  EXPECT_EQ(ReadInput(ParseInputSpec("x=" + path), ports_).error(),
            "--input x: " + path +
                ": expected a .npy file (it starts with \\x93NUMPY), given another one");
  const std::string folder = folder_.path("x.json");
  std::filesystem::create_directory(folder);
  EXPECT_EQ(ReadInput(ParseInputSpec("x=" + folder), ports_).error(),
            "--input x: " + folder + ": expected a file, given a folder");
}

}  // namespace
}  // namespace wasinn::cli
