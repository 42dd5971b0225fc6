#include "backend/sink.h"

#include <gtest/gtest.h>

#include <set>

#include "support/core.h"
#include "support/temp_dir.h"

namespace wasinn {
namespace {

class Recorder : public RunListener {
 public:
  bool OnOutput(uint32_t port, Result<Tensor>&& tensor) noexcept override {
    if (!tensor) refusals.push_back(tensor.error().message);
    if (!tensor || port != 0) return false;
    output = std::move(*tensor);
    ++outputs;
    return true;
  }
  bool OnChunk(uint32_t, std::string_view data) noexcept override {
    chunks += data;
    return chunks.size() < 6;
  }
  bool OnGuestStdout(std::string_view data) noexcept override {
    written += data;
    return written.size() < 6;
  }
  void OnDone(Result<> given, const wasinn_backend_usage& used) noexcept override {
    ++dones;
    result = std::move(given);
    usage = used;
  }
  std::shared_ptr<const GuestDirs> guest_dirs() const noexcept override { return dirs; }
  std::shared_ptr<const GuestDirs> dirs;
  std::vector<std::string> refusals;
  int outputs = 0;
  int dones = 0;
  Tensor output;
  std::string chunks;
  std::string written;
  Result<> result;
  wasinn_backend_usage usage{};
};

class SinkTest : public ::testing::Test {
 protected:
  int32_t Output(const wasinn_backend_sink& sink, uint32_t port, wasinn_tensor_view view) {
    const wasinn_backend_output output{port, view, [](void* n) { ++*static_cast<int*>(n); },
                                       &released_};
    return sink.output(sink.self, sink.run, &output);
  }
  void Done(const wasinn_backend_sink& sink, wasinn_code code = WASINN_OK,
            std::string_view text = "") {
    sink.done(sink.self, sink.run, code, ToStr(text), 5, nullptr);
  }
  const int64_t dims_[1] = {4};
  const wasinn_tensor_view good_{WASINN_DTYPE_U8, 1, dims_, "abcd", 4};
  int released_ = 0;
  testing::KeptLog log_;
  Recorder recorder_;
  RunTable table_{log_.get()};
};

TEST_F(SinkTest, ARunReportsToItsListener) {
  const uint32_t slot = *table_.TakeSlot();
  const auto sink = table_.BeginRun(slot, &recorder_);
  EXPECT_NE(sink.run, 0u);
  EXPECT_EQ(Output(sink, 0, good_), 0);
  EXPECT_EQ(released_, 0);
  EXPECT_EQ(recorder_.output.shape.ToString(), "[4]");
  EXPECT_EQ(sink.chunk(sink.self, sink.run, 0, {"abc", 3}), 0);
  EXPECT_EQ(sink.chunk(sink.self, sink.run, 0, {"def", 3}), 1);
  EXPECT_EQ(recorder_.chunks, "abcdef");
  const wasinn_backend_usage usage{7, 8};
  sink.done(sink.self, sink.run, WASINN_OK, {nullptr, 0}, 0, &usage);
  EXPECT_EQ(recorder_.dones, 1);
  EXPECT_TRUE(recorder_.result);
  EXPECT_EQ(recorder_.usage.output_tokens, 8u);
  EXPECT_FALSE(table_.EndRun(slot, sink.run));
  recorder_.output = {};
  EXPECT_EQ(released_, 1);
}

TEST_F(SinkTest, ARunWritesToTheGuestsOutput) {
  const uint32_t slot = *table_.TakeSlot();
  const auto sink = table_.BeginRun(slot, &recorder_);
  EXPECT_EQ(sink.guest_stdout(sink.self, sink.run, {"abc", 3}), 0);
  EXPECT_EQ(sink.guest_stdout(sink.self, sink.run, {nullptr, 5}), 0);
  EXPECT_EQ(sink.guest_stdout(sink.self, sink.run, {"def", 3}), 1);
  EXPECT_EQ(recorder_.written, "abcdef");
  Done(sink);
  EXPECT_EQ(sink.guest_stdout(sink.self, sink.run, {"late", 4}), 1);
  EXPECT_EQ(recorder_.written, "abcdef");
  EXPECT_TRUE(log_.Contains("text for standard output for run"));
}

TEST_F(SinkTest, ARunReadsTheGuestsFiles) {
  const testing::TempDir folder;
  folder.Write("one", "12345");
  const auto read = [](const wasinn_backend_sink& sink, const char* path, std::string* bytes,
                       wasinn_error* error) {
    const auto take = [](void* to, wasinn_bytes given) {
      static_cast<std::string*>(to)->assign(static_cast<const char*>(given.data), given.size);
    };
    return sink.read_file(sink.self, sink.run, ToStr(path), 5, take, bytes, error);
  };
  std::string bytes;
  wasinn_error error{};
  const uint32_t slot = *table_.TakeSlot();
  auto sink = table_.BeginRun(slot, &recorder_);
  EXPECT_EQ(read(sink, "/d/one", &bytes, &error), WASINN_SECURITY);
  EXPECT_EQ(std::string(error.message),
            "file '/d/one': expected a path in a folder that the guest was given, given another");
  auto dirs = std::make_shared<GuestDirs>();
  ASSERT_TRUE(dirs->Add(folder.path(), "/d"));
  recorder_.dirs = dirs;
  EXPECT_EQ(read(sink, "/d/one", &bytes, &error), WASINN_OK);
  EXPECT_EQ(bytes, "12345");
  Done(sink);
  EXPECT_EQ(read(sink, "/d/one", &bytes, &error), WASINN_CANCELLED);
  sink.run = 1234;
  EXPECT_EQ(read(sink, "/d/one", &bytes, nullptr), WASINN_CANCELLED);
}

TEST_F(SinkTest, OutputsThatDoNotAddUpAreRefusedAndReleased) {
  const auto sink = table_.BeginRun(*table_.TakeSlot(), &recorder_);
  const int64_t negative[1] = {-4};
  int refused = 0;
  const auto refuse = [&](uint32_t port, wasinn_tensor_view view) {
    EXPECT_NE(Output(sink, port, view), 0);
    EXPECT_EQ(released_, ++refused);
  };
  refuse(0, {WASINN_DTYPE_NONE, 1, dims_, "abcd", 4});
  refuse(0, {WASINN_DTYPE_U8, 1, nullptr, "abcd", 4});
  refuse(0, {WASINN_DTYPE_U8, UINT32_MAX, dims_, "abcd", 4});
  refuse(0, {WASINN_DTYPE_U8, 1, negative, "abcd", 4});
  refuse(0, {WASINN_DTYPE_U8, 1, dims_, "abcd", 3});
  refuse(0, {WASINN_DTYPE_U8, 1, dims_, nullptr, 4});
  refuse(1, good_);
  EXPECT_EQ(recorder_.outputs, 0);
  EXPECT_NE(sink.output(sink.self, sink.run, nullptr), 0);
}

TEST_F(SinkTest, DoneTwiceAndLateReportsAreIgnored) {
  const uint32_t slot = *table_.TakeSlot();
  const auto first = table_.BeginRun(slot, &recorder_);
  Done(first);
  Done(first, WASINN_RUNTIME_ERROR, "again");
  EXPECT_EQ(recorder_.dones, 1);
  EXPECT_TRUE(recorder_.result);
  EXPECT_TRUE(log_.Contains("a backend reported done for run"));

  const auto second = table_.BeginRun(slot, &recorder_);
  EXPECT_GT(second.run, first.run);
  EXPECT_NE(Output(first, 0, good_), 0);  // late, while the next one runs
  EXPECT_EQ(released_, 1);
  EXPECT_NE(first.chunk(first.self, first.run, 0, {"abc", 3}), 0);
  Done(first, WASINN_RUNTIME_ERROR);
  EXPECT_EQ(recorder_.dones, 1);
  EXPECT_EQ(recorder_.outputs, 0);
  // Ending the first run does not end the second.
  EXPECT_FALSE(table_.EndRun(slot, first.run));
  Done(second);
  EXPECT_EQ(recorder_.dones, 2);
}

TEST_F(SinkTest, RunsThatNeverWereAreIgnored) {
  const auto sink = table_.BeginRun(*table_.TakeSlot(), &recorder_);
  for (const uint64_t run : {uint64_t{0}, uint64_t{5000}, UINT64_MAX, sink.run + 1}) {
    auto other = sink;
    other.run = run;
    EXPECT_NE(Output(other, 0, good_), 0);
    Done(other);
  }
  EXPECT_EQ(recorder_.dones, 0);
  EXPECT_EQ(released_, 4);
}

TEST_F(SinkTest, EndRunSilencesTheBackend) {
  const uint32_t slot = *table_.TakeSlot();
  const auto sink = table_.BeginRun(slot, &recorder_);
  EXPECT_TRUE(table_.EndRun(slot, sink.run));
  Done(sink);
  EXPECT_EQ(recorder_.dones, 0);
}

TEST_F(SinkTest, FailuresKeepTheirTextAndNumber) {
  const uint32_t slot = *table_.TakeSlot();
  Done(table_.BeginRun(slot, &recorder_), WASINN_TOO_LARGE, "expected less");
  EXPECT_EQ(recorder_.result.error().code, Code::kTooLarge);
  EXPECT_EQ(recorder_.result.error().message, "expected less");
  EXPECT_EQ(recorder_.result.error().engine_code, 5);
  Done(table_.BeginRun(slot, &recorder_), WASINN_BUSY);
  EXPECT_EQ(recorder_.result.error().message, "the backend failed with busy and gave no text");
}

TEST_F(SinkTest, SlotsAreReusedAndNumbersAreNot) {
  std::set<uint64_t> runs;
  std::set<uint32_t> slots;
  for (int i = 0; i < 3000; ++i) {
    const uint32_t slot = *table_.TakeSlot();
    slots.insert(slot);
    const auto sink = table_.BeginRun(slot, &recorder_);
    EXPECT_TRUE(runs.insert(sink.run).second);
    Done(sink);
    // Some are kept, so that the table grows past its first block.
    if (i % 2 == 0) table_.GiveSlot(slot);
  }
  EXPECT_EQ(slots.size(), 1500u);
}

}  // namespace
}  // namespace wasinn
