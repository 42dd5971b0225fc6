#include "model/folders.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>

#include "support/temp_dir.h"

namespace wasinn {
namespace {
namespace fs = std::filesystem;

using testing::TempDir;

// Name -> path below `dir` of the models of `dir`.
std::map<std::string, std::string> ModelsOf(const TempDir& dir, size_t left_out = 0) {
  const auto found = ModelsInFolder(dir.path());
  EXPECT_TRUE(found) << found.error().message;
  std::map<std::string, std::string> models;
  if (!found) return models;
  EXPECT_EQ(found->left_out.size(), left_out);
  for (const auto& [name, path] : found->models) {
    EXPECT_TRUE(models.emplace(name, fs::path(path).lexically_relative(dir.path())).second) << name;
  }
  return models;
}
using Models = std::map<std::string, std::string>;

TEST(ModelFolderTest, SideFilesAreNoModels) {
  const TempDir dir;
  // data_location = EXTERNAL, location = "weights", then "w/part".
  const std::string one = "\x6a\x13\x0a\x08location\x12\x07weights\x70\x01";
  const std::string two = "\x6a\x12\x0a\x08location\x12\x06w/part\x70\x01";
  const auto initializer = [](const std::string& tensor) {
    return std::string("\x2a") + static_cast<char>(tensor.size()) + tensor;
  };
  const std::string graph = initializer(one) + initializer(two);
  dir.Write("m.onnx", std::string("\x08\x08\x3a") + static_cast<char>(graph.size()) + graph);
  dir.Write("weights", "w");
  dir.Write("w/part", "w");
  dir.Write("big-00001-of-00002.gguf", "g");
  dir.Write("big-00002-of-00002.gguf", "g");
  dir.Write("net.xml", "<net/>");
  dir.Write("net.bin", "w");
  dir.Write("config.json", "{}");
  dir.Write("README.md", "");
  dir.Write("LICENSE", "");
  EXPECT_EQ(ModelsOf(dir), (Models{{"m", "m.onnx"},
                                   {"big-00001-of-00002", "big-00001-of-00002.gguf"},
                                   {"net", "net.xml"}}));
}

TEST(ModelFolderTest, WeightsAlone) {
  const TempDir dir;
  EXPECT_EQ(ModelsOf(dir), Models{});
  dir.Write("model.onnx_data", "w");
  dir.Write("other.data", "w");
  dir.Write("sub/model.bin", "w");
  dir.Write("big-00002-of-00002.gguf", "g");
  fs::create_directories(dir.path("empty/folder"));
  EXPECT_EQ(ModelsOf(dir, 1), Models{});
  EXPECT_EQ(ModelsInFolder(dir.path())->left_out[0],
            dir.path("big-00002-of-00002.gguf") +
                ": expected the first part of its model, big-00001-of-00002.gguf, given none");
}

TEST(ModelFolderTest, TheCacheOfAModelHub) {
  const TempDir dir;
  dir.Write("models--me--tiny/snapshots/old/onnx/model.onnx", "x");
  dir.Write("models--me--tiny/snapshots/new/onnx/model.onnx", "x");
  dir.Write("models--me--tiny/snapshots/new/config.json", "{}");
  dir.Write("models--me--tiny/refs/main", "new\n");
  dir.Write("models--me--tiny/blobs/123", "x");
  dir.Write("models--me--one/snapshots/only/chat-00001-of-00002.gguf", "x");
  dir.Write("models--me--one/snapshots/only/chat-00002-of-00002.gguf", "x");
  dir.Write("datasets--me--data/snapshots/only/data.csv", "x");
  dir.Write("version.txt", "1");
  EXPECT_EQ(
      ModelsOf(dir),
      (Models{{"models--me--tiny", "models--me--tiny/snapshots/new/onnx/model.onnx"},
              {"models--me--one", "models--me--one/snapshots/only/chat-00001-of-00002.gguf"}}));
}

TEST(ModelFolderTest, DeeperFolders) {
  const TempDir dir;
  dir.Write("a/b/c/only.onnx", "x");
  dir.Write("org/small.onnx", "x");
  dir.Write("org/large.gguf", "x");
  dir.Write("org/readme.md", "x");
  dir.Write("tf/saved_model.pb", "x");
  dir.Write("tf/variables/variables.index", "x");
  EXPECT_EQ(ModelsOf(dir), (Models{{"a", "a/b/c/only.onnx"},
                                   {"org/small", "org/small.onnx"},
                                   {"org/large", "org/large.gguf"},
                                   {"tf", "tf"}}));
}

TEST(ModelFolderTest, LinksAndSpecialFiles) {
  const TempDir dir;
  dir.Write("m.onnx", "x");
  fs::create_symlink("m.onnx", dir.path("alias.onnx"));
  fs::create_directory_symlink(".", dir.path("cycle"));
  fs::create_directory_symlink("/", dir.path("root"));
  dir.Write("below/n.onnx", "x");
  fs::create_directory_symlink("..", dir.path("below/up"));
  fs::create_symlink("loop", dir.path("loop"));
  fs::create_symlink("nothing", dir.path("dangling"));
  ASSERT_EQ(mkfifo(dir.path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(ModelsOf(dir, 3),
            (Models{{"m", "m.onnx"}, {"alias", "alias.onnx"}, {"below", "below/n.onnx"}}));
}

TEST(ModelFolderTest, ThousandsOfFiles) {
  const TempDir dir;
  for (int i = 0; i < 3000; ++i) dir.Write("m" + std::to_string(i) + ".onnx", "x");
  EXPECT_EQ(ModelsOf(dir).size(), 3000u);
}

TEST(ModelFolderTest, WhatIsNoFolder) {
  const TempDir dir;
  EXPECT_EQ(ModelsInFolder(dir.path("none")).error().code, Code::kNotFound);
  ASSERT_EQ(mkfifo(dir.path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(ModelsInFolder(dir.path("pipe")).error().message,
            "model folder: expected a folder, given " + dir.path("pipe") + ", which is a pipe");
}

}  // namespace
}  // namespace wasinn
