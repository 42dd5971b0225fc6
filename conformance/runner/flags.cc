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
           "Run this host: a host file, or the name of one in\nthe suite; repeat for more columns",
           "FILE|NAME", "Selection");
  repeated("--host-program", flags.programs, "The path of a host's program", "NAME=PATH",
           "Selection");
  repeated("--group", flags.filter.groups, "Only this group of cases", "GROUP", "Selection");
  repeated("--case", flags.filter.cases,
           "Only cases whose name or id matches, as\n'layout/*@witx*'", "GLOB", "Selection");
  repeated("--dialect", flags.filter.dialects, "Only this dialect", "DIALECT", "Selection");
  repeated("--framework", flags.filter.frameworks, "Only this framework", "NAME", "Selection");
  app.add_flag("--list", flags.list, "Print what would run, but run nothing")->group("Selection");
  app.add_option("--suite", flags.suite,
                 "The suite's folder; default beside the program;\nalso WASINN_CONFORMANCE_SUITE")
      ->type_name("DIR")
      ->group("How");
  app.add_flag(
         "--exact", flags.exact,
         "Expect wasinn's own values: no others that a rule\nallows, and recorded values, too")
      ->group("How");
  app.add_option("--jobs", flags.jobs, "Parallel runs; 0: one for each core")
      ->type_name("N")
      ->check(cli::Count())
      ->group("How");
  app.add_option("--time-limit", flags.time_limit,
                 "Time limit in seconds for cases without their\nown; default 30")
      ->type_name("S")
      ->check(cli::Count())
      ->group("How");
  repeated("--report", flags.reports,
           "Write a report, too: .html, .json, .md, .xml\n(JUnit) or .txt", "FILE", "Reports");
  app.add_flag(
         "--brief", flags.brief,
         "In .json and .html, leave out the programs'\noutput and the details of passed cases")
      ->group("Reports");
  app.add_option("--merge", flags.merge,
                 "Show JSON reports of other runs as more columns;\nwithout --host nothing is run")
      ->type_name("FILE...")
      ->group("Reports");
  app.add_flag(
         "--rejudge", flags.rejudge,
         "Judge the values in merged reports again, by\nthe rules of this suite and its host files")
      ->group("Reports");
}

}  // namespace wasinn::conformance
