// Options as text, checked against a backend's option table (wasinn_option_spec).
#pragma once

#include <wasinn/backend.h>

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace wasinn {

// Option name -> value, as given; ordered, so that equal sets compare and hash equal.
using Options = std::map<std::string, std::string, std::less<>>;

// A checked copy of one row of an option table.
struct OptionSpec {
  std::string name;
  wasinn_option_type type = WASINN_OPTION_TEXT;
  wasinn_option_scope scope = WASINN_SCOPE_LOAD;
  std::string default_value;
  std::string choices;
  double min = 0;
  double max = 0;
  std::string help;
  bool is_prefix = false;
  bool host_only = false;
  std::string alias_of = {};  // the option for which this is an alias; "" if it is none
};

std::string_view OptionTypeName(wasinn_option_type type);

// Checks every option against the table: it must be known (the error suggests similar names), have
// `scope`, or scope LOAD where `scope` is CONTEXT and the table has it there, and have the right
// type and range. Errors are INVALID_ARGUMENT and begin with `owner`, e.g. "backend onnx".
Result<> CheckOptions(std::string_view owner, std::span<const OptionSpec> table,
                      wasinn_option_scope scope, const Options& options);

// The view for backends; it borrows from `options`.
std::vector<wasinn_option> ToC(const Options& options);

}  // namespace wasinn
