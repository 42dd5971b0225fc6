#include "golden/runner.h"

#include <map>
#include <set>

#include "base/text.h"
#include "golden/case_run.h"

namespace wasinn::golden {
namespace {

bool MakesSession(Verb verb) { return verb == Verb::kMemory || verb == Verb::kPolicy; }

// The lines of the expectations below an action, and the actual results.
struct Edit {
  std::vector<size_t> lines;  // from 1
  std::vector<std::string> actual;
};

class FileRun {
 public:
  FileRun(std::string_view text, const Settings& settings) : text_(text), settings_(settings) {}

  Report Run() {
    auto file = Parse(text_);
    if (!file) {
      report_.failed = 1;
      report_.messages.push_back(file.error().message);
      report_.rebased = text_;
      return report_;
    }
    std::vector<std::string> snapshots;
    for (const Statement& statement : file->prelude) {
      if (statement.verb != Verb::kSnapshots) continue;
      for (const Value& value : statement.operands) snapshots.push_back(value.text);
    }
    if (snapshots.empty()) snapshots.emplace_back();
    if (file->cases.empty()) {
      report_.failed = 1;
      report_.messages.emplace_back("expected at least one case, given none");
    }
    for (const Case& one : file->cases) RunCase(file->prelude, one, snapshots);
    report_.rebased = Rebase();
    return report_;
  }

 private:
  void RunCase(const std::vector<Statement>& prelude, const Case& one,
               const std::vector<std::string>& snapshots) {
    std::vector<Statement> statements = prelude;
    statements.insert(statements.end(), one.statements.begin(), one.statements.end());
    std::set<std::string> problems;
    std::string skip;
    for (const std::string& snapshot : snapshots) {
      for (const inproc::Wait wait : {inproc::Wait::kBlock, inproc::Wait::kWaker}) {
        const std::string pass =
            fmt::format("{}{}{}", snapshot, snapshot.empty() ? "" : ", ",
                        wait == inproc::Wait::kBlock ? "blocking" : "with a waker");
        CaseRun run(settings_, wait, snapshot);
        if (auto result = RunPass(run, statements); !result) {
          problems.insert(fmt::format("{} ({})", result.error().message, pass));
        }
        skip = run.skip_reason();
      }
    }
    if (!skip.empty()) {
      ++report_.skipped;
      report_.messages.push_back(fmt::format("{}: {}: skipped: {}", one.line, one.name, skip));
      return;
    }
    ++(problems.empty() ? report_.passed : report_.failed);
    for (const std::string& problem : problems) {
      report_.messages.push_back(fmt::format("{}: {}: {}", one.line, one.name, problem));
    }
  }

  Result<> RunPass(CaseRun& run, const std::vector<Statement>& statements) {
    // Statements that configure the session come first, wherever they are in the case.
    for (const Statement& statement : statements) {
      if (MakesSession(statement.verb)) WASINN_CHECK(run.Step(statement));
    }
    std::string wrong;
    for (size_t i = 0; i < statements.size();) {
      const Statement& action = statements[i];
      size_t end = i + 1;
      while (end < statements.size() && IsExpectation(statements[end].verb)) ++end;
      if (!MakesSession(action.verb)) WASINN_CHECK(run.Step(action));
      if (!run.skip_reason().empty()) return {};
      const auto expected = std::span(statements).subspan(i + 1, end - i - 1);
      auto lines = run.Compare(expected);
      if (!lines) {
        return Fail(Code::kInvalidArgument, "line {}: {}", action.line, lines.error().message);
      }
      if (lines->given != lines->actual) {
        wrong += fmt::format("\n  line {}: expected\n    {}\n  given\n    {}", action.line,
                             fmt::join(lines->given, "\n    "), fmt::join(lines->actual, "\n    "));
        Edit edit;
        for (const Statement& statement : expected) edit.lines.push_back(statement.line);
        edit.actual = lines->actual;
        edits_.try_emplace(action.line, std::move(edit));
      }
      i = end;
    }
    if (!wrong.empty()) return Fail(Code::kInvalidArgument, "{}", wrong);
    return {};
  }

  std::string Rebase() const {
    std::set<size_t> old;
    for (const auto& [line, edit] : edits_) old.insert(edit.lines.begin(), edit.lines.end());
    std::string text;
    size_t number = 0;
    const auto lines = Split(text_, '\n');
    for (const std::string_view line : lines) {
      ++number;
      if (!old.contains(number)) {
        text += line;
        if (number != lines.size()) text += '\n';
      }
      if (const auto edit = edits_.find(number); edit != edits_.end()) {
        for (const std::string& actual : edit->second.actual) text += actual + "\n";
      }
    }
    return text;
  }

  const std::string_view text_;
  const Settings& settings_;
  Report report_;
  std::map<size_t, Edit> edits_;  // by the action's line
};

}  // namespace

Report RunText(std::string_view text, const Settings& settings) {
  return FileRun(text, settings).Run();
}

}  // namespace wasinn::golden
