// Core modules: import module `wasi_ephemeral_nn`: the specification's WITX, today's and the old
// numbers, and WasmEdge's functions.
#include "base/checked.h"
#include "base/text.h"
#include "dialect/core_call.h"
#include "model/options_text.h"

namespace wasinn {
namespace {

using namespace core_call;  // NOLINT: this file goes on where that one ends

constexpr uint32_t kTensorRecord = 20;

// ------------------------------------------------------------------ load

// 5 and 6 are autodetect and GGML here, but GGML and autodetect in WAMR's numbering: the magic
// number of GGUF decides, unless the host has set the compatibility switch.
Result<Encoding> ReadEncoding(EncodingNumbers numbers, uint32_t number,
                              std::span<const uint8_t> first) {
  const auto encoding =
      numbers == EncodingNumbers::kWamr ? EncodingFromWamr(number) : EncodingFromWitx(number);
  if (!encoding) {
    return Fail(Code::kInvalidEncoding, "graph encoding: expected 0 to {}, given {}",
                numbers == EncodingNumbers::kWamr ? 6 : 14, number);
  }
  if (*encoding != Encoding::kAutodetect && *encoding != Encoding::kGgml) return *encoding;
  if (numbers != EncodingNumbers::kAuto) return *encoding;
  const bool gguf = first.size() >= 4 && std::memcmp(first.data(), "GGUF", 4) == 0;
  return gguf ? Encoding::kGgml : Encoding::kAutodetect;
}

// WasmEdge's guests of language models may pass "preload:PATH" as a model's bytes. Here, the rest
// is the name of a registered model, never a path of the host.
std::optional<std::string_view> PreloadName(Encoding encoding, std::span<const uint8_t> first) {
  constexpr std::string_view kPreload = "preload:";
  if (encoding != Encoding::kGgml && encoding != Encoding::kAutodetect) return std::nullopt;
  const std::string_view text = AsText(first);
  if (!text.starts_with(kPreload)) return std::nullopt;
  return text.substr(kPreload.size());
}

// load(builders_ptr, builders_len, encoding, target, graph_out)
Result<bool> Load(CoreCall& call) {
  WASINN_CHECK(CheckOut(call, "graph pointer", call.arg(4)));
  WASINN_TRY(parts, ReadBuilders(call, call.arg(0), call.arg(1)));
  WASINN_TRY(encoding,
             ReadEncoding(call.session.policy().compat.encoding_numbers, call.arg(2), parts[0]));
  if (const auto name = PreloadName(encoding, parts[0])) {
    Options options;
    if (parts.size() > 1) {
      WASINN_TRY(given, ParseOptionsText("graph builder 1", AsText(parts[1])));
      options = std::move(given);
    }
    return StartLoadByName(call, *name, options, call.arg(4));
  }
  return StartLoad(call, parts, encoding, call.arg(3), call.arg(4));
}

// load_by_name_with_config(name_ptr, name_len, config_ptr, config_len, graph_out)
Result<bool> LoadByNameWithConfig(CoreCall& call) {
  WASINN_TRY(name, call.memory.Text("model name", call.arg(0), call.arg(1)));
  WASINN_TRY(config, call.memory.Text("config", call.arg(2), call.arg(3)));
  WASINN_CHECK(CheckOut(call, "graph pointer", call.arg(4)));
  WASINN_TRY(options, ParseOptionsText("config", config));
  return StartLoadByName(call, name, options, call.arg(4));
}

// ------------------------------------------------------------------ contexts

// The type that a guest means by `number`: the numbers changed in 2023 without any mark, so the
// byte length decides, and if the length fits both types (or neither), the port decides; unless the
// host has set the compatibility switch.
Result<DType> ReadType(TensorTypes types, uint8_t number, const Shape& shape, size_t bytes,
                       const Port& port) {
  auto today = FromDialect(DTypeNumbers::kWitx, number);
  auto old = FromDialect(DTypeNumbers::kOldWitx, number);
  if (types == TensorTypes::kOld) today = old;
  if (types == TensorTypes::kNew) old = today;
  const auto fits = [&](std::optional<DType> dtype) {
    const auto elements = shape.Elements();
    return dtype && elements && CheckedMul(*elements, DTypeSize(*dtype)) == bytes;
  };
  for (const auto& dtype : {today, old}) {
    if (dtype == port.dtype && (port.text || fits(dtype))) return *dtype;
  }
  const bool unnamed = port.dtype != DType::kNone && !ToDialect(DTypeNumbers::kWitx, port.dtype);
  if (unnamed && (today == DType::kU8 || (old == DType::kU8 && !fits(today)))) return DType::kU8;
  if (fits(today)) return *today;
  if (fits(old)) return *old;
  if (today) return *today;
  return Fail(Code::kInvalidArgument, "tensor type: expected 0 (f16) to {}, given {}",
              types == TensorTypes::kOld ? "3 (i32)" : "5 (i64)", number);
}

// As in WasmEdge, the prompt of a language model may be set at any index that has no other meaning.
uint32_t InputIndex(const Graph& graph, uint32_t index) {
  const bool beyond = index >= graph.info().inputs.size();
  return graph.backend().generates() && beyond ? 0 : index;
}

// set_input(ctx, index, tensor_ptr)
Result<bool> SetInput(CoreCall& call) {
  const uint32_t record = call.arg(2);
  WASINN_CHECK(call.memory.Bytes("tensor", record, kTensorRecord));
  const uint32_t dims_ptr = call.memory.ReadU32(record);
  const uint32_t rank = call.memory.ReadU32(record + 4);
  const uint8_t type = call.memory.ReadU8(record + 8);  // bytes 9 to 11 hold stack garbage
  WASINN_TRY(data, call.memory.Bytes("tensor data", call.memory.ReadU32(record + 12),
                                     call.memory.ReadU32(record + 16)));
  WASINN_TRY(shape, ReadDims(call, dims_ptr, rank));
  WASINN_TRY(graph, call.session.GraphOf(call.arg(0)));
  const uint32_t index = InputIndex(*graph, call.arg(1));
  WASINN_TRY(port, InputPort(*graph, index));
  WASINN_TRY(dtype,
             ReadType(call.session.policy().compat.tensor_types, type, shape, data.size(), *port));
  WASINN_CHECK(call.session.SetInput(call.arg(0), DTypeNumbers::kWitx, index, dtype, shape, data));
  return true;
}

// (ctx, index, out_buf, out_buf_max_size, bytes_written_out) of the output that `find` gives.
template <Result<Tensor> (Session::*Find)(uint32_t context, uint32_t port) const>
Result<bool> ReadOutput(CoreCall& call) {
  uint32_t max = call.arg(3);
  WASINN_TRY(out, call.memory.Bytes("output buffer", call.arg(2), max));
  WASINN_CHECK(CheckOut(call, "size pointer", call.arg(4)));
  WASINN_TRY(tensor, (call.session.*Find)(call.arg(0), call.arg(1)));
  WASINN_TRY(size, OutputSize(tensor));
  if (max == 0 && call.session.policy().compat.zero_length_output == ZeroLengthOutput::kOn) {
    if (const auto whole = call.memory.Bytes("output buffer", call.arg(2), size)) {
      out = *whole;
      max = size;
    }
  }
  if (size <= max && size != 0) std::memcpy(out.data(), tensor.data.data(), size);
  call.memory.WriteU32(call.arg(4), size);
  if (size <= max) return true;
  return Fail(Code::kTooLarge, "output buffer: expected at least {} bytes, given {}", size, max);
}

// ------------------------------------------------------------------ WasmEdge's functions

// compute_single(ctx)
Result<bool> ComputeSingle(CoreCall& call) {
  return EndOrLeave(call, call.session.Single(call.arg(0)));
}

// fini_single(ctx)
Result<bool> FiniSingle(CoreCall& call) {
  return EndOrLeave(call, call.session.FiniSingle(call.arg(0)));
}

// unload(graph)
Result<bool> Unload(CoreCall& call) {
  WASINN_CHECK(call.session.UnloadGraph(call.arg(0)));
  return true;
}

// finalize_execution_context(ctx)
Result<bool> FinalizeExecutionContext(CoreCall& call) {
  WASINN_CHECK(call.session.DropContext(call.arg(0)));
  return true;
}

// ------------------------------------------------------------------ the table

constexpr const char* kModule = "wasi_ephemeral_nn";

constexpr auto kImports = std::to_array<wasinn_core_import>({
    {"witx", kModule, "load", "iiiii", "i", 1, Enter<Load>},
    {"witx", kModule, "load_by_name", "iii", "i", 1, Enter<LoadByName>},
    {"witx", kModule, "load_by_name_with_config", "iiiii", "i", 1, Enter<LoadByNameWithConfig>},
    {"witx", kModule, "init_execution_context", "ii", "i", 0, Enter<InitExecutionContext>},
    {"witx", kModule, "set_input", "iii", "i", 0, Enter<SetInput>},
    {"witx", kModule, "compute", "i", "i", 1, Enter<Compute>},
    {"witx", kModule, "get_output", "iiiii", "i", 0, Enter<ReadOutput<&Session::Output>>},
    {"witx", kModule, "compute_single", "i", "i", 1, Enter<ComputeSingle>},
    {"witx", kModule, "get_output_single", "iiiii", "i", 0,
     Enter<ReadOutput<&Session::SingleOutput>>},
    {"witx", kModule, "fini_single", "i", "i", 1, Enter<FiniSingle>},
    {"witx", kModule, "unload", "i", "i", 0, Enter<Unload>},
    {"witx", kModule, "finalize_execution_context", "i", "i", 0, Enter<FinalizeExecutionContext>},
});

}  // namespace

std::span<const wasinn_core_import> WitxImports() { return kImports; }

}  // namespace wasinn
