// Graph encodings and execution targets: names and dialect numbers.
#pragma once

#include <wasinn/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wasinn {

enum class Encoding : uint8_t {
#define X(name, constant, text, witx, wit, description) k##constant,
#include "model/encoding.def"
#undef X
};

std::string_view EncodingName(Encoding encoding);
std::optional<Encoding> EncodingFromName(std::string_view name);
std::optional<Encoding> EncodingFromWitx(uint32_t number);
std::optional<Encoding> EncodingFromWit(uint32_t number);
// WAMR counts as WIT does.
inline std::optional<Encoding> EncodingFromWamr(uint32_t number) { return EncodingFromWit(number); }
// "openvino onnx ...": the names in the order of WIT's enum, as the import tables give them.
std::string WitEncodingCases();
// All names, for messages.
std::string EncodingNames();

enum class Target : uint8_t { kCpu = 0, kGpu = 1, kTpu = 2, kAuto = 3 };
std::string_view TargetName(Target target);
std::optional<Target> TargetFromName(std::string_view name);
// cpu, gpu, tpu; guests have no "auto".
std::optional<Target> TargetFromGuest(uint32_t number);

}  // namespace wasinn
