#include <CLI/CLI.hpp>

#include "command.h"
#include "help.h"

namespace wasinn::conformance {

void AddFlags(CLI::App& app, Flags& flags) {
  const auto repeated = [&](const char* name, std::vector<std::string>& out, const char* help,
                            const char* type, const char* group) {
    app.add_option(name, out, help)->type_name(type)->allow_extra_args(false)->group(group);
  };
  repeated("--host", flags.hosts,
           "Run this host: a file, or the name of one of the\nsuite's; repeat for more columns",
           "FILE|NAME", "What is run");
  repeated("--host-program", flags.programs, "Where a host's program is", "NAME=PATH",
           "What is run");
  repeated("--group", flags.filter.groups, "Only this group of cases", "GROUP", "What is run");
  repeated("--case", flags.filter.cases,
           "Only cases whose name or id matches, as\n'layout/*@witx*'", "GLOB", "What is run");
  repeated("--dialect", flags.filter.dialects, "Only this dialect", "DIALECT", "What is run");
  repeated("--framework", flags.filter.frameworks, "Only this framework", "NAME", "What is run");
  app.add_flag("--list", flags.list, "Print what would be run, and run nothing")
      ->group("What is run");
  app.add_option("--suite", flags.suite,
                 "The suite's folder; default beside the program;\nalso WASINN_CONFORMANCE_SUITE")
      ->type_name("DIR")
      ->group("How");
  app.add_flag("--exact", flags.exact,
               "Want wasinn's own answers: no others that a rule\nallows, and those that are only "
               "recorded, too")
      ->group("How");
  app.add_option("--jobs", flags.jobs, "Runs side by side; 0: as many as cores")
      ->type_name("N")
      ->check(cli::Count())
      ->group("How");
  app.add_option("--time-limit", flags.time_limit,
                 "Seconds for a case that sets no limit itself;\ndefault 30")
      ->type_name("S")
      ->check(cli::Count())
      ->group("How");
  repeated("--report", flags.reports,
           "Write a report, too: .html, .json, .md, .xml\n(JUnit) or .txt", "FILE", "Reports");
  app.add_flag(
         "--brief", flags.brief,
         "In .json and .html, leave out what programs\nprinted, and the details of good results")
      ->group("Reports");
  app.add_option("--merge", flags.merge,
                 "Show JSON reports of other runs as more columns;\nwithout --host nothing is run")
      ->type_name("FILE...")
      ->group("Reports");
  app.add_flag("--rejudge", flags.rejudge,
               "Judge the answers in merged reports by the rules\nof this suite and its host files")
      ->group("Reports");
}

}  // namespace wasinn::conformance
