#include "labelled_lines.h"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>
#include <vector>

namespace wasinn::cli {
namespace {

TEST(LabelledLines, PassesWholeLinesOn) {
  std::vector<std::string> passed;
  {
    LabelledLines lines(3, [&](std::string_view text) { passed.emplace_back(text); });
    lines.Write("one");
    EXPECT_TRUE(passed.empty());
    lines.Write(" line\n\ntwo\nthr");
    EXPECT_EQ(passed, (std::vector<std::string>{"[3] one line\n", "[3] \n", "[3] two\n"}));
    lines.Write("ee");
  }
  EXPECT_EQ(passed.back(), "[3] three\n");
}

TEST(LabelledLines, AnEndlessLineComesInPieces) {
  std::size_t bytes = 0;
  std::size_t pieces = 0;
  {
    LabelledLines lines(0, [&](std::string_view text) {
      bytes += text.size() - 5;  // "[0] " and the line break
      ++pieces;
    });
    for (int i = 0; i < 300; ++i) lines.Write(std::string(1000, 'x'));
    EXPECT_EQ(pieces, 4U);
  }
  EXPECT_EQ(bytes, 300'000U);
}

TEST(LabelledLines, InstancesDoNotCutIntoEachOthersLines) {
  std::mutex mutex;
  std::string all;  // guarded by mutex
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        LabelledLines lines(i, [&](std::string_view text) {
          const std::lock_guard lock(mutex);
          all += text;
        });
        for (int j = 0; j < 500; ++j) {
          lines.Write("a");
          lines.Write("b\n");
        }
      });
    }
  }
  std::size_t count = 0;
  for (std::size_t at = 0; at < all.size(); at = all.find('\n', at) + 1, ++count) {
    EXPECT_EQ(all.substr(at + 1, 1).find_first_not_of("0123"), std::string::npos);
    EXPECT_EQ(all.substr(at + 2, 5), "] ab\n");
  }
  EXPECT_EQ(count, 2000U);
}

}  // namespace
}  // namespace wasinn::cli
