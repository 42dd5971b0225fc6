// Memory of a guest counts against its limits until it is freed, whoever holds it.
#include <gtest/gtest.h>

#include <latch>
#include <mutex>

#include "base/text.h"
#include "support/session_fixture.h"

namespace wasinn {
namespace {

using Account = Ledger::Account;
using testing::BytesOf;
using testing::Eventually;
using testing::kAny;
using testing::ScriptedBackend;
using testing::SessionFixture;

class HeldTest : public SessionFixture {
 protected:
  HeldTest() { Register("any", kAny); }
  static uint64_t Bytes(const Session& session) { return session.ledger().used(Account::kBytes); }
  static uint64_t Contexts(const Session& session) {
    return session.ledger().used(Account::kContexts);
  }
  // As a component starts a run: with a tensor that ends with the call.
  static Result<> StartWith(Session& session, uint32_t context, std::string_view text) {
    const int64_t dims[] = {static_cast<int64_t>(text.size())};
    WASINN_TRY(tensor, session.AddTensor(DType::kU8, *Shape::OfTensor(dims), BytesOf(text)));
    WASINN_CHECK(
        session.SetInputTensor(context, std::nullopt, 0, *session.held().TakeTensor(tensor)));
    WASINN_CHECK(session.StartRun(context));
    return session.ClearInputs(context);
  }
};

TEST_F(HeldTest, TextsOfErrorsCount) {
  const auto fill = [](Session& session, std::string_view rule) {
    const std::string text(1600, 'x');
    for (int i = 0; i < 65536; ++i) {
      const auto added = session.held().AddError({Code::kUnknown, text, 0});
      if (added) continue;
      ExpectRefused(added.error(), rule);
      return i;
    }
    return 65536;
  };
  Session session = Make();
  EXPECT_EQ(fill(session, "max_error_bytes"), (16 << 20) / 1600);  // 100 MB would be wanted
  EXPECT_LE(Bytes(session), 16u << 20);
  session.held().DropError(0);
  EXPECT_TRUE(session.held().AddError({Code::kUnknown, "short", 0}));
  Session small = Make({{"max_session_bytes", "1MiB"}});
  EXPECT_EQ(fill(small, "max_session_bytes"), (1 << 20) / 1600);
  Session broken = Make({{"max_error_bytes", "10"}});
  ExpectRefused(broken.held().AddBrokenTensor({Code::kUnknown, "eleven char", 0}).error(),
                "max_error_bytes");
}

TEST_F(HeldTest, TheLastErrorIsCut) {
  Session session = Make();
  std::string text(kMaxErrorText - 1, 'x');
  text += "\xc3\xa9";  // a character that would be cut in two
  session.Remember({Code::kBusy, text + std::string(100 << 20, 'x'), 3});
  EXPECT_EQ(session.last_error(), text.substr(0, kMaxErrorText - 1));
  EXPECT_EQ(session.last_failure().code, Code::kBusy);
  EXPECT_EQ(session.last_failure().engine_code, 3);
}

TEST_F(HeldTest, InputsCountUntilTheBackendHasDone) {
  ScriptedBackend script(0);
  std::vector<wasinn_backend_sink> sinks;
  script.run = [&](const wasinn_backend_input*, size_t, const wasinn_backend_sink& sink) {
    sinks.push_back(sink);
  };
  ASSERT_TRUE(core_.backends.Add(&script.table));
  Register("held", kAny, {}, "scripted");
  Session session = Make({{"max_session_bytes", "40"}});
  const uint32_t graph = Load(session, "held");
  const std::string tensor(10, 'x');
  for (uint32_t i = 0; i < 4; ++i) {
    const uint32_t context = *session.InitContext(graph, {});
    ASSERT_TRUE(StartWith(session, context, tensor));
    // The guest has nothing any more, the backend has all.
    ASSERT_TRUE(session.DropContext(context));
    EXPECT_EQ(Bytes(session), 10u * (i + 1));
    EXPECT_EQ(Contexts(session), i + 1u);
  }
  const uint32_t context = *session.InitContext(graph, {});
  ExpectRefused(StartWith(session, context, tensor).error(), "max_session_bytes");
  ScriptedBackend::Done(sinks.front(), WASINN_CANCELLED);
  EXPECT_EQ(Bytes(session), 30u);
  EXPECT_TRUE(StartWith(session, context, tensor));
  session.Stop({Code::kCancelled, "enough", 0});
  EXPECT_EQ(Bytes(session), 40u);
  for (size_t i = 1; i < sinks.size(); ++i) ScriptedBackend::Done(sinks[i], WASINN_CANCELLED);
  EXPECT_EQ(Bytes(session), 0u);
  EXPECT_EQ(Contexts(session), 1u);
}

TEST_F(HeldTest, ContextsCountUntilTheirWaitingComputesAreGone) {
  std::latch begun(2);
  std::latch go(1);
  ScriptedBackend script;
  script.run = [&](const wasinn_backend_input* inputs, size_t count,
                   const wasinn_backend_sink& sink) {
    begun.count_down();
    go.wait();
    ScriptedBackend::Echo(inputs, count, sink);
  };
  ASSERT_TRUE(core_.backends.Add(&script.table));
  Register("blocked", kAny, {}, "scripted");
  {
    Session other = Make();  // its two computes keep both workers
    const uint32_t graph = Load(other, "blocked");
    for (int i = 0; i < 2; ++i) {
      const uint32_t context = *other.InitContext(graph, {});
      ASSERT_TRUE(StartWith(other, context, "x"));
    }
    begun.wait();
    Session session = Make({{"max_contexts", "3"}, {"max_session_bytes", "30"}});
    Register("waits", kAny, {}, "echo-blocking");
    const uint32_t waits = Load(session, "waits");
    for (int i = 0; i < 3; ++i) {
      const uint32_t context = *session.InitContext(waits, {});
      ASSERT_TRUE(StartWith(session, context, "1234567890"));
      ASSERT_TRUE(session.DropContext(context));
    }
    ExpectRefused(session.InitContext(waits, {}).error(), "max_contexts");
    ExpectRefused(session.AddTensor(DType::kU8, Shape(), BytesOf("1")).error(),
                  "max_session_bytes");
    go.count_down();
    EXPECT_TRUE(Eventually([&] { return Contexts(session) == 0 && Bytes(session) == 0; }));
    EXPECT_TRUE(session.InitContext(waits, {}));
  }
}

TEST_F(HeldTest, ASlotIsFreeAsSoonAsAComputeHasEnded) {
  Register("blocking", kAny, {}, "echo-blocking");
  for (const char* model : {"any", "blocking"}) {
    Session session = Make({{"max_contexts", "1"}, {"max_session_bytes", "20"}});
    const uint32_t graph = Load(session, model);
    for (int i = 0; i < 200; ++i) {
      const auto context = session.InitContext(graph, {});
      ASSERT_TRUE(context) << context.error().message;
      ASSERT_TRUE(SetBytes(session, *context, "1234567890"));
      ASSERT_TRUE(session.Compute(*context).Take());
      ASSERT_TRUE(session.DropContext(*context));
      ASSERT_EQ(Bytes(session), 0u);
    }
  }
}

TEST_F(HeldTest, OutputsOfContextsCount) {
  Register("shared", "wasinn-echo\ninput x u8 -1\noutput y u8 -1 shared");
  for (const char* model : {"any", "shared"}) {
    Session session = Make({{"max_session_bytes", "4MiB"}});
    const uint32_t graph = Load(session, model);
    const std::string text(1024, 'x');
    uint32_t computed = 0;
    for (uint32_t i = 0; i < 16384; ++i) {
      const uint32_t context = *session.InitContext(graph, {});
      const Result<> set = SetBytes(session, context, text);
      const Result<> done = set ? session.Compute(context).Take() : set;
      if (!done) {
        ExpectRefused(done.error(), "max_session_bytes");
        break;
      }
      ++computed;
    }
    EXPECT_EQ(computed, (4u << 20) / 2048);
    EXPECT_LE(Bytes(session), 4u << 20);
  }
}

// The framework's own, of which the pool knows nothing.
TEST_F(HeldTest, MemoryOfTheFrameworkCountsUntilItIsReleased) {
  ScriptedBackend script(0);
  const std::string bytes(100, 'x');
  script.run = [&](const wasinn_backend_input*, size_t, const wasinn_backend_sink& sink) {
    const int64_t dims[] = {100};
    const wasinn_backend_output output{
        0, {WASINN_DTYPE_U8, 1, dims, bytes.data(), 100}, [](void*) {}, nullptr};
    sink.output(sink.self, sink.run, &output);
    // It does not say that it was refused.
    ScriptedBackend::Done(sink);
  };
  ASSERT_TRUE(core_.backends.Add(&script.table));
  Register("framework", kAny, {}, "scripted");
  Session session = Make({{"max_session_bytes", "150"}});
  const uint32_t first = Context(session, "framework");
  const uint32_t second = Context(session, "framework");
  ASSERT_TRUE(SetBytes(session, first, "x"));
  ASSERT_TRUE(SetBytes(session, second, "x"));
  ASSERT_TRUE(session.Compute(first).Take());
  EXPECT_EQ(Bytes(session), 102u);
  const uint32_t held = *session.held().AddTensor(*session.Output(first, 0));
  EXPECT_EQ(Bytes(session), 102u);  // once for all that share it
  ExpectRefused((session.Compute(second).Take()).error(), "max_session_bytes");
  ASSERT_TRUE(session.DropContext(first));
  ExpectRefused((session.Compute(second).Take()).error(), "max_session_bytes");
  session.held().DropTensor(held);
  EXPECT_TRUE(session.Compute(second).Take());
}

TEST_F(HeldTest, StreamsCount) {
  Register("stream", kAny, {{"chunk_bytes", "10"}});
  Session session = Make({{"max_session_bytes", "250"}});
  const uint32_t context = Context(session, "stream");
  const std::string text(100, 'x');
  ASSERT_TRUE(SetBytes(session, context, text));
  // 100 of the input, 100 and the borders of the chunks, and then the output.
  ASSERT_TRUE(session.StartRun(context));
  ExpectRefused(session.PollRun(context).error(), "max_session_bytes");
  ASSERT_TRUE(session.DropContext(context));
  EXPECT_TRUE(Eventually([&] { return Bytes(session) == 0; }));
}

TEST_F(HeldTest, OptionsOfContextsCount) {
  Session session = Make({{"max_session_bytes", "20"}});
  const uint32_t graph = Load(session, "any");
  const uint32_t context = *session.InitContext(graph, {{"delay_ms", "0"}});
  EXPECT_EQ(Bytes(session), 9u);
  EXPECT_TRUE(session.InitContext(graph, {{"delay_ms", "0"}}));
  ExpectRefused(session.InitContext(graph, {{"delay_ms", "0"}}).error(), "max_session_bytes");
  ASSERT_TRUE(session.DropContext(context));
  EXPECT_TRUE(session.InitContext(graph, {{"delay_ms", "0"}}));
}

// ------------------------------------------------------------------ outputs that need no compute

class EarlyTest : public HeldTest {
 protected:
  EarlyTest() {
    script_.table.output_get = [](wasinn_backend_context*, uint32_t, wasinn_backend_output* out,
                                  wasinn_error* error) {
      ++calls;
      if (code != WASINN_OK) {
        std::snprintf(error->message, sizeof(error->message), "expected another prompt");
        return code;
      }
      // The same memory each time.
      std::snprintf(text, sizeof(text), "%d", calls);
      static const int64_t dims[] = {1};
      out->tensor = {WASINN_DTYPE_U8, 1, dims, text, 1};
      return WASINN_OK;
    };
    calls = 0;
    code = WASINN_OK;
    EXPECT_TRUE(core_.backends.Add(&script_.table));
    Register("early", kAny, {}, "scripted");
  }
  static inline char text[16];
  static inline int calls = 0;
  static inline wasinn_code code = WASINN_OK;
  ScriptedBackend script_{0};
};

TEST_F(EarlyTest, TheBackendIsAskedOnceForTheSameInputs) {
  Session session = Make();
  const uint32_t context = Context(session, "early");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Output(session, context), "1");
  ASSERT_TRUE(SetBytes(session, context, "x"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Output(session, context), "2");
  ASSERT_TRUE(session.Compute(context).Take());
  EXPECT_EQ(Output(session, context), "x");
  EXPECT_EQ(calls, 2);
}

TEST_F(EarlyTest, ALentOutputStaysUntilTheNextCompute) {
  Session session = Make({{"max_session_bytes", "100"}});
  const uint32_t context = Context(session, "early");
  std::vector<wasinn_tensor_view> lent;
  for (int i = 0; i < 3; ++i) {
    lent.push_back((*session.LentOutput(context, 0))->view());
    lent.push_back((*session.LentOutput(context, 0))->view());
    ASSERT_TRUE(SetBytes(session, context, "other"));
  }
  for (size_t i = 0; i < lent.size(); ++i) {
    EXPECT_EQ(*static_cast<const char*>(lent[i].data), static_cast<char>('1' + i / 2));
    EXPECT_EQ(lent[i].dims[0], 1);
  }
  EXPECT_EQ(Bytes(session), 5u + 3u);
  ASSERT_TRUE(session.Compute(context).Take());
  EXPECT_EQ(Bytes(session), 5u + 5u);
}

TEST_F(EarlyTest, WhyThereIsNoneIsTold) {
  Session session = Make();
  const uint32_t context = Context(session, "early");
  code = WASINN_PROMPT_TOO_LONG;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(session.Output(context, 0).error().message, "expected another prompt");
    EXPECT_EQ(session.Output(context, 0).error().code, Code::kPromptTooLong);
  }
  EXPECT_EQ(calls, 1);
  ASSERT_TRUE(SetBytes(session, context, "x"));
  code = WASINN_INVALID_ARGUMENT;  // it comes from a run alone
  EXPECT_EQ(session.Output(context, 0).error().message,
            "output 0: expected after a successful compute, given none yet");
}

// ------------------------------------------------------------------ the log

TEST_F(HeldTest, AFailingCallInALoopDoesNotFillTheLog) {
  {
    Session session = Make();
    for (int i = 0; i < 10000; ++i) session.Remember({Code::kBusy, "not now", 0});
    EXPECT_LT(core_.log.Count("not now"), 200u);
    Session other = Make();  // another guest's failures are told all the same
    other.Remember({Code::kBusy, "of another", 0});
    EXPECT_EQ(core_.log.Count("of another"), 1u);
  }
  EXPECT_TRUE(core_.log.Contains("failed guest calls: "));
}

TEST_F(HeldTest, WhatBackendsSayInALoopDoesNotFillTheLog) {
  ScriptedBackend script(0);
  script.run = [&](const wasinn_backend_input* inputs, size_t count,
                   const wasinn_backend_sink& sink) {
    ScriptedBackend::Echo(inputs, count, sink);
    for (int i = 0; i < 10000; ++i) {
      ScriptedBackend::Done(sink);  // late
      script.host->log(script.host->self, WASINN_LOG_WARN, ToStr("a warning"));
    }
  };
  ASSERT_TRUE(core_.backends.Add(&script.table));
  Register("loud", kAny, {}, "scripted");
  Session session = Make();
  const uint32_t context = Context(session, "loud");
  ASSERT_TRUE(SetBytes(session, context, "x"));
  ASSERT_TRUE(session.Compute(context).Take());
  EXPECT_LT(core_.log.Count("which is over; ignored"), 200u);
  EXPECT_LT(core_.log.Count("a warning"), 200u);
  for (int i = 0; i < 1000; ++i) {
    (void)session.LoadByName("any", {{"no-such-option", "1"}}).Take();
  }
  EXPECT_LT(core_.log.Count("has no option"), 200u);
}

}  // namespace
}  // namespace wasinn
