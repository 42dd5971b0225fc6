// Facts about a model that ONNX Runtime does not expose: a small reader of ONNX's protobuf
// messages. It does not trust the file, keeps little and stops at the first fault.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasinn::onnx {

struct ModelFacts {
  int64_t ir_version = 0;  // 0: not found
  std::string producer_version;
  std::vector<std::pair<std::string, int64_t>> opsets;  // domain ("" is ONNX's own), version
  std::set<std::string> shaped_ports;  // inputs and outputs with a shape, of any rank
  std::set<std::string> named_dims;    // names of dims of inputs and outputs
};

// Reads the outer messages of a model and skips its nodes and weights. Returns everything before
// the first fault; nothing for content that is not ONNX.
ModelFacts ReadModelFacts(std::istream& content);

enum class ExternalData { kNone, kSome, kMalformed };

// Whether a model in memory refers to files, anywhere in its graphs.
ExternalData FindExternalData(std::string_view model);

// The confidence, 0 to 100, that a file of `size` bytes that starts with `head` is an ONNX model
// (protobuf or ORT format).
int ProbeContent(std::string_view head, uint64_t size);

}  // namespace wasinn::onnx
