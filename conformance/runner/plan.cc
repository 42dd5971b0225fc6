#include "plan.h"

#include <algorithm>
#include <filesystem>

#include "template.h"
#include "text.h"
#include "words.h"

namespace wasinn::conformance {
namespace fs = std::filesystem;
namespace {

constexpr char kGuestModels[] = "/models";

bool Has(const std::vector<std::string>& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

bool Selects(const std::vector<std::string>& list, std::string_view word) {
  return list.empty() || Has(list, word);
}

std::string IdOf(const Case& one, std::string_view dialect, std::string_view framework) {
  return fmt::format("{}/{}@{}{}{}", one.group, one.name, dialect, framework.empty() ? "" : "+",
                     framework);
}

bool SelectsCase(const Filter& filter, const Case& one, const std::string& id) {
  if (!Selects(filter.groups, one.group)) return false;
  if (filter.cases.empty()) return true;
  return MatchesAnyGlob(filter.cases, one.name) || MatchesAnyGlob(filter.cases, id) ||
         MatchesAnyGlob(filter.cases, one.group + "/" + one.name);
}

std::string StemOf(const Case& one, const Dialect& dialect) {
  return dialect.snapshot.empty() ? one.guest : fmt::format("{}-{}", one.guest, dialect.snapshot);
}

bool HasAllModels(const Framework& framework, const Case& one) {
  const auto has = [&](const auto& name) { return framework.models.contains(name); };
  return std::ranges::all_of(one.models, has) && std::ranges::all_of(one.files, has);
}

// Why a host does not run a case in a dialect it claims; "" when it does.
std::string LackOf(const Host& host, const Case& one) {
  const auto lacks = [&](std::string_view feature) {
    return host.Claims(host.features, feature) ? std::string()
                                               : fmt::format("does not claim {}", feature);
  };
  for (const auto& need : one.needs) {
    if (auto lack = lacks(need); !lack.empty()) return lack;
  }
  const struct {
    bool needed;
    const std::vector<std::string>& template_words;
    const char* key;
    const char* feature;
  } parts[] = {
      {!one.models.empty() && !host.linked_models, host.model, "model", "load-by-name"},
      {!one.files.empty(), host.dir, "dir", "files"},
      {!one.policy.empty(), host.policy, "policy", "policy"},
      {one.copies > 1, host.copies, "copies", "copies"},
  };
  if (!one.models.empty()) {
    if (auto lack = lacks("load-by-name"); !lack.empty()) return lack;
  }
  for (const auto& part : parts) {
    if (!part.needed) continue;
    if (auto lack = lacks(part.feature); !lack.empty()) return lack;
    if (part.template_words.empty()) {
      return fmt::format("its file has no template \"{}\"", part.key);
    }
  }
  return {};
}

// The frameworks with which a case runs on a host; if there are none, `why` says so.
std::vector<std::string> FrameworksOf(const Suite& suite, const Host& host, const Case& one,
                                      const PlanOptions& options, std::string& why) {
  std::vector<std::string> having;
  bool lacking = false;
  bool filtered = false;
  for (const auto& name : host.frameworks) {
    const auto found = suite.frameworks.find(name);
    if (found == suite.frameworks.end() || !HasAllModels(found->second, one)) continue;
    if (Has(options.lacking, name)) {
      lacking = true;
    } else if (!Selects(options.filter.frameworks, name)) {
      filtered = true;
    } else {
      having.push_back(name);
    }
  }
  if (having.empty() && filtered) {
    why.clear();
  } else if (having.empty() && lacking) {
    why = "this build has no such backend";
  } else if (having.empty()) {
    auto names = one.models;
    names.insert(names.end(), one.files.begin(), one.files.end());
    why = names.empty()
              ? "claims no framework of the suite"
              : fmt::format("claims no framework that has the models {}", fmt::join(names, ", "));
  } else if (one.frameworks == FrameworkUse::kOne) {
    having.resize(1);
  }
  return having;
}

class CommandMaker {
 public:
  CommandMaker(const Suite& suite, const PlanOptions& options) : suite_(suite), options_(options) {}

  void Make(Job& job, const Dialect& dialect) const {
    const Host& host = *job.host;
    const Case& one = *job.one;
    const bool is_component = dialect.form == Form::kComponent && !host.component.empty();
    const auto& words = is_component ? host.component : host.run;
    const std::string stem = StemOf(one, dialect);
    const std::string guest = fmt::format("{}/guests/{}.wasm", suite_.dir, stem);
    std::error_code error;
    if (Uses(words, "guest") && !fs::is_regular_file(guest, error)) {
      job.flaw = fmt::format("the suite lacks the guest {}", guest);
    }
    const Framework* framework = nullptr;
    int encoding = -1;
    if (!job.framework.empty()) {
      framework = &suite_.frameworks.at(job.framework);
      encoding = EncodingNumber(framework->encoding, dialect.numbers);
      if (encoding < 0) {
        job.skip =
            fmt::format("{} has no number for the encoding {}", job.dialect, framework->encoding);
        return;
      }
    }
    const auto fill = [](const auto& template_words, const std::vector<Filling>& fillings) {
      return Fill(template_words, fillings);
    };
    std::vector<std::string> models;
    for (const auto& name : one.models) {
      const std::string path = PathOf(job.framework, *framework, name);
      if (host.linked_models) job.links.emplace_back(name, path);
      Append(models, fill(host.model, {{"name", {name}},
                                       {"path", {path}},
                                       {"files", {FilesOf(job.framework, *framework, name)}},
                                       {"dir", {fs::path(path).parent_path().string()}},
                                       {"encoding", {framework->encoding}},
                                       {"ENCODING", {Upper(framework->encoding)}},
                                       {"framework", {job.framework}}}));
    }
    std::vector<std::string> dirs;
    if (!one.files.empty()) {
      dirs = fill(host.dir, {{"host", {fmt::format("{}/models/{}", suite_.dir, job.framework)}},
                             {"guest_dir", {kGuestModels}}});
    }
    std::vector<std::string> policy;
    for (const auto& [rule, value] : one.policy) {
      Append(policy, fill(host.policy, {{"rule", {rule}}, {"value", {value}}}));
    }
    std::vector<std::string> copies;
    if (one.copies > 1) copies = fill(host.copies, {{"n", {std::to_string(one.copies)}}});
    job.command = fill(words, {{"program", {options_.program}},
                               {"guest", {guest}},
                               {"stem", {stem}},
                               {"models", models},
                               {"dirs", dirs},
                               {"policy", policy},
                               {"copies", copies},
                               {"args", ArgsOf(job, framework, encoding)}});
  }

 private:
  static void Append(std::vector<std::string>& list, const std::vector<std::string>& more) {
    list.insert(list.end(), more.begin(), more.end());
  }

  std::string PathOf(const std::string& name, const Framework& framework,
                     const std::string& model) const {
    return fmt::format("{}/models/{}/{}", suite_.dir, name, framework.models.at(model).front());
  }

  // All files of a model in one word.
  std::string FilesOf(const std::string& name, const Framework& framework,
                      const std::string& model) const {
    std::vector<std::string> paths;
    for (const auto& file : framework.models.at(model)) {
      paths.push_back(fmt::format("{}/models/{}/{}", suite_.dir, name, file));
    }
    return fmt::format("{}", fmt::join(paths, ":"));
  }

  static std::vector<std::string> ArgsOf(const Job& job, const Framework* framework, int encoding) {
    std::vector<std::string> args = {job.one->name};
    if (framework != nullptr) {
      args.push_back("framework=" + job.framework);
      args.push_back(fmt::format("encoding={}", encoding));
      args.emplace_back("target=0");
      for (const auto& name : job.one->files) {
        std::string files;
        for (const auto& file : framework->models.at(name)) {
          files += fmt::format("{}{}/{}", files.empty() ? "" : ";", kGuestModels, file);
        }
        args.push_back(fmt::format("file.{}={}", name, files));
      }
    }
    Append(args, job.one->args);
    return args;
  }

  const Suite& suite_;
  const PlanOptions& options_;
};

}  // namespace

std::string KnownReason(const Host& host, const std::string& id) {
  for (const auto& deviation : host.deviations) {
    if (MatchesAnyGlob(deviation.cases, id)) return deviation.reason;
  }
  return {};
}

std::vector<Job> Plan(const Suite& suite, const Host& host, const PlanOptions& options) {
  std::vector<Job> jobs;
  const CommandMaker maker(suite, options);
  const auto add = [&](const Case& one, const std::string& dialect, const std::string& framework,
                       const std::string& skip) {
    Job job;
    job.host = &host;
    job.one = &one;
    job.dialect = dialect;
    job.framework = framework;
    job.id = IdOf(one, dialect, framework);
    job.skip = skip;
    job.exact = options.exact;
    job.time_limit = one.time_limit > 0 ? std::chrono::seconds(one.time_limit) : options.time_limit;
    if (!SelectsCase(options.filter, one, job.id)) return;
    job.known = KnownReason(host, job.id);
    if (skip.empty()) maker.Make(job, *FindDialect(dialect));
    jobs.push_back(std::move(job));
  };
  for (const auto& group : suite.groups) {
    for (const auto& one : group.cases) {
      for (const auto& dialect : one.dialects) {
        if (!Selects(options.filter.dialects, dialect)) continue;
        std::string skip;
        if (!host.Claims(host.dialects, dialect)) {
          skip = fmt::format("does not claim {}", dialect);
        } else {
          skip = LackOf(host, one);
        }
        if (!skip.empty() || one.frameworks == FrameworkUse::kNone) {
          // With a filter for one framework, cases that need none are left out.
          if (options.filter.frameworks.empty()) add(one, dialect, "", skip);
          continue;
        }
        const auto frameworks = FrameworksOf(suite, host, one, options, skip);
        for (const auto& framework : frameworks) add(one, dialect, framework, "");
        if (frameworks.empty() && !skip.empty() && options.filter.frameworks.empty()) {
          add(one, dialect, "", skip);
        }
      }
    }
  }
  return jobs;
}

std::string FilterMistake(const Suite& suite, const Filter& filter) {
  const auto check = [](const char* flag, const std::vector<std::string>& given,
                        const std::vector<std::string>& words) -> std::string {
    for (const auto& word : given) {
      if (Has(words, word)) continue;
      return fmt::format("{}: expected one of {}, given \"{}\"{}", flag, fmt::join(words, ", "),
                         CleanText(word), Suggest(word, words));
    }
    return {};
  };
  std::vector<std::string> groups;
  for (const auto& group : suite.groups) groups.push_back(group.name);
  std::vector<std::string> frameworks;
  for (const auto& [name, framework] : suite.frameworks) frameworks.push_back(name);
  if (auto text = check("--group", filter.groups, groups); !text.empty()) return text;
  if (auto text = check("--framework", filter.frameworks, frameworks); !text.empty()) return text;
  if (auto text = check("--dialect", filter.dialects, DialectNames()); !text.empty()) return text;
  for (const auto& pattern : filter.cases) {
    const Filter only{.groups = {}, .cases = {pattern}, .frameworks = {}, .dialects = {}};
    const bool matches = std::ranges::any_of(suite.groups, [&](const Group& group) {
      return std::ranges::any_of(group.cases, [&](const Case& one) {
        return std::ranges::any_of(one.dialects, [&](const auto& dialect) {
          if (SelectsCase(only, one, IdOf(one, dialect, ""))) return true;
          return std::ranges::any_of(frameworks, [&](const auto& framework) {
            return SelectsCase(only, one, IdOf(one, dialect, framework));
          });
        });
      });
    });
    if (!matches) {
      return fmt::format("--case: expected a pattern that some case matches, given \"{}\"",
                         CleanText(pattern));
    }
  }
  return {};
}

}  // namespace wasinn::conformance
