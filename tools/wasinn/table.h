// Text tables, and numbers in a readable form, for listings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "terminal.h"

namespace wasinn::cli {

// Rows under a heading line, columns aligned, two spaces between them. Cells are made printable; a
// short row gets empty cells, and cells beyond the headings are dropped.
class Table {
 public:
  explicit Table(std::vector<std::string> headings);
  // Columns of numbers are aligned to the right.
  Table& AlignRight(std::size_t column);
  void AddRow(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  // Ends with a line break. `indent` spaces stand before each line.
  std::string Render(const Style& style, std::size_t indent = 0) const;

 private:
  std::vector<std::string> headings_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

// "512 B", "1.5 KiB", "2.0 GiB".
std::string HumanSize(std::uint64_t bytes);
// "0.42 ms", "12.3 ms", "4.56 s", from milliseconds.
std::string HumanTime(double milliseconds);
// "a, b, c"; `none` for an empty list.
std::string Join(const std::vector<std::string>& parts, std::string_view none = "");

}  // namespace wasinn::cli
