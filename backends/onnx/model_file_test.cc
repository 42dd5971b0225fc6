#include "onnx/model_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace wasinn::onnx {
namespace {

std::string ReadModel(const std::string& name) {
  std::ifstream file(WASINN_TEST_MODELS_DIR + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

ModelFacts FactsOf(const std::string& content) {
  std::istringstream stream(content);
  return ReadModelFacts(stream);
}

TEST(ModelFactsTest, TellsVersionsAndPortsWithAShape) {
  const ModelFacts facts = FactsOf(ReadModel("add.onnx"));
  EXPECT_EQ(facts.ir_version, 8);
  EXPECT_EQ(facts.producer_version, "1.2");
  ASSERT_EQ(facts.opsets.size(), 2u);
  EXPECT_EQ(facts.opsets[0], (std::pair<std::string, int64_t>("", 17)));
  EXPECT_EQ(facts.opsets[1], (std::pair<std::string, int64_t>("ai.onnx.ml", 3)));
  EXPECT_EQ(facts.shaped_ports, (std::set<std::string>{"a", "b", "sum"}));
}

TEST(ModelFactsTest, TellsAScalarFromAPortOfAnyRank) {
  EXPECT_EQ(FactsOf(ReadModel("scalar.onnx")).shaped_ports, (std::set<std::string>{"x", "y"}));
  EXPECT_TRUE(FactsOf(ReadModel("identity_any_rank.onnx")).shaped_ports.empty());
  EXPECT_EQ(FactsOf(ReadModel("dynamic.onnx")).named_dims,
            (std::set<std::string>{"batch", "width"}));
}

TEST(ModelFactsTest, SurvivesEveryTruncationAndEveryChangedByte) {
  const std::string model = ReadModel("add.onnx");
  for (size_t size = 0; size < model.size(); ++size) {
    FactsOf(model.substr(0, size));
    EXPECT_NE(FindExternalData(model.substr(0, size)), ExternalData::kSome);
  }
  for (size_t at = 0; at < model.size(); ++at) {
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string changed = model;
      changed[at] = static_cast<char>(changed[at] ^ change);
      FactsOf(changed);
      FindExternalData(changed);
      ProbeContent(std::string_view(changed).substr(0, 64), changed.size());
    }
  }
  EXPECT_EQ(FactsOf(ReadModel("garbage.onnx")).ir_version, 0);
  EXPECT_EQ(FactsOf("").ir_version, 0);
}

// A length-delimited field.
std::string Message(int field, const std::string& content) {
  std::string out(1, static_cast<char>(field << 3 | 2));
  if (field > 15) out = std::string{static_cast<char>((field << 3 | 2) | 0x80), 1};
  for (size_t size = content.size();; size >>= 7) {
    out += static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0));
    if (size <= 0x7f) break;
  }
  return out + content;
}

TEST(FindExternalDataTest, FindsItWhereverATensorCanStand) {
  EXPECT_EQ(FindExternalData(ReadModel("external.onnx")), ExternalData::kSome);
  EXPECT_EQ(FindExternalData(ReadModel("slow.onnx")), ExternalData::kNone);

  const std::string tensor = {0x70, 0x01};              // data_location 14 = EXTERNAL
  const std::string wide = "\x70\x81\x80\x80\x80\x10";  // 2^32 + 1, whose low half is EXTERNAL
  const std::string node = Message(5, Message(5, tensor));
  const std::string graph = Message(1, node);
  const std::string nested = Message(1, Message(5, Message(6, graph)));
  for (const std::string& model : {
           Message(7, Message(5, tensor)),                           // initializer
           Message(7, Message(5, wide)),                             //
           Message(7, Message(5, Message(13, ""))),                  // external_data
           Message(7, Message(15, Message(1, tensor))),              // sparse initializer
           Message(7, graph),                                        // a node's tensor
           Message(7, nested),                                       // a loop's body
           Message(7, Message(1, Message(5, Message(11, graph)))),   // one of several bodies
           Message(7, Message(1, Message(5, Message(10, tensor)))),  // one of several tensors
           Message(25, Message(7, node)),                            // a function
           Message(20, Message(1, graph)),                           // training
       }) {
    EXPECT_EQ(FindExternalData(model), ExternalData::kSome);
  }
  EXPECT_EQ(FindExternalData(Message(7, Message(5, std::string{0x70, 0x00}))), ExternalData::kNone);
}

TEST(FindExternalDataTest, RefusesWhatItCannotFollow) {
  EXPECT_EQ(FindExternalData("\x3a\x05"), ExternalData::kMalformed);  // too long
  EXPECT_EQ(FindExternalData("\x0b"), ExternalData::kMalformed);      // a group
  EXPECT_EQ(FindExternalData(std::string(20, '\xff')), ExternalData::kMalformed);
  std::string deep;
  for (int i = 0; i < 40; ++i) deep = Message(1, Message(5, Message(6, deep)));
  EXPECT_EQ(FindExternalData(Message(7, deep)), ExternalData::kMalformed);
}

TEST(ProbeContentTest, KnowsOnnxFromOtherFiles) {
  const std::string model = ReadModel("add.onnx");
  EXPECT_EQ(ProbeContent(model, model.size()), 95);
  const std::string large_head = ReadModel("slow.onnx").substr(0, 4096);
  EXPECT_EQ(ProbeContent(large_head, ReadModel("slow.onnx").size()), 95);
  const std::string truncated = ReadModel("truncated.onnx");
  EXPECT_EQ(ProbeContent(truncated, truncated.size()), 60);
  EXPECT_EQ(ProbeContent(std::string("\x18\0\0\0ORTM\0\0", 10), 10), 100);
  EXPECT_EQ(ProbeContent("", 0), 0);
  EXPECT_EQ(ProbeContent("GGUF\x03", 5), 0);
  EXPECT_EQ(ProbeContent("wasinn-echo\n", 12), 0);
  // A TensorFlow SavedModel: its version, and then one long message.
  EXPECT_EQ(ProbeContent("\x08\x01\x12\xff\x7f", 16385), 0);
  const std::string garbage = ReadModel("garbage.onnx");
  EXPECT_EQ(ProbeContent(garbage, garbage.size()), 0);
}

}  // namespace
}  // namespace wasinn::onnx
