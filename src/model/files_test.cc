#include "model/files.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "base/text.h"
#include "support/temp_dir.h"

namespace wasinn {
namespace {
namespace fs = std::filesystem;

using testing::TempDir;

// A field of protobuf that holds bytes.
std::string Message(int field, const std::string& content) {
  std::string out(1, static_cast<char>((field << 3 | 2) & 0x7f));
  if (field > 15) out = {static_cast<char>((field << 3 | 2) | 0x80), static_cast<char>(field >> 4)};
  for (size_t size = content.size();; size >>= 7) {
    out += static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0));
    if (size <= 0x7f) break;
  }
  return out + content;
}

// A TensorProto whose `length` bytes from `offset` lie in the file `location`.
std::string External(const std::string& location, const std::string& offset = "",
                     const std::string& length = "") {
  std::string tensor;
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) tensor += Message(13, Message(1, key) + Message(2, value));
  };
  add("location", location);
  add("offset", offset);
  add("length", length);
  return tensor + std::string{0x70, 0x01};  // data_location = EXTERNAL
}

// A model with these initializers.
std::string Onnx(const std::vector<std::string>& tensors) {
  std::string graph;
  for (const std::string& tensor : tensors) graph += Message(5, tensor);
  return std::string{0x08, 0x08} + Message(7, graph);
}

class ModelFilesTest : public ::testing::Test {
 protected:
  // The paths below the folder of the files of a model, or the error that there is instead.
  std::vector<std::string> Of(const std::string& name) {
    const auto files = lists_.Of(dir_.path(name));
    if (!files) return {files.error().message};
    std::vector<std::string> names;
    uint64_t size = 0;
    for (const ModelFile& file : files->files) {
      names.push_back(fs::path(file.path).lexically_relative(dir_.path()).string());
      size += file.size;
    }
    EXPECT_EQ(files->size, size);
    return names;
  }
  std::string Identity(const std::string& name) {
    const auto files = lists_.Of(dir_.path(name));
    EXPECT_TRUE(files) << files.error().message;
    return files ? files->identity : "";
  }
  std::string ErrorOf(const std::string& name, Code code) {
    const auto files = lists_.Of(dir_.path(name));
    if (files) return "";
    EXPECT_EQ(files.error().code, code) << files.error().message;
    std::string message = files.error().message;
    const std::string prefix = dir_.path() + "/";
    if (const size_t at = message.find(prefix); at != std::string::npos) {
      message.erase(at, prefix.size());
    }
    return message;
  }
  using Names = std::vector<std::string>;

  const TempDir dir_;
  FileLists lists_;
};

TEST_F(ModelFilesTest, AModelIsItsFileOrFolder) {
  dir_.Write("m", "whatever");
  dir_.Write("folder/saved_model.pb", "x");
  EXPECT_EQ(Of("m"), Names{"m"});
  EXPECT_EQ(Of("folder"), Names{"folder"});
  EXPECT_EQ(ErrorOf("none", Code::kModelMissing), "its file is gone");
}

TEST_F(ModelFilesTest, ExternalDataWhereverATensorStands) {
  const std::string node = Message(5, Message(5, External("of_a_node")));
  const std::string body = Message(1, Message(5, Message(6, Message(1, node))));
  const std::string sparse = Message(15, Message(1, External("sparse/värden")));
  dir_.Write("m.onnx", Onnx({External("weights"), External("weights"), External("b/c/weights")}) +
                           Message(7, body + sparse) + Message(25, Message(7, node)));
  for (const char* name : {"weights", "b/c/weights", "of_a_node", "sparse/värden"}) {
    dir_.Write(name, "12345678");
  }
  EXPECT_EQ(Of("m.onnx"),
            (Names{"m.onnx", "b/c/weights", "of_a_node", "sparse/värden", "weights"}));
  // Its ending does not matter.
  fs::copy(dir_.path("m.onnx"), dir_.path("blob"));
  EXPECT_EQ(Of("blob").size(), 5u);
}

TEST_F(ModelFilesTest, LargeWeightsInsideAreSkipped) {
  const std::string inside = Message(9, std::string(100000, '\xff'));  // raw_data
  dir_.Write("m.onnx", Onnx({inside, External("w"), inside}));
  dir_.Write("w", "x");
  EXPECT_EQ(Of("m.onnx"), (Names{"m.onnx", "w"}));
}

