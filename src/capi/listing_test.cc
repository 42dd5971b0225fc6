#include <gtest/gtest.h>
#include <wasinn/wasinn.h>

#include <nlohmann/json.hpp>
#include <set>

#include "session/compat.h"
#include "support/core.h"

namespace wasinn {
namespace {

using Json = nlohmann::json;

Json Take(char* text) {
  EXPECT_NE(text, nullptr);
  if (text == nullptr) return {};
  const Json json = Json::parse(text);
  wasinn_text_free(text);
  return json;
}

std::set<std::string> Keys(const Json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

class ListingTest : public ::testing::Test {
 protected:
  ListingTest() {
    EXPECT_EQ(wasinn_engine_create(nullptr, &engine_, nullptr), WASINN_OK);
    model_ = dir_.Write("m.echo",
                        "wasinn-echo\ninput x f32 -1,3\ninput o any * optional\noutput y f32 -1,3");
  }
  ~ListingTest() override { wasinn_engine_free(engine_); }
  void AddModel(const std::string& spec) {
    wasinn_error error{};
    EXPECT_EQ(wasinn_engine_add_model(engine_, ToStr(spec), &error), WASINN_OK) << error.message;
  }

  const testing::TempDir dir_;
  std::string model_;
  wasinn_engine* engine_ = nullptr;
  wasinn_error error_{};
};

TEST_F(ListingTest, Backends) {
  const Json json = Take(wasinn_engine_backends_json(engine_, &error_));
  EXPECT_EQ(Keys(json), (std::set<std::string>{"backends", "errors", "missing"}));
  ASSERT_EQ(json["backends"].size(), 1u);
  const Json& echo = json["backends"][0];
  EXPECT_EQ(Keys(echo), (std::set<std::string>{"builtin", "capabilities", "description", "devices",
                                               "encodings", "name", "options", "path", "version"}));
  EXPECT_EQ(echo["name"], "echo");
  EXPECT_EQ(echo["builtin"], true);
  EXPECT_EQ(echo["path"], nullptr);
  EXPECT_EQ(echo["devices"], Json::array({"cpu"}));
  for (const Json& option : echo["options"]) {
    EXPECT_EQ(Keys(option),
              (std::set<std::string>{"alias_of", "choices", "default", "help", "host_only", "max",
                                     "min", "name", "prefix", "scope", "type"}));
    EXPECT_EQ(option["alias_of"], nullptr);
  }
  ASSERT_EQ(json["missing"].size(), 2u);
  EXPECT_EQ(json["missing"][0]["name"], "onnx");
  EXPECT_EQ(json["missing"][0]["encodings"], Json::array({"onnx"}));
  EXPECT_EQ(json["missing"][1]["name"], "ggml");
}

TEST_F(ListingTest, ModelsAndOneModel) {
  AddModel("m=" + model_);
  Json json = Take(wasinn_engine_models_json(engine_, &error_));
  ASSERT_EQ(json["models"].size(), 1u);
  EXPECT_EQ(Keys(json["models"][0]),
            (std::set<std::string>{"backend", "encoding", "files", "loaded", "name", "path",
                                   "sessions", "size", "target"}));
  EXPECT_EQ(json["models"][0]["loaded"], false);
  EXPECT_EQ(json["models"][0]["backend"], nullptr);

  json = Take(wasinn_engine_model_json(engine_, "m", &error_));
  EXPECT_EQ(json["name"], "m");
  EXPECT_EQ(json["backend"], "echo");
  EXPECT_EQ(json["size"], std::filesystem::file_size(model_));
  EXPECT_EQ(json["sha256"].get<std::string>().size(), 64u);
  EXPECT_EQ(json["inputs"], Json::parse(R"([
      {"name": "x", "dtype": "f32", "dims": [-1, 3], "optional": false},
      {"name": "o", "dtype": null, "dims": null, "optional": true}])"));
  EXPECT_EQ(json["outputs"][0]["name"], "y");
  EXPECT_EQ(json["metadata"]["producer"], "wasinn-echo");

  json = Take(wasinn_engine_models_json(engine_, &error_));
  EXPECT_EQ(json["models"][0]["loaded"], true);
  EXPECT_EQ(json["models"][0]["backend"], "echo");
  EXPECT_EQ(json["models"][0]["sessions"], 0);

  json = Take(wasinn_engine_model_json(engine_, model_.c_str(), &error_));
  EXPECT_EQ(json["name"], nullptr);
  EXPECT_EQ(json["path"], model_);
}

TEST_F(ListingTest, AModelThatCannotBeShownSaysWhy) {
  EXPECT_EQ(wasinn_engine_model_json(engine_, "nothing", &error_), nullptr);
  EXPECT_EQ(error_.code, WASINN_NOT_FOUND);
  EXPECT_STREQ(error_.message,
               "expected a registered model or a file, given 'nothing', which is neither");
  // A registered one whose backend is missing is not an unknown one.
  AddModel("m=" + model_ + ",backend=onnx");
  EXPECT_EQ(wasinn_engine_model_json(engine_, "m", &error_), nullptr);
  EXPECT_STREQ(error_.message,
               "model 'm': backend onnx is not in this build: build with "
               "WASINN_BACKEND_ONNX=ON, which ./dev does");
}

TEST_F(ListingTest, Stats) {
  AddModel("m=" + model_ + ",load=start");
  const Json json = Take(wasinn_engine_stats_json(engine_, &error_));
  EXPECT_EQ(Keys(json), (std::set<std::string>{"buffers", "evictions", "graphs", "loads",
                                               "runs_inline", "runs_worker", "shared_loads"}));
  EXPECT_EQ(json["loads"], 1);
  EXPECT_EQ(Keys(json["buffers"]), (std::set<std::string>{"idle", "in_use", "limit"}));
  ASSERT_EQ(json["graphs"].size(), 1u);
  EXPECT_EQ(Keys(json["graphs"][0]),
            (std::set<std::string>{"load_ms", "name", "runs", "sessions", "size", "typical_us"}));
  wasinn_engine_trim(engine_);
  EXPECT_EQ(Take(wasinn_engine_stats_json(engine_, &error_))["evictions"], 1);
}

TEST_F(ListingTest, NamesThatAreNotUtf8StayJson) {
  const std::string name = "bad\xff";
  AddModel(name + "=" + dir_.Write("n", "wasinn-echo\ninput \xc3 f32 1\noutput y f32 1"));
  EXPECT_EQ(Take(wasinn_engine_models_json(engine_, &error_))["models"].size(), 1u);
  EXPECT_EQ(Take(wasinn_engine_model_json(engine_, name.c_str(), &error_))["inputs"].size(), 1u);
}

TEST_F(ListingTest, PolicyRules) {
  const Json json = Take(wasinn_policy_rules_json());
  EXPECT_GE(json["rules"].size(), 14u);
  for (const Json& rule : json["rules"]) {
    EXPECT_EQ(Keys(rule), (std::set<std::string>{"default", "help", "name", "type"}));
  }
  EXPECT_EQ(json["compat"].size(), CompatSwitches().size());
  for (const Json& row : json["compat"]) {
    EXPECT_EQ(Keys(row), (std::set<std::string>{"default", "help", "name", "values"}));
    EXPECT_GE(row["values"].size(), 2u);
  }
}

}  // namespace
}  // namespace wasinn
