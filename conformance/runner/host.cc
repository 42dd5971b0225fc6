#include "host.h"

#include <algorithm>

#include "files.h"
#include "template.h"
#include "text.h"
#include "words.h"

namespace wasinn::conformance {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;

void CheckWords(TableReader& table, std::string_view key, const std::vector<std::string>& given,
                const std::vector<std::string>& words) {
  for (const auto& word : given) {
    if (std::ranges::find(words, word) != words.end()) continue;
    table.Mistake(table.LineOf(key),
                  fmt::format("{}: expected one of {}, given \"{}\"{}", key, fmt::join(words, ", "),
                              CleanText(word), Suggest(word, words)));
  }
}

std::vector<std::string> Template(TableReader& table, std::string_view key,
                                  std::span<const std::string_view> names, bool needed = false) {
  auto words = needed ? table.NeedTexts(key) : table.Texts(key);
  for (const auto& word : words) {
    if (auto mistake = TemplateMistake(word, names); !mistake.empty()) {
      table.Mistake(table.LineOf(key), fmt::format("{}: {}", key, mistake));
    }
  }
  return words;
}

void ReadClaims(TableReader& table, const std::string& path, Host& host) {
  const auto* claims = table.Table("claims");
  if (claims == nullptr) {
    table.Mistake(table.line(), "expected a table [claims], given none");
    return;
  }
  TableReader reader(path, *claims, "claims: ");
  host.dialects = reader.NeedTexts("dialects");
  CheckWords(reader, "dialects", host.dialects, DialectNames());
  host.frameworks = reader.Texts("frameworks");
  host.features = reader.Texts("features");
  CheckWords(reader, "features", host.features, FeatureNames());
  if (auto done = reader.Finish(); !done) table.Pass(done.error());
}

void ReadDeviations(TableReader& table, const std::string& path, Host& host) {
  for (const auto* entry : table.Tables("deviation")) {
    TableReader reader(path, *entry, "deviation: ");
    Deviation deviation;
    deviation.cases = reader.NeedTexts("cases");
    deviation.reason = reader.Text("reason");
    if (auto done = reader.Finish(); !done) table.Pass(done.error());
    host.deviations.push_back(std::move(deviation));
  }
}

}  // namespace

bool Host::Claims(const std::vector<std::string>& list, std::string_view word) const {
  return std::ranges::find(list, word) != list.end();
}

Result<Host> ParseHost(std::string_view text, const std::string& path) {
  const auto value = ParseToml(text, path);
  if (!value) return std::unexpected(value.error());
  Host host;
  TableReader table(path, *value, "");
  host.name = table.Text("name");
  host.title = table.Text("title");
  host.program = table.Text("program");
  host.version = Template(table, "version", kVersionNames);
  host.run = Template(table, "run", kRunNames, true);
  host.component = Template(table, "component", kRunNames);
  host.model = Template(table, "model", kModelNames);
  host.dir = Template(table, "dir", kDirNames);
  host.policy = Template(table, "policy", kPolicyNames);
  host.copies = Template(table, "copies", kCopiesNames);
  host.env = table.Pairs("env");
  if (const std::string cwd = table.TextOr("cwd", ""); !cwd.empty()) {
    CheckWords(table, "cwd", {cwd}, {"models"});
    host.linked_models = true;
  }
  host.panic = table.Texts("panic");
  if (const auto* trap = table.Table("trap"); trap != nullptr) {
    TableReader reader(path, *trap, "trap: ");
    host.trap = TrapSign{reader.Numbers("exit"), reader.TextOr("text", "")};
    if (host.trap->exit.empty() && host.trap->text.empty()) {
      reader.Mistake(trap->line, "trap: expected exit or text, given neither");
    }
    if (auto done = reader.Finish(); !done) table.Pass(done.error());
  }
  ReadClaims(table, path, host);
  ReadDeviations(table, path, host);
  if (auto done = table.Finish(); !done) return std::unexpected(done.error());
  return host;
}

Result<Host> LoadHost(const std::string& path) {
  const auto text = ReadFile(path, kMaxBytes);
  if (!text) return std::unexpected(text.error());
  return ParseHost(*text, path);
}

}  // namespace wasinn::conformance
