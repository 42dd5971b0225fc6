#include "near.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace wasinn::cli {
namespace {

// The edit distance: letters to insert, remove or replace, and neighbours to swap. Words are short.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1), above, second;
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    second = std::exchange(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], second[j - 2] + 1);
      }
    }
  }
  return row.back();
}

}  // namespace

std::string Suggest(std::string_view given, const std::vector<std::string>& words) {
  const auto nearest = std::ranges::min_element(
      words, {}, [&](const std::string& word) { return Distance(given, word); });
  if (nearest == words.end()) return {};
  const bool near = Distance(given, *nearest) <= std::max<std::size_t>(1, given.size() / 3);
  return near ? fmt::format(" (did you mean {}?)", *nearest) : "";
}

}  // namespace wasinn::cli