TEST_F(ModelFilesTest, BrokenModelsHaveTheFilesUpToTheFault) {
  const std::string model = Onnx({External("w")});
  dir_.Write("w", "x");
  for (size_t size = 0; size < model.size(); ++size) {
    dir_.Write("m.onnx", model.substr(0, size));
    EXPECT_LE(Of("m.onnx").size(), 2u);
  }
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep = Message(1, Message(5, Message(6, deep)));
  dir_.Write("deep.onnx", std::string{0x08, 0x08} + Message(7, deep));
  EXPECT_EQ(Of("deep.onnx"), Names{"deep.onnx"});
}

TEST_F(ModelFilesTest, ExternalDataThatIsMissingOrCut) {
  dir_.Write("m.onnx", Onnx({External("w", "4096", "100"), External("w", "0", "16")}));
  EXPECT_EQ(ErrorOf("m.onnx", Code::kModelMissing),
            "m.onnx: expected its external data 'w' beside it, given none");
  dir_.Write("w", std::string(4000, 'w'));
  EXPECT_EQ(ErrorOf("m.onnx", Code::kInvalidEncoding),
            "m.onnx: expected at least 4196 bytes in its external data 'w', given 4000: the file "
            "was cut");
  dir_.Write("w", std::string(4196, 'w'));
  EXPECT_EQ(Of("m.onnx"), (Names{"m.onnx", "w"}));
  dir_.Write("wide.onnx", Onnx({External("w", "18446744073709551615", "2")}));
  EXPECT_NE(ErrorOf("wide.onnx", Code::kInvalidEncoding), "");
}

TEST_F(ModelFilesTest, ExternalDataIsAFile) {
  fs::create_directory(dir_.path("folder"));
  ASSERT_EQ(mkfifo(dir_.path("pipe").c_str(), 0600), 0);
  dir_.Write("f.onnx", Onnx({External("folder")}));
  dir_.Write("p.onnx", Onnx({External("pipe")}));
  EXPECT_EQ(ErrorOf("f.onnx", Code::kInvalidArgument),
            "f.onnx: expected its external data 'folder' to be a file, given a folder");
  EXPECT_EQ(ErrorOf("p.onnx", Code::kInvalidArgument),
            "p.onnx: expected its external data 'pipe' to be a file, given a pipe");
}

TEST_F(ModelFilesTest, NothingOutsideOfTheModelsFolder) {
  dir_.Write("out/w", "secret");
  dir_.Write("in/w", "weights");
  fs::create_symlink(dir_.path("out/w"), dir_.path("in/link"));
  fs::create_directory_symlink(dir_.path("out"), dir_.path("in/folder"));
  for (const std::string& location :
       {std::string("../out/w"), std::string("./x/../../out/w"), dir_.path("out/w"),
        dir_.path("in/w"), std::string("link"), std::string("folder/w"), std::string("../none")}) {
    dir_.Write("in/m.onnx", Onnx({External(location)}));
    EXPECT_EQ(ErrorOf("in/m.onnx", Code::kSecurity),
              "in/m.onnx: expected its external data in the folder of the model, given '" +
                  location + "', which leads out of it");
  }
  dir_.Write("in/m.onnx", Onnx({External("../in/./w")}));
  EXPECT_EQ(Of("in/m.onnx").size(), 2u);
}

// The cache of a model hub: names are links to files that are named by their content.
TEST_F(ModelFilesTest, SideFilesLieBesideTheLink) {
  dir_.Write("blobs/aaa", Onnx({External("model.onnx_data")}));
  dir_.Write("blobs/bbb", "weights");
  fs::create_directories(dir_.path("snapshots/1/onnx"));
  fs::create_symlink("../../../blobs/aaa", dir_.path("snapshots/1/onnx/model.onnx"));
  fs::create_symlink("../../../blobs/bbb", dir_.path("snapshots/1/onnx/model.onnx_data"));
  EXPECT_EQ(Of("snapshots/1/onnx/model.onnx"),
            (Names{"snapshots/1/onnx/model.onnx", "snapshots/1/onnx/model.onnx_data"}));
  const std::string before = Identity("snapshots/1/onnx/model.onnx");
  dir_.Write("blobs/ccc", "WEIGHTS");
  fs::remove(dir_.path("snapshots/1/onnx/model.onnx_data"));
  fs::create_symlink("../../../blobs/ccc", dir_.path("snapshots/1/onnx/model.onnx_data"));
  EXPECT_NE(Identity("snapshots/1/onnx/model.onnx"), before);
}

