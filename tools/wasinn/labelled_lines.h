// The output of one of several guests, line by line.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace wasinn::cli {

// Passes an instance's output to the sink as whole lines, each after "[i] " and in one call. A line
// longer than 64 KiB is passed in pieces. Any thread, one call at a time.
class LabelledLines {
 public:
  using Sink = std::function<void(std::string_view)>;
  LabelledLines(std::uint32_t number, Sink sink);
  // Passes an unfinished last line on.
  ~LabelledLines();
  LabelledLines(const LabelledLines&) = delete;
  LabelledLines& operator=(const LabelledLines&) = delete;

  void Write(std::string_view data);

 private:
  void PassOn(std::string_view line);

  const std::string label_;
  const Sink sink_;
  std::string rest_;
};

}  // namespace wasinn::cli
