// Core modules: import module `wasi_nn`, WAMR's own ABI from before it had wasi_ephemeral_nn.
//
// Records are nested, a tensor has no length, output sizes count f32 elements, and it has the old
// numbers: types as before August 2023, encodings with GGML at 5. The errnos are those of WITX.
// WAMR's sources contradict each other in places; this keeps the behaviour that guests rely on.
#include "base/checked.h"
#include "dialect/core_call.h"

namespace wasinn {
namespace {

using namespace core_call;  // NOLINT: this file continues core_call.cc

constexpr uint32_t kArrayRecord = 8;    // {u32 buf; u32 size}
constexpr uint32_t kTensorRecord = 12;  // {u32 dims; u8 type; u8 pad[3]; u32 data}
constexpr uint32_t kUnit = 4;           // the unit of output sizes, in bytes

// load(builder_array_ptr, encoding, target, graph_out)
Result<bool> Load(CoreCall& call) {
  WASINN_CHECK(CheckOut(call, "graph pointer", call.arg(3)));
  const uint32_t array = call.arg(0);
  WASINN_CHECK(call.memory.Bytes("graph builder array", array, kArrayRecord));
  WASINN_TRY(parts, ReadBuilders(call, call.memory.ReadU32(array), call.memory.ReadU32(array + 4)));
  const auto encoding = EncodingFromWamr(call.arg(1));
  if (!encoding) {
    return Fail(Code::kInvalidEncoding, "graph encoding: expected 0 to 6, given {}", call.arg(1));
  }
  return StartLoad(call, parts, *encoding, call.arg(2), call.arg(3));
}

// set_input(ctx, index, tensor_ptr)
Result<bool> SetInput(CoreCall& call) {
  const uint32_t record = call.arg(2);
  WASINN_CHECK(call.memory.Bytes("tensor", record, kTensorRecord));
  const uint32_t dims = call.memory.ReadU32(record);
  const uint8_t type = call.memory.ReadU8(record + 4);  // the enum's other bytes are padding
  const uint32_t data = call.memory.ReadU32(record + 8);
  WASINN_CHECK(call.memory.Bytes("tensor dims record", dims, kArrayRecord));
  WASINN_TRY(shape, ReadDims(call, call.memory.ReadU32(dims), call.memory.ReadU32(dims + 4)));
  const auto dtype = FromDialect(DTypeNumbers::kOldWitx, type);
  if (!dtype) {
    return Fail(Code::kInvalidArgument, "tensor type: expected 0 (f16) to 3 (i32), given {}", type);
  }
  // The record has no length; the type and dims decide how much a framework reads.
  const auto elements = shape.Elements();
  const auto size = elements ? CheckedMul(*elements, DTypeSize(*dtype)) : std::nullopt;
  if (!size || *size > UINT32_MAX) {
    return Fail(Code::kInvalidArgument, "tensor data: expected less than 4 GiB, given {} of {}",
                DTypeName(*dtype), shape.ToString());
  }
  WASINN_TRY(bytes, call.memory.Bytes("tensor data", data, static_cast<uint32_t>(*size)));
  WASINN_CHECK(call.session.SetInput(call.arg(0), DTypeNumbers::kOldWitx, call.arg(1), *dtype,
                                     shape, bytes));
  return true;
}

// get_output(ctx, index, out_buf, size_inout): sizes in elements of f32, the last one maybe only
// begun, whatever the output's type.
Result<bool> GetOutput(CoreCall& call) {
  const uint32_t inout = call.arg(3);
  WASINN_CHECK(CheckOut(call, "size pointer", inout));
  const uint64_t max = uint64_t{call.memory.ReadU32(inout)} * kUnit;
  WASINN_CHECK(call.memory.Bytes("output buffer", call.arg(2), 0));
  WASINN_TRY(tensor, call.session.Output(call.arg(0), call.arg(1)));
  WASINN_TRY(size, OutputSize(tensor));
  const auto units = static_cast<uint32_t>((uint64_t{size} + kUnit - 1) / kUnit);
  if (size > max) {
    call.memory.WriteU32(inout, units);
    return Fail(Code::kTooLarge,
                "output buffer: expected at least {} elements of f32 ({} bytes), given {}", units,
                size, max / kUnit);
  }
  // Some guests count bytes, which reaches four times as far, so only the part that is written must
  // be in their memory.
  WASINN_TRY(out, call.memory.Bytes("output buffer", call.arg(2), size));
  if (size != 0) std::memcpy(out.data(), tensor.data.data(), size);
  call.memory.WriteU32(inout, units);
  return true;
}

constexpr const char* kDialect = "wamr-legacy";
constexpr const char* kModule = "wasi_nn";

constexpr auto kImports = std::to_array<wasinn_core_import>({
    {kDialect, kModule, "load", "iiii", "i", 1, Enter<Load>},
    {kDialect, kModule, "load_by_name", "iii", "i", 1, Enter<LoadByName>},
    {kDialect, kModule, "init_execution_context", "ii", "i", 0, Enter<InitExecutionContext>},
    {kDialect, kModule, "set_input", "iii", "i", 0, Enter<SetInput>},
    {kDialect, kModule, "compute", "i", "i", 1, Enter<Compute>},
    {kDialect, kModule, "get_output", "iiii", "i", 0, Enter<GetOutput>},
});

}  // namespace

std::span<const wasinn_core_import> LegacyImports() { return kImports; }

}  // namespace wasinn
