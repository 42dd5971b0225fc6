// A bound on what a chat template, which is a program, may do.
#pragma once

#include <cstdint>
#include <string>

namespace wasinn::ggml {

// While it lives, templates that run on this thread end with an exception, at one of their
// allocations, when they have made too many of those, hold too much by them, or are too deep in
// calls. All that a template does allocates. For threads with the stack of a Worker; not nested.
class TemplateBudget {
 public:
  TemplateBudget();
  ~TemplateBudget();
  TemplateBudget(const TemplateBudget&) = delete;
  TemplateBudget& operator=(const TemplateBudget&) = delete;
};

// What is wrong with a template's source, "" when llama.cpp can read it within its stack.
std::string CheckTemplate(const std::string& source);

}  // namespace wasinn::ggml
