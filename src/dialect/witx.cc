// Core modules: import module `wasi_ephemeral_nn` (the specification's WITX, today's and the old
// numbers).
#include <array>

#include "base/checked.h"
#include "base/text.h"
#include "dialect/imports.h"
#include "dialect/memory.h"
#include "model/options_text.h"

namespace wasinn {
namespace {

constexpr uint32_t kTensorRecord = 20;
constexpr uint32_t kBuilderRecord = 8;
constexpr uint32_t kMostBuilders = 1024;

struct Call {
  Session& session;
  GuestMemory memory;
  const uint64_t* args;
  const wasinn_waker* waker;

  uint32_t arg(size_t i) const { return static_cast<uint32_t>(args[i]); }
};

uint32_t Errno(Session& session, const Result<>& result) {
  if (result) return 0;
  session.Remember(result.error());
  return WitxErrno(result.error().code);
}

Result<> CheckOut(const Call& call, const char* what, uint32_t offset) {
  WASINN_CHECK(call.memory.Bytes(what, offset, 4));
  return {};
}

// ------------------------------------------------------------------ load

// Writes the handle that a load gave.
Result<> StoreHandle(GuestMemory memory, uint32_t out, const Result<uint32_t>& handle) {
  if (!handle) return Fail(handle.error());
  WASINN_CHECK(memory.Bytes("handle pointer", out, 4));
  memory.WriteU32(out, *handle);
  return {};
}

// Ends a load that has a value, or arranges for its end.
Result<bool> EndLoad(Call& call, uint32_t out, std::optional<Result<uint32_t>> loaded) {
  if (loaded) {
    WASINN_CHECK(StoreHandle(call.memory, out, *loaded));
    return true;
  }
  call.session.finish_core = [&session = call.session, out](wasinn_memory memory,
                                                            uint64_t* result) {
    const auto handle = session.FinishLoad();
    if (session.stopped()) return TrapStopped(session);
    *result = Errno(session, StoreHandle(GuestMemory(memory), out, handle));
    return WASINN_CALL_DONE;
  };
  return false;
}

// 5 and 6 are autodetect and GGML here and the other way round in WAMR's numbering: only GGUF's
// own magic decides.
Result<Encoding> ReadEncoding(uint32_t number, std::span<const uint8_t> first) {
  const auto encoding = EncodingFromWitx(number);
  if (!encoding) {
    return Fail(Code::kINVALID_ENCODING, "graph encoding: expected 0 to 14, given {}", number);
  }
  if (*encoding != Encoding::kAUTODETECT && *encoding != Encoding::kGGML) return *encoding;
  const bool gguf = first.size() >= 4 && std::memcmp(first.data(), "GGUF", 4) == 0;
  return gguf ? Encoding::kGGML : Encoding::kAUTODETECT;
}

// load(builders_ptr, builders_len, encoding, target, graph_out)
Result<bool> Load(Call& call) {
  const uint32_t list = call.arg(0);
  const uint32_t count = call.arg(1);
  WASINN_CHECK(CheckOut(call, "graph pointer", call.arg(4)));
  if (count == 0 || count > kMostBuilders) {
    return Fail(Code::kINVALID_ARGUMENT, "graph builders: expected 1 to {}, given {}",
                kMostBuilders, count);
  }
  WASINN_CHECK(call.memory.Bytes("graph builders", list, count * kBuilderRecord));
  std::vector<std::span<const uint8_t>> parts;
  parts.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t record = list + i * kBuilderRecord;
    WASINN_TRY(bytes, call.memory.Bytes("graph builder", call.memory.ReadU32(record),
                                        call.memory.ReadU32(record + 4)));
    parts.emplace_back(bytes);
  }
  WASINN_TRY(encoding, ReadEncoding(call.arg(2), parts[0]));
  const auto target = TargetFromGuest(call.arg(3));
  if (!target) {
    return Fail(Code::kINVALID_ARGUMENT, "execution target: expected 0 (cpu) to 2 (tpu), given {}",
                call.arg(3));
  }
  return EndLoad(call, call.arg(4), call.session.StartLoad(parts, encoding, *target, call.waker));
}

// load_by_name(name_ptr, name_len, graph_out)
Result<bool> LoadByName(Call& call) {
  WASINN_TRY(name, call.memory.Text("model name", call.arg(0), call.arg(1)));
  WASINN_CHECK(CheckOut(call, "graph pointer", call.arg(2)));
  return EndLoad(call, call.arg(2), call.session.StartLoadByName(name, {}, call.waker));
}

// load_by_name_with_config(name_ptr, name_len, config_ptr, config_len, graph_out)
Result<bool> LoadByNameWithConfig(Call& call) {
  WASINN_TRY(name, call.memory.Text("model name", call.arg(0), call.arg(1)));
  WASINN_TRY(config, call.memory.Text("config", call.arg(2), call.arg(3)));
  WASINN_CHECK(CheckOut(call, "graph pointer", call.arg(4)));
  WASINN_TRY(options, ParseOptionsText("config", config));
  return EndLoad(call, call.arg(4), call.session.StartLoadByName(name, options, call.waker));
}

// ------------------------------------------------------------------ contexts

// init_execution_context(graph, ctx_out)
Result<bool> InitExecutionContext(Call& call) {
  WASINN_CHECK(CheckOut(call, "context pointer", call.arg(1)));
  WASINN_TRY(context, call.session.InitContext(call.arg(0), {}));
  call.memory.WriteU32(call.arg(1), context);
  return true;
}

// Which type a guest means by `number`: the numbers moved in 2023 without any mark, so the byte
// length tells, and where the length fits both (or neither) the port does.
Result<DType> ReadType(uint8_t number, const Shape& shape, size_t bytes, const Port& port) {
  const auto today = FromDialect(DTypeNumbers::kWitx, number);
  const auto old = FromDialect(DTypeNumbers::kOldWitx, number);
  const auto fits = [&](std::optional<DType> dtype) {
    const auto elements = shape.Elements();
    return dtype && elements && CheckedMul(*elements, DTypeSize(*dtype)) == bytes;
  };
  for (const auto& dtype : {today, old}) {
    if (dtype == port.dtype && fits(dtype)) return *dtype;
  }
  const bool unnamed = port.dtype != DType::kNONE && !ToDialect(DTypeNumbers::kWitx, port.dtype);
  if (unnamed && (today == DType::kU8 || (old == DType::kU8 && !fits(today)))) return DType::kU8;
  if (fits(today)) return *today;
  if (fits(old)) return *old;
  if (today) return *today;
  return Fail(Code::kINVALID_ARGUMENT, "tensor type: expected 0 (f16) to 5 (i64), given {}",
              number);
}

// set_input(ctx, index, tensor_ptr)
Result<bool> SetInput(Call& call) {
  const uint32_t record = call.arg(2);
  WASINN_CHECK(call.memory.Bytes("tensor", record, kTensorRecord));
  const uint32_t dims_ptr = call.memory.ReadU32(record);
  const uint32_t rank = call.memory.ReadU32(record + 4);
  const uint8_t type = call.memory.ReadU8(record + 8);  // bytes 9 to 11 hold stack garbage
  WASINN_TRY(data, call.memory.Bytes("tensor data", call.memory.ReadU32(record + 12),
                                     call.memory.ReadU32(record + 16)));
  if (rank > WASINN_MAX_RANK) {
    return Fail(Code::kINVALID_ARGUMENT, "tensor dims: expected at most {}, given {}",
                WASINN_MAX_RANK, rank);
  }
  WASINN_CHECK(call.memory.Bytes("tensor dims", dims_ptr, rank * 4));
  std::array<int64_t, WASINN_MAX_RANK> dims;
  for (uint32_t i = 0; i < rank; ++i) dims[i] = call.memory.ReadU32(dims_ptr + i * 4);
  WASINN_TRY(shape, Shape::OfTensor({dims.data(), rank}));

  WASINN_TRY(graph, call.session.GraphOf(call.arg(0)));
  const uint32_t index = call.arg(1);
  if (index >= graph->info().inputs.size()) {
    return Fail(Code::kINVALID_ARGUMENT, "input index: expected below {}, given {}",
                graph->info().inputs.size(), index);
  }
  WASINN_TRY(dtype, ReadType(type, shape, data.size(), graph->info().inputs[index]));
  WASINN_CHECK(call.session.SetInput(call.arg(0), DTypeNumbers::kWitx, index, dtype, shape, data));
  return true;
}

// compute(ctx)
Result<bool> Compute(Call& call) {
  if (const auto done = call.session.StartCompute(call.arg(0), call.waker)) {
    WASINN_CHECK(*done);
    return true;
  }
  call.session.finish_core = [&session = call.session](wasinn_memory, uint64_t* result) {
    const auto outcome = session.FinishCompute();
    if (session.stopped()) return TrapStopped(session);
    *result = Errno(session, outcome);
    return WASINN_CALL_DONE;
  };
  return false;
}

// get_output(ctx, index, out_buf, out_buf_max_size, bytes_written_out)
Result<bool> GetOutput(Call& call) {
  const uint32_t most = call.arg(3);
  WASINN_TRY(out, call.memory.Bytes("output buffer", call.arg(2), most));
  WASINN_CHECK(CheckOut(call, "size pointer", call.arg(4)));
  WASINN_TRY(tensor, call.session.Output(call.arg(0), call.arg(1)));
  const auto bytes = tensor.data.bytes();
  if (bytes.size() > UINT32_MAX) {
    return Fail(Code::kTOO_LARGE,
                "output: expected at most 4 GiB for a 32-bit guest, given {} "
                "bytes",
                bytes.size());
  }
  const auto size = static_cast<uint32_t>(bytes.size());
  if (size > most) {
    call.memory.WriteU32(call.arg(4), size);
    return Fail(Code::kTOO_LARGE, "output buffer: expected at least {} bytes, given {}", size,
                most);
  }
  if (size != 0) std::memcpy(out.data(), bytes.data(), size);
  call.memory.WriteU32(call.arg(4), size);
  return true;
}

// ------------------------------------------------------------------ the table

// Runs one function: a value or an error becomes the errno, and nothing is thrown past it. False
// from `Function` means PENDING.
template <Result<bool> (*Function)(Call&)>
wasinn_call_state Enter(wasinn_session* c_session, wasinn_memory memory, const uint64_t* args,
                        uint64_t* result, const wasinn_waker* waker) {
  Session& session = FromC(c_session);
  const auto end = [&](const Result<>& outcome) {
    // A stopped guest does not get to see an errno: it ends.
    if (session.stopped()) return TrapStopped(session);
    *result = Errno(session, outcome);
    return WASINN_CALL_DONE;
  };
  try {
    if (session.stopped()) return TrapStopped(session);
    Call call{session, GuestMemory(memory), args, waker};
    const Result<bool> done = Function(call);
    if (!done) return end(Fail(done.error()));
    return *done ? end({}) : WASINN_CALL_PENDING;
  } catch (...) {
    return end(Fail(ErrorOfException()));
  }
}

constexpr const char* kModule = "wasi_ephemeral_nn";

constexpr auto kImports = std::to_array<wasinn_core_import>({
    {"witx", kModule, "load", "iiiii", "i", 1, Enter<Load>},
    {"witx", kModule, "load_by_name", "iii", "i", 1, Enter<LoadByName>},
    {"witx", kModule, "load_by_name_with_config", "iiiii", "i", 1, Enter<LoadByNameWithConfig>},
    {"witx", kModule, "init_execution_context", "ii", "i", 0, Enter<InitExecutionContext>},
    {"witx", kModule, "set_input", "iii", "i", 0, Enter<SetInput>},
    {"witx", kModule, "compute", "i", "i", 1, Enter<Compute>},
    {"witx", kModule, "get_output", "iiiii", "i", 0, Enter<GetOutput>},
});

}  // namespace

std::span<const wasinn_core_import> WitxImports() { return kImports; }

}  // namespace wasinn
