#include "table.h"

#include <gtest/gtest.h>

namespace wasinn::cli {
namespace {

TEST(Table, AlignsColumnsAndKeepsNoTrailingSpaces) {
  Table table({"NAME", "SIZE"});
  table.AlignRight(1);
  table.AddRow({"a", "1 B"});
  table.AddRow({"größe", "12 KiB"});
  EXPECT_EQ(table.Render({}),
            "NAME     SIZE\n"
            "a         1 B\n"
            "größe  12 KiB\n");
  EXPECT_EQ(table.Render({}, 2).substr(0, 6), "  NAME");
}

TEST(Table, FillsShortRowsAndDropsCellsPastTheHeadings) {
  Table table({"A", "B"});
  table.AddRow({"1"});
  table.AddRow({"1", "2", "3"});
  EXPECT_EQ(table.Render({}), "A  B\n1\n1  2\n");
}

TEST(Table, CellsCannotWriteToTheTerminal) {
  Table table({"A"});
  table.AddRow({"x\033[2Jy\nz"});
  EXPECT_EQ(table.Render({}), "A\nx�[2Jy z\n");
}

TEST(Table, ColoursOnlyTheHeadings) {
  Table table({"A"});
  table.AddRow({"1"});
  Style style;
  style.bold = "<";
  style.reset = ">";
  EXPECT_EQ(table.Render(style), "<A>\n1\n");
}

TEST(Printable, ReplacesControlCharactersOfBothKinds) {
  EXPECT_EQ(Printable("a\x1b"
                      "b\x7f"
                      "c\xc2\x9b"
                      "d"),
            "a�b�c�d");
  EXPECT_EQ(Printable("a\n\tb"), "a  b");
  EXPECT_EQ(Printable("a\n\tb", true), "a\n\tb");
  EXPECT_EQ(Printable("é\xc2\xa0"), "é\xc2\xa0");
}

TEST(HumanSize, ChangesTheUnitBeforeItsNumberHasFourDigits) {
  EXPECT_EQ(HumanSize(0), "0 B");
  EXPECT_EQ(HumanSize(1023), "1023 B");
  EXPECT_EQ(HumanSize(1024), "1.0 KiB");
  EXPECT_EQ(HumanSize(1536), "1.5 KiB");
  EXPECT_EQ(HumanSize(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(HumanSize(~0ULL), "16.0 EiB");
}

TEST(HumanTime, KeepsThreeDigits) {
  EXPECT_EQ(HumanTime(0.4242), "0.42 ms");
  EXPECT_EQ(HumanTime(12.34), "12.3 ms");
  EXPECT_EQ(HumanTime(4560), "4.56 s");
}

TEST(Join, ShowsNone) {
  EXPECT_EQ(Join({"a", "b"}), "a, b");
  EXPECT_EQ(Join({}, "none"), "none");
}

}  // namespace
}  // namespace wasinn::cli
