// A bound on the work of a chat template, which is a program.
#pragma once

#include <cstdint>
#include <string>

namespace wasinn::ggml {

// While it exists, a template that runs on this thread ends with an exception when it has made too
// many allocations, holds too much memory, or has too deep calls. This is checked at allocations,
// since every step of a template allocates. Only for threads with the stack of a Worker; must not
// be nested.
class TemplateBudget {
 public:
  TemplateBudget();
  ~TemplateBudget();
  TemplateBudget(const TemplateBudget&) = delete;
  TemplateBudget& operator=(const TemplateBudget&) = delete;
};

// Why llama.cpp cannot parse a template's source within its stack; "" if it can.
std::string CheckTemplate(const std::string& source);

}  // namespace wasinn::ggml
