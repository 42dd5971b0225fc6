#include "dialect/core_call.h"

namespace wasinn::core_call {
namespace {

// Writes the handle of a loaded graph.
Result<> StoreHandle(GuestMemory memory, uint32_t out, const Result<uint32_t>& handle) {
  if (!handle) return Fail(handle.error());
  WASINN_CHECK(memory.Bytes("handle pointer", out, 4));
  memory.WriteU32(out, *handle);
  return {};
}

Result<bool> EndLoad(CoreCall& call, uint32_t out, Call<uint32_t> load) {
  return EndOrLeave(call, std::move(load), [out](GuestMemory memory, Result<uint32_t> handle) {
    return StoreHandle(memory, out, handle);
  });
}

}  // namespace

uint32_t Errno(Session& session, const Result<>& result) {
  if (result) return 0;
  session.Remember(result.error());
  return WitxErrno(result.error().code);
}

Result<std::vector<std::span<const uint8_t>>> ReadBuilders(const CoreCall& call, uint32_t list,
                                                           uint32_t count) {
  if (count == 0 || count > kMaxBuilders) {
    return Fail(Code::kInvalidArgument, "graph builders: expected 1 to {}, given {}", kMaxBuilders,
                count);
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
  return parts;
}

Result<bool> StartLoad(CoreCall& call, std::span<const std::span<const uint8_t>> parts,
                       Encoding encoding, uint32_t target, uint32_t out) {
  const auto known = TargetFromGuest(target);
  if (!known) {
    return Fail(Code::kInvalidArgument, "execution target: expected 0 (cpu) to 2 (tpu), given {}",
                target);
  }
  return EndLoad(call, out, call.session.Load(parts, encoding, *known));
}

Result<bool> StartLoadByName(CoreCall& call, std::string_view name, const Options& options,
                             uint32_t out) {
  return EndLoad(call, out, call.session.LoadByName(name, options));
}

Result<Shape> ReadDims(const CoreCall& call, uint32_t dims_ptr, uint32_t rank) {
  if (rank > WASINN_MAX_RANK) {
    return Fail(Code::kInvalidArgument, "tensor dims: expected at most {}, given {}",
                WASINN_MAX_RANK, rank);
  }
  WASINN_CHECK(call.memory.Bytes("tensor dims", dims_ptr, rank * 4));
  std::array<int64_t, WASINN_MAX_RANK> dims;
  for (uint32_t i = 0; i < rank; ++i) dims[i] = call.memory.ReadU32(dims_ptr + i * 4);
  return Shape::OfTensor({dims.data(), rank});
}

Result<const Port*> InputPort(const Graph& graph, uint32_t index) {
  const auto& inputs = graph.info().inputs;
  if (index >= inputs.size()) {
    return Fail(Code::kInvalidArgument, "input index: expected below {}, given {}", inputs.size(),
                index);
  }
  return &inputs[index];
}

Result<uint32_t> OutputSize(const Tensor& tensor) {
  if (tensor.data.size() > UINT32_MAX) {
    return Fail(Code::kTooLarge,
                "output: expected at most 4 GiB for a 32-bit guest, given {} bytes",
                tensor.data.size());
  }
  return static_cast<uint32_t>(tensor.data.size());
}

Result<bool> LoadByName(CoreCall& call) {
  WASINN_TRY(name, call.memory.Text("model name", call.arg(0), call.arg(1)));
  WASINN_CHECK(CheckOut(call, "graph pointer", call.arg(2)));
  return StartLoadByName(call, name, {}, call.arg(2));
}

Result<bool> InitExecutionContext(CoreCall& call) {
  WASINN_CHECK(CheckOut(call, "context pointer", call.arg(1)));
  WASINN_TRY(context, call.session.InitContext(call.arg(0), {}));
  call.memory.WriteU32(call.arg(1), context);
  return true;
}

Result<bool> Compute(CoreCall& call) { return EndOrLeave(call, call.session.Compute(call.arg(0))); }

}  // namespace wasinn::core_call
