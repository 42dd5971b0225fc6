// TOML files as values with line numbers, and a reader that finds unknown and missing keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "result.h"

namespace wasinn::conformance {

struct TomlValue {
  enum class Kind { kText, kNumber, kFlag, kList, kTable, kOther };
  Kind kind = Kind::kOther;
  std::uint32_t line = 0;
  std::string text = {};  // kText, kNumber and kFlag
  std::vector<TomlValue> list = {};
  std::vector<std::pair<std::string, TomlValue>> table = {};  // in the order of the file
};

// The file's table; the error names file and line.
Result<TomlValue> ParseToml(std::string_view text, const std::string& path);
Result<TomlValue> ReadToml(const std::string& path);

using TextPairs = std::vector<std::pair<std::string, std::string>>;

// Reads one table key by key. Finish returns the first mistake; until then the readers return empty
// values. `value` must outlive the reader.
class TableReader {
 public:
  TableReader(const std::string& path, const TomlValue& value, std::string name);

  // A text that must exist and not be empty.
  std::string Text(std::string_view key);
  std::string TextOr(std::string_view key, std::string otherwise);
  // 0 if it is missing.
  std::uint32_t Count(std::string_view key);
  // A list of texts; a single text is a list of one. Empty if the key is missing.
  std::vector<std::string> Texts(std::string_view key);
  std::vector<std::string> NeedTexts(std::string_view key);
  std::vector<int> Numbers(std::string_view key);
  // A table of texts.
  TextPairs Pairs(std::string_view key);
  // A table whose values are texts or lists of texts.
  std::vector<std::pair<std::string, std::vector<std::string>>> Lists(std::string_view key);
  // A table, or nullptr; the tables of [[key]].
  const TomlValue* Table(std::string_view key);
  std::vector<const TomlValue*> Tables(std::string_view key);

  // Records a mistake that the caller found.
  void Mistake(std::uint32_t line, const std::string& text);
  // Records the mistake of a reader of an inner table.
  void Pass(const std::string& mistake);
  bool Has(std::string_view key) const;
  std::uint32_t line() const { return value_.line; }
  // The line of a key, or of the table if the key is missing.
  std::uint32_t LineOf(std::string_view key) const;
  std::string Where() const;

  // Fails if the table has keys that were never read.
  Result<> Finish();

 private:
  const TomlValue* Find(std::string_view key);
  std::vector<std::string> TextsOf(const TomlValue& value, std::string_view key);
  void Wrong(const TomlValue& value, std::string_view key, std::string_view expected);

  const std::string& path_;
  const TomlValue& value_;
  const std::string name_;
  std::vector<std::string> known_;
  std::optional<std::string> mistake_;
};

}  // namespace wasinn::conformance
