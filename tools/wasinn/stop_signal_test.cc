#include "stop_signal.h"

#include <gtest/gtest.h>
#include <poll.h>

namespace wasinn::cli {
namespace {

bool CanRead(int fd) {
  pollfd wait = {fd, POLLIN, 0};
  return poll(&wait, 1, 0) == 1;
}

TEST(StopSignal, NotesTheFirst) {
  for (const int number : {SIGINT, SIGTERM}) {
    const StopSignal stop;
    EXPECT_EQ(StopSignal::received(), 0);
    EXPECT_FALSE(StopSignal::came());
    EXPECT_FALSE(CanRead(StopSignal::fd()));
    raise(number);
    EXPECT_EQ(StopSignal::received(), number);
    EXPECT_TRUE(StopSignal::came());
    EXPECT_TRUE(CanRead(StopSignal::fd()));
  }
}

TEST(StopSignalDeathTest, AnySecondOneEndsTheProcess) {
  for (const int first : {SIGINT, SIGTERM}) {
    for (const int second : {SIGINT, SIGTERM}) {
      EXPECT_EXIT(
          {
            const StopSignal stop;
            raise(first);
            raise(second);
          },
          ::testing::KilledBySignal(second), "");
    }
  }
}

TEST(StopSignalDeathTest, TheEffectFromBeforeComesBack) {
  EXPECT_EXIT(
      {
        {
          const StopSignal stop;
        }
        raise(SIGTERM);
      },
      ::testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace wasinn::cli
