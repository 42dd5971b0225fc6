#include "stream.h"

#include <gtest/gtest.h>

#include <array>
#include <csignal>

namespace wasinn::cli {
namespace {

constexpr std::string_view kModel = "wasinn-echo\n";

// A context of the echo backend that streams "Hello, world" in pieces.
class StreamTest : public ::testing::Test {
 protected:
  Context Make(const OptionList& options) {
    const std::array parts = {std::as_bytes(std::span(kModel))};
    auto graph = session_.Load(parts);
    EXPECT_TRUE(graph.has_value());
    auto context = graph->NewContext(options);
    EXPECT_TRUE(context.has_value());
    const std::array<std::int64_t, 1> dims = {12};
    EXPECT_TRUE(context->SetInput("0", TensorView::Of<char>(WASINN_DTYPE_U8, dims, text_)));
    return std::move(*context);
  }
  StreamEnd Run(Context& context) {
    got_.clear();
    return Stream(context, 0, [this](std::string_view piece) { got_ += piece; });
  }

  const std::string_view text_ = "Hello, world";
  Engine engine_ = *Engine::Create();
  Session session_ = *engine_.NewSession();
  std::string got_;
};

TEST_F(StreamTest, GivesAllPieces) {
  Context context = Make({{"chunk_bytes", "5"}, {"chunk_delay_ms", "30"}});
  const StreamEnd end = Run(context);
  EXPECT_EQ(end.signal, 0);
  EXPECT_FALSE(end.error.has_value());
  EXPECT_EQ(got_, text_);
  ASSERT_TRUE(end.first_ms.has_value());
  EXPECT_LE(*end.first_ms, end.total_ms);
}

TEST_F(StreamTest, AnErrorComesAfterThePieces) {
  Context context = Make({{"chunk_bytes", "5"}, {"fail", "context_full"}});
  const StreamEnd end = Run(context);
  ASSERT_TRUE(end.error.has_value());
  EXPECT_EQ(end.error->code, WASINN_CONTEXT_FULL);
}

TEST_F(StreamTest, ASignalStopsTheRunAndKeepsTheContext) {
  Context context = Make({{"chunk_bytes", "5"}, {"chunk_delay_ms", "600000"}});
  int pieces = 0;
  const StreamEnd end = Stream(context, 0, [&](std::string_view) {
    if (++pieces == 1) std::raise(SIGINT);
  });
  EXPECT_EQ(end.signal, SIGINT);
  EXPECT_FALSE(end.error.has_value());
  EXPECT_EQ(pieces, 1);
  // Again: the context is free, and a new signal is recorded.
  EXPECT_EQ(Stream(context, 0, [](std::string_view) { std::raise(SIGTERM); }).signal, SIGTERM);
}

TEST(TerminalText, HoldsBackHalfACharacter) {
  TerminalText text;
  EXPECT_EQ(text.Add("a\xe6\x97"), "a");
  EXPECT_EQ(text.Add("\xa5"), "日");
  EXPECT_EQ(text.Add("\xf0\x9f"), "");
  EXPECT_EQ(text.Add("\x98\x80!"), "😀!");
  EXPECT_EQ(text.Add("\xc3"), "");
  EXPECT_EQ(text.Finish(), "\xef\xbf\xbd");
  EXPECT_EQ(text.Finish(), "");
}

TEST(TerminalText, ReplacesWhatIsNoCharacter) {
  TerminalText text;
  EXPECT_EQ(text.Add("a\xff\x80z"), "a\xef\xbf\xbd\xef\xbf\xbdz");
  EXPECT_EQ(text.Add("\xe6\x97z"), "\xef\xbf\xbdz");
}

TEST(TerminalText, LetsNoControlCharacterThrough) {
  TerminalText text;
  EXPECT_EQ(text.Add("a\033[2J\r\n\tb\x07"), "a�[2J\n\tb�");
  EXPECT_EQ(text.Add("\xc2"), "");
  EXPECT_EQ(text.Add("\x9b"), "�");
}

}  // namespace
}  // namespace wasinn::cli
