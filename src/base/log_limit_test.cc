#include "base/log_limit.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace wasinn {
namespace {

using std::chrono::hours;

class LogLimitTest : public ::testing::Test {
 protected:
  // Writes `count` lines at `now`.
  void Lines(int count, LogLimit::Clock::time_point now, wasinn_log_level level = WASINN_LOG_WARN) {
    for (int i = 0; i < count; ++i) {
      if (limit_.Allow(log_, level, now)) log_.Log(level, "line");
    }
  }
  std::vector<std::string> lines_;
  const Logger log_{[](void* self, wasinn_log_level, wasinn_str text) {
                      static_cast<std::vector<std::string>*>(self)->emplace_back(text.data,
                                                                                 text.size);
                    },
                    &lines_, WASINN_LOG_DEBUG};
  LogLimit limit_{"lines of a test"};
  const LogLimit::Clock::time_point start_ = LogLimit::Clock::now();
};

TEST_F(LogLimitTest, LinesAboveTheLimitAreCountedAndTheirNumberIsTold) {
  Lines(1000, start_);
  EXPECT_EQ(lines_.size(), LogLimit::kAtOnce);
  limit_.Tell(log_);
  EXPECT_EQ(lines_.back(), "lines of a test: 936 lines were left out");
  limit_.Tell(log_);
  EXPECT_EQ(lines_.size(), LogLimit::kAtOnce + 1u);
}

TEST_F(LogLimitTest, OneLineEachWhileGoesOnAndTellsWhatCameBetween) {
  Lines(100, start_);
  lines_.clear();
  Lines(10, start_ + LogLimit::kEvery);
  EXPECT_EQ(lines_, (std::vector<std::string>{"lines of a test: 36 lines were left out", "line"}));
  lines_.clear();
  Lines(1000, start_ + hours(1));  // as many at once as at first
  EXPECT_EQ(lines_.size(), LogLimit::kAtOnce + 1u);
}

TEST_F(LogLimitTest, LinesOfDebugPassAndThoseThatNobodyWantsDoNotCount) {
  Lines(1000, start_, WASINN_LOG_DEBUG);
  EXPECT_EQ(lines_.size(), 1000u);
  const Logger quiet;
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(limit_.Allow(quiet, WASINN_LOG_WARN, start_));
  limit_.Tell(log_);
  EXPECT_EQ(lines_.size(), 1000u);
}

TEST(LoggerTest, AnExceptionOfTheCallbackStaysInside) {
  const Logger log([](void*, wasinn_log_level, wasinn_str) { throw std::runtime_error("full"); },
                   nullptr, WASINN_LOG_DEBUG);
  log.Log(WASINN_LOG_WARN, "{}", 1);
  log.Write(WASINN_LOG_WARN, "text");
}

}  // namespace
}  // namespace wasinn