TEST_F(ModelFilesTest, EachFileIsPartOfTheIdentity) {
  dir_.Write("m.onnx", Onnx({External("w")}));
  dir_.Write("w", "1234");
  const std::string before = Identity("m.onnx");
  EXPECT_EQ(Identity("m.onnx"), before);
  // The same size and time, another file.
  const auto time = fs::last_write_time(dir_.path("w"));
  dir_.Write("new", "4321");
  fs::last_write_time(dir_.path("new"), time);
  fs::rename(dir_.path("new"), dir_.path("w"));
  EXPECT_NE(Identity("m.onnx"), before);
}

TEST_F(ModelFilesTest, PartsOfAModelThatWasSplit) {
  dir_.Write("m-00001-of-00003.gguf", "1");
  dir_.Write("m-00003-of-00003.gguf", "333");
  EXPECT_EQ(ErrorOf("m-00001-of-00003.gguf", Code::kModelMissing),
            "m-00001-of-00003.gguf: expected its part 'm-00002-of-00003.gguf' beside it, given "
            "none");
  dir_.Write("m-00002-of-00003.gguf", "22");
  EXPECT_EQ(Of("m-00001-of-00003.gguf"),
            (Names{"m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "m-00003-of-00003.gguf"}));
  EXPECT_EQ(ErrorOf("m-00002-of-00003.gguf", Code::kInvalidArgument),
            "expected the first part of a model, 'm-00001-of-00003.gguf', given part 2 of 3");
  // A name for the first part is a name for the model.
  fs::create_symlink("m-00001-of-00003.gguf", dir_.path("model.gguf"));
  EXPECT_EQ(Of("model.gguf").size(), 3u);
  // A file that only looks like a part.
  for (const char* name :
       {"m-00004-of-00003.gguf", "m-00000-of-00003.gguf", "m-0001-of-0002.gguf",
        "-00002-of-00003.gguf", "m-00001-of-00002.bin", "m-00001-of-00001.gguf"}) {
    dir_.Write(name, "x");
    EXPECT_EQ(Of(name), Names{name});
  }
}

TEST_F(ModelFilesTest, WeightsOfOpenVino) {
  dir_.Write("m.xml", "<net/>");
  EXPECT_EQ(Of("m.xml"), Names{"m.xml"});
  const std::string before = Identity("m.xml");
  dir_.Write("m.bin", "weights");
  EXPECT_EQ(Of("m.xml"), (Names{"m.xml", "m.bin"}));
  EXPECT_NE(Identity("m.xml"), before);
}

TEST_F(ModelFilesTest, AFileThatCannotBeOneSaysWhatItIs) {
  ASSERT_EQ(mkfifo(dir_.path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(ErrorOf("pipe", Code::kInvalidArgument),
            "expected a model's file or folder, given pipe, a pipe");
  const int sock = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  dir_.path("socket").copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(sock, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(ErrorOf("socket", Code::kInvalidArgument),
            "expected a model's file or folder, given socket, a socket");
  close(sock);
  fs::create_symlink("/dev/zero", dir_.path("device"));
  EXPECT_EQ(ErrorOf("device", Code::kInvalidArgument),
            "expected a model's file or folder, given device, a device");
  fs::create_symlink("loop", dir_.path("loop"));
  EXPECT_EQ(ErrorOf("loop", Code::kRuntimeError),
            "cannot open loop: Too many levels of symbolic links");
}

TEST_F(ModelFilesTest, WhatIsKnownIsNotReadAgain) {
  dir_.Write("m.onnx", Onnx({External("w")}));
  dir_.Write("w", "1234");
  EXPECT_FALSE(lists_.IfKnown(dir_.path("m.onnx")));
  const std::string identity = Identity("m.onnx");
  auto known = lists_.IfKnown(dir_.path("m.onnx"));
  ASSERT_TRUE(known && *known);
  EXPECT_EQ((*known)->identity, identity);
  dir_.Write("w", "12345");
  known = lists_.IfKnown(dir_.path("m.onnx"));
  ASSERT_TRUE(known && *known);
  EXPECT_NE((*known)->identity, identity);
  dir_.Write("m.onnx", Onnx({}));
  EXPECT_FALSE(lists_.IfKnown(dir_.path("m.onnx")));
}

}  // namespace
}  // namespace wasinn
