// The shared code of the tests of sessions.
#pragma once

#include <gtest/gtest.h>

#include "session/session.h"
#include "support/core.h"

namespace wasinn::testing {

inline constexpr std::string_view kAny = "wasinn-echo";  // one input and output of any type

// Sessions over echo models.
class SessionFixture : public ::testing::Test {
 protected:
  void Register(const std::string& name, std::string_view text, const Options& options = {},
                const std::string& backend = "echo") {
    ModelConfig config;
    config.name = name;
    config.content = core_.Copy(text);
    config.backend = backend;
    config.options = options;
    ASSERT_TRUE(core_.models.Add(std::move(config)));
  }
  SessionHost host() {
    return {&core_.buffers(), &core_.models, &core_.scheduler, core_.log.get()};
  }
  Session Make(const std::vector<std::pair<std::string, std::string>>& rules = {}) {
    Policy policy;
    for (const auto& [rule, value] : rules) EXPECT_TRUE(policy.Set(rule, value)) << rule;
    return Session(host(), policy);
  }
  static uint32_t Load(Session& session, std::string_view name) {
    const auto graph = session.LoadByName(name, {}).Take();
    EXPECT_TRUE(graph) << graph.error().message;
    return *graph;
  }
  static uint32_t Context(Session& session, std::string_view model) {
    const auto context = session.InitContext(Load(session, model), {});
    EXPECT_TRUE(context) << context.error().message;
    return *context;
  }
  static Result<> SetBytes(Session& session, uint32_t context, std::string_view text) {
    const int64_t dims[] = {static_cast<int64_t>(text.size())};
    return session.SetInput(context, std::nullopt, 0, DType::kU8, *Shape::OfTensor(dims),
                            BytesOf(text));
  }
  static std::string Output(const Session& session, uint32_t context) {
    const auto output = session.Output(context, 0);
    EXPECT_TRUE(output) << output.error().message;
    const auto bytes = output->data.bytes();
    return {bytes.begin(), bytes.end()};
  }
  Result<uint32_t> LoadBytes(Session& session, std::string_view text) {
    const std::span<const uint8_t> parts[] = {BytesOf(text)};
    return session.Load(parts, Encoding::kAutodetect, Target::kCpu).Take();
  }
  static void ExpectRefused(const Error& error, std::string_view rule) {
    EXPECT_EQ(error.code, Code::kSecurity);
    EXPECT_EQ(error.message.find(fmt::format("policy rule {}: ", rule)), 0u) << error.message;
  }
  // A waker that counts.
  struct Woken {
    std::atomic<int> count{0};
    const wasinn_waker waker{[](void* self) { ++static_cast<Woken*>(self)->count; }, this};
  };

  Core core_;
};

}  // namespace wasinn::testing
