// What ONNX Runtime does not tell about a model: a small reader of ONNX's protobuf messages. It
// trusts nothing, keeps little and stops at the first thing that is not as it should be.
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
  std::set<std::string> shaped_ports;  // inputs and outputs that say a shape, of any rank
  std::set<std::string> named_dims;    // of inputs and outputs
};

// Reads the outer messages of a model and skips its nodes and weights. Gives what was found up to
// the first fault; nothing for content that is not ONNX.
ModelFacts ReadModelFacts(std::istream& content);

enum class ExternalData { kNone, kSome, kMalformed };

// Whether a model in memory refers to files, anywhere in its graphs.
ExternalData FindExternalData(std::string_view model);

// How sure it is, 0 to 100, that this is an ONNX (protobuf or ORT format) model of `size` bytes
// that starts with `head`.
int ProbeContent(std::string_view head, uint64_t size);

}  // namespace wasinn::onnx
