// The report as JSON, written and read.
#include <nlohmann/json.hpp>

#include "report.h"
#include "text.h"

namespace wasinn::conformance {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;
constexpr std::string_view kVerdicts[] = {"met", "accepted", "missed", "recorded"};

Json CheckJson(const Check& check) {
  Json json = {{"key", check.key}, {"verdict", kVerdicts[static_cast<int>(check.verdict)]}};
  if (!check.label.empty()) json["copy"] = check.label;
  if (check.verdict != Verdict::kRecorded) json["expected"] = check.expected;
  if (!check.accepted.empty()) json["accepted"] = check.accepted;
  json["given"] = check.printed ? Json(check.given) : Json(nullptr);
  return json;
}

// The earlier kind of a result that was judged again.
void AddHistory(const CaseResult& result, Json& json) {
  if (!result.was.empty()) json["was"] = result.was;
  if (result.outdated) json["outdated"] = true;
}

Json BriefResultJson(const CaseResult& result) {
  Json json = {{"id", result.id}, {"result", FactsOf(result.kind).text}};
  if (!result.message.empty()) json["message"] = result.message;
  AddHistory(result, json);
  if (result.kind == Kind::kSkip) return json;
  if (result.exit_code != 0) json["exit_code"] = result.exit_code;
  if (result.signal != 0) json["signal"] = result.signal;
  json["values"] = Json::array();
  for (const auto& check : result.checks) {
    Json value = {{"key", check.key}};
    if (check.verdict == Verdict::kMissed) value["verdict"] = "missed";
    if (!check.label.empty()) value["copy"] = check.label;
    value["given"] = check.printed ? Json(check.given) : Json(nullptr);
    json["values"].push_back(std::move(value));
  }
  return json;
}

Json ResultJson(const CaseResult& result) {
  Json json = {{"id", result.id},
               {"group", result.group},
               {"name", result.name},
               {"dialect", result.dialect},
               {"framework", result.framework.empty() ? Json(nullptr) : Json(result.framework)},
               {"result", FactsOf(result.kind).text},
               {"message", result.message},
               {"known", result.known.empty() ? Json(nullptr) : Json(result.known)}};
  AddHistory(result, json);
  if (result.kind == Kind::kSkip) return json;
  json["exit_code"] = result.exit_code < 0 ? Json(nullptr) : Json(result.exit_code);
  json["signal"] = result.signal;
  json["duration_ms"] = result.duration_ms;
  json["command"] = result.command;
  json["values"] = Json::array();
  for (const auto& check : result.checks) json["values"].push_back(CheckJson(check));
  json["stdout_rest"] = result.other;
  json["stderr"] = result.err;
  return json;
}

// Reads fields of any JSON without exceptions: a missing field, or one of another type, is empty.
std::string Text(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? CleanText(found->get<std::string>())
                                                   : std::string();
}

std::int64_t Number(const Json& json, const char* key, std::int64_t otherwise) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

const Json& List(const Json& json, const char* key) {
  static const Json kEmpty = Json::array();
  const auto found = json.find(key);
  return found != json.end() && found->is_array() ? *found : kEmpty;
}

Check ReadCheck(const Json& json) {
  Check check;
  check.key = Text(json, "key");
  check.label = Text(json, "copy");
  check.expected = Text(json, "expected");
  check.given = Text(json, "given");
  check.printed = json.contains("given") && json["given"].is_string();
  for (const auto& other : List(json, "accepted")) {
    if (other.is_string()) check.accepted.push_back(CleanText(other.get<std::string>()));
  }
  const std::string verdict = Text(json, "verdict");
  for (std::size_t i = 0; i < std::size(kVerdicts); ++i) {
    if (kVerdicts[i] == verdict) check.verdict = static_cast<Verdict>(i);
  }
  return check;
}

// Splits GROUP/NAME@DIALECT+FRAMEWORK into its parts.
void ReadId(CaseResult& result) {
  std::string_view rest = result.id;
  const auto cut = [&](char sign) {
    const auto at = std::min(rest.find(sign), rest.size());
    const std::string part(rest.substr(0, at));
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return part;
  };
  result.group = cut('/');
  result.name = cut('@');
  result.dialect = cut('+');
  result.framework = rest;
}

Result<CaseResult> ReadResult(const Json& json, const std::string& path) {
  CaseResult result;
  result.id = Text(json, "id");
  ReadId(result);
  result.was = Text(json, "was");
  result.outdated = json.contains("outdated") && json["outdated"] == true;
  const auto* kind = FindKind(Text(json, "result"));
  if (kind == nullptr || result.id.empty()) {
    return Fail("{}: expected an id and a known result in each of \"results\", given \"{}\"", path,
                Text(json, "result"));
  }
  result.kind = kind->kind;
  result.message = Text(json, "message");
  result.known = Text(json, "known");
  // A brief report leaves out 0; in a full one, null means that the run was killed.
  result.exit_code =
      static_cast<int>(Number(json, "exit_code", json.contains("exit_code") ? -1 : 0));
  result.signal = static_cast<int>(Number(json, "signal", 0));
  result.duration_ms = Number(json, "duration_ms", 0);
  result.command = Text(json, "command");
  for (const auto& check : List(json, "values")) {
    if (check.is_object()) result.checks.push_back(ReadCheck(check));
  }
  result.other = Text(json, "stdout_rest");
  result.err = Text(json, "stderr");
  return result;
}

Json GroupJson(const GroupFacts& group) {
  Json json = {{"name", group.name}, {"title", group.title}, {"about", group.about}};
  json["cases"] = Json::array();
  for (const auto& one : group.cases) {
    Json facts = {{"name", one.name},       {"checks", one.checks}, {"source", one.source},
                  {"rule", one.rule},       {"why", one.why},       {"recorded", one.recorded},
                  {"wrong", Json::object()}};
    for (const auto& [key, answer] : one.wrong) facts["wrong"][key] = answer;
    json["cases"].push_back(std::move(facts));
  }
  return json;
}

// The path of a program means nothing on another machine.
std::string FileName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::string WriteJson(const Report& report, bool brief) {
  Json json = {{"format", kFormat}, {"stopped", report.stopped}};
  json["groups"] = Json::array();
  for (const auto& group : report.groups) {
    if (!brief) json["groups"].push_back(GroupJson(group));
  }
  json["hosts"] = Json::array();
  for (const auto& host : report.hosts) {
    const Counts counts = CountsOf(host, "");
    Json totals = Json::object();
    for (const auto& kind : AllKinds()) totals[std::string(kind.text)] = counts.at(kind.kind);
    totals["unexplained"] = counts.unexplained;
    Json entry = {{"name", host.name},
                  {"title", host.title},
                  {"version", host.version},
                  {"program", brief ? FileName(host.program) : host.program},
                  {"missing", host.missing.empty() ? Json(nullptr) : Json(host.missing)},
                  {"date", host.date},
                  {"duration_ms", host.duration_ms},
                  {"totals", totals}};
    entry["results"] = Json::array();
    for (const auto& result : host.results) {
      entry["results"].push_back(brief ? BriefResultJson(result) : ResultJson(result));
    }
    json["hosts"].push_back(std::move(entry));
  }
  return json.dump(brief ? 0 : 1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Report> ReadJson(std::string_view text, const std::string& path) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || Number(json, "format", 0) != kFormat) {
    return Fail("{}: expected the JSON report of a run (format {}), given something else", path,
                kFormat);
  }
  Report report;
  report.stopped = json.contains("stopped") && json["stopped"] == true;
  for (const auto& entry : List(json, "groups")) {
    if (!entry.is_object()) continue;
    GroupFacts group{Text(entry, "name"), Text(entry, "title"), Text(entry, "about"), {}};
    for (const auto& one : List(entry, "cases")) {
      if (!one.is_object()) continue;
      CaseFacts facts{Text(one, "name"),
                      Text(one, "checks"),
                      Text(one, "source"),
                      Text(one, "rule"),
                      Text(one, "why"),
                      false,
                      {}};
      facts.recorded = one.contains("recorded") && one["recorded"] == true;
      if (const auto wrong = one.find("wrong"); wrong != one.end() && wrong->is_object()) {
        for (const auto& [key, answer] : wrong->items()) {
          if (answer.is_string()) facts.wrong.emplace_back(key, answer.get<std::string>());
        }
      }
      group.cases.push_back(std::move(facts));
    }
    report.groups.push_back(std::move(group));
  }
  for (const auto& entry : List(json, "hosts")) {
    if (!entry.is_object()) continue;
    HostReport host;
    host.name = Text(entry, "name");
    host.title = Text(entry, "title");
    host.version = Text(entry, "version");
    host.program = Text(entry, "program");
    host.missing = Text(entry, "missing");
    host.date = Text(entry, "date");
    host.duration_ms = Number(entry, "duration_ms", 0);
    for (const auto& one : List(entry, "results")) {
      if (!one.is_object()) continue;
      auto result = ReadResult(one, path);
      if (!result) return std::unexpected(result.error());
      host.results.push_back(std::move(*result));
    }
    report.hosts.push_back(std::move(host));
  }
  if (report.hosts.empty()) return Fail("{}: expected at least one host, given none", path);
  return report;
}

}  // namespace wasinn::conformance
