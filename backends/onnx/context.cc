#include "onnx/context.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "onnx/graph.h"
#include "onnx/strings.h"
#include "onnx/types.h"

namespace wasinn::onnx {
namespace {

// An input as ONNX Runtime sees it: a wrapper around the host's bytes. It is kept for later runs,
// which often use the same buffer; its bytes are only accessed during a run.
struct WrappedInput {
  Handle<OrtValue> value;
  const void* data = nullptr;
  size_t size = 0;
  wasinn_dtype dtype = WASINN_DTYPE_NONE;
  uint32_t rank = 0;
  std::array<int64_t, WASINN_MAX_RANK> dims;

  bool Wraps(const wasinn_tensor_view& tensor) const {
    return value != nullptr && data == tensor.data && size == tensor.size &&
           dtype == tensor.dtype && rank == tensor.rank &&
           std::equal(dims.begin(), dims.begin() + rank, tensor.dims);
  }
};

// The wrappers of a port. Hosts fill one buffer while the previous run's buffer is still set, so
// two buffers alternate.
struct WrappedInputs {
  std::array<WrappedInput, 2> last;
  size_t next = 0;  // the wrapper that a third buffer replaces
};

std::string ForeignText(const char* kind, const Port& port) {
  return std::string("onnx: ") + kind + " '" + port.name +
         "': expected a tensor of a type that wasinn has, given a " + port.foreign_type;
}

void ReleaseValue(void* owner) { Api()->ReleaseValue(static_cast<OrtValue*>(owner)); }

}  // namespace
}  // namespace wasinn::onnx

struct wasinn_backend_context {
  explicit wasinn_backend_context(const wasinn_backend_graph& of) : graph(of) {
    OrtRunOptions* raw = nullptr;
    wasinn::onnx::Check(wasinn::onnx::Api()->CreateRunOptions(&raw), "run options");
    run_options.reset(raw);
    input_names.resize(graph.inputs.size());
    input_values.resize(graph.inputs.size());
    wrapped.resize(graph.inputs.size());
    output_values.resize(graph.output_ports.size());
    has_value.resize(graph.outputs.size(), true);
    for (const wasinn::onnx::Port& port : graph.inputs) {
      if (foreign.empty() && port.required && !port.foreign_type.empty()) {
        foreign = wasinn::onnx::ForeignText("input", port);
      }
    }
    if (foreign.empty() && graph.output_ports.empty() && !graph.outputs.empty()) {
      foreign = wasinn::onnx::ForeignText("output", graph.outputs[0]);
    }
  }

  const wasinn_backend_graph& graph;
  std::string foreign;  // why no run can succeed; "" if runs can succeed
  wasinn::onnx::Handle<OrtRunOptions> run_options;
  wasinn::backend::CancelState cancel;

  // The inputs and outputs of the run under way; members so that a run need not allocate.
  std::vector<const char*> input_names;
  std::vector<const OrtValue*> input_values;
  std::vector<wasinn::onnx::WrappedInputs> wrapped;
  std::vector<OrtValue*> output_values;

  std::vector<char> has_value;  // whether the last run gave a value for each output
};

namespace wasinn::onnx {
namespace {

using Context = wasinn_backend_context;

Handle<OrtValue> Wrap(const Context& context, const Port& port, const wasinn_tensor_view& tensor) {
  OrtValue* raw = nullptr;
  // ONNX Runtime takes no null pointer, even for no bytes; it only reads its inputs.
  static char nothing;
  void* data = tensor.data != nullptr ? const_cast<void*>(tensor.data) : &nothing;
  Check(Api()->CreateTensorWithDataAsOrtValue(context.graph.memory.get(), data, tensor.size,
                                              tensor.dims, tensor.rank, ToOnnx(tensor.dtype), &raw),
        "input '" + port.name + "'");
  return Handle<OrtValue>(raw);
}

// Makes `input` the run's input number `slot`.
void WrapInput(Context& context, const wasinn_backend_input& input, size_t slot) {
  const Port& port = context.graph.inputs[input.port];
  const wasinn_tensor_view& tensor = input.tensor;
  WrappedInputs& inputs = context.wrapped[input.port];
  context.input_names[slot] = port.name.c_str();
  for (const WrappedInput& known : inputs.last) {
    if (known.Wraps(tensor)) {
      context.input_values[slot] = known.value.get();
      return;
    }
  }
  WrappedInput& wrapped = inputs.last[inputs.next];
  if (tensor.dtype == WASINN_DTYPE_STRING) {
    // This is a copy, so it is not tied to a buffer.
    wrapped.value = StringsFromBytes(tensor, port.name);
    wrapped.data = nullptr;
    wrapped.dtype = WASINN_DTYPE_NONE;
  } else {
    wrapped.value = Wrap(context, port, tensor);
    wrapped.data = tensor.data;
    wrapped.size = tensor.size;
    wrapped.dtype = tensor.dtype;
    wrapped.rank = tensor.rank;
    std::copy_n(tensor.dims, tensor.rank, wrapped.dims.begin());
    inputs.next = 1 - inputs.next;
  }
  context.input_values[slot] = wrapped.value.get();
}

// Passes output number `port` to the host, which keeps ONNX Runtime's memory.
void Deliver(const Context& context, uint32_t port, Handle<OrtValue> value,
             const wasinn_backend_sink& sink) {
  OrtTensorTypeAndShapeInfo* raw_info = nullptr;
  Check(Api()->GetTensorTypeAndShape(value.get(), &raw_info), "reading an output's shape");
  const Handle<OrtTensorTypeAndShapeInfo> info(raw_info);
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  size_t rank = 0;
  size_t count = 0;
  std::array<int64_t, WASINN_MAX_RANK> dims;
  Check(Api()->GetTensorElementType(raw_info, &type), "reading an output's type");
  Check(Api()->GetDimensionsCount(raw_info, &rank), "reading an output's shape");
  Check(Api()->GetTensorShapeElementCount(raw_info, &count), "reading an output's shape");
  const wasinn_dtype dtype = FromOnnx(type);
  if (dtype == WASINN_DTYPE_NONE || rank > dims.size()) {
    throw Failure(WASINN_UNSUPPORTED_OPERATION,
                  "onnx: output '" + context.graph.outputs[port].name +
                      "': expected a rank of at most " + std::to_string(dims.size()) +
                      " and a type that wasinn has, given rank " + std::to_string(rank) + " of " +
                      TypeName(type));
  }
  Check(Api()->GetDimensions(raw_info, dims.data(), rank), "reading an output's shape");

  wasinn_backend_output output{};
  output.port = port;
  output.tensor = {dtype, static_cast<uint32_t>(rank), dims.data(), nullptr, 0};
  if (dtype == WASINN_DTYPE_STRING) {
    backend::HostBuffer bytes = BytesFromStrings(*context.graph.host, value.get(), count);
    output.tensor.data = bytes.data();
    output.tensor.size = bytes.size();
    bytes.Lend(output);
  } else {
    void* data = nullptr;
    Check(Api()->GetTensorMutableData(value.get(), &data), "reading an output");
    output.tensor.data = data;
    output.tensor.size = count * ElementSize(dtype);
    output.release = ReleaseValue;
    output.owner = value.release();
  }
  if (sink.output(sink.self, sink.run, &output) != 0) {
    throw Failure(WASINN_RUNTIME_ERROR,
                  "onnx: the host refused output '" + context.graph.outputs[port].name + "'");
  }
}

Failure Cancelled(int64_t engine_code) {
  return Failure(WASINN_CANCELLED, "onnx: cancelled", engine_code);
}

void Execute(Context& context, const wasinn_backend_input* inputs, size_t input_count,
             const wasinn_backend_sink& sink) {
  if (!context.foreign.empty()) throw Failure(WASINN_UNSUPPORTED_OPERATION, context.foreign);
  for (size_t i = 0; i < input_count; ++i) {
    if (!context.graph.inputs[inputs[i].port].foreign_type.empty()) {
      const Port& port = context.graph.inputs[inputs[i].port];
      throw Failure(WASINN_UNSUPPORTED_OPERATION,
                    "onnx: input '" + port.name + "': expected it to be left out, since it is a " +
                        port.foreign_type + "; given a tensor");
    }
    WrapInput(context, inputs[i], i);
  }
  std::ranges::fill(context.output_values, nullptr);
  OrtRunOptions* options = context.run_options.get();
  const bool go = context.cancel.Start(
      sink.run, [options] { Api()->ReleaseStatus(Api()->RunOptionsUnsetTerminate(options)); });
  OrtStatus* status = nullptr;
  if (go) {
    status = Api()->Run(context.graph.session.get(), options, context.input_names.data(),
                        context.input_values.data(), input_count, context.graph.output_names.data(),
                        context.graph.output_names.size(), context.output_values.data());
  }
  const bool cancelled = context.cancel.Finish();
  if (!go) throw Cancelled(0);
  if (status != nullptr) {
    const Failure failure = ToFailure(status, "run");
    throw cancelled ? Cancelled(failure.engine_code()) : failure;
  }
  for (size_t i = 0; i < context.output_values.size(); ++i) {
    const uint32_t port = context.graph.output_ports[i];
    Handle<OrtValue> value(std::exchange(context.output_values[i], nullptr));
    int has_value = 1;
    if ((context.graph.outputs[port].flags & WASINN_PORT_OPTIONAL) != 0) {
      Check(Api()->HasValue(value.get(), &has_value), "reading an optional output");
    }
    context.has_value[port] = static_cast<char>(has_value != 0);
    if (has_value != 0) Deliver(context, port, std::move(value), sink);
  }
}

}  // namespace

wasinn_code ContextCreate(wasinn_backend_graph* graph, const wasinn_option*, size_t,
                          wasinn_backend_context** out, wasinn_error* error) {
  return backend::Guard(error, [&] { *out = new Context(*graph); });
}

void ContextFree(wasinn_backend_context* context) { delete context; }

void ContextRun(wasinn_backend_context* context, const wasinn_backend_input* inputs,
                size_t input_count, const wasinn_backend_sink* sink) {
  wasinn_error error;
  const wasinn_code code =
      backend::Guard(&error, [&] { Execute(*context, inputs, input_count, *sink); });
  if (code == WASINN_OK) {
    sink->done(sink->self, sink->run, WASINN_OK, {}, 0, nullptr);
    return;
  }
  // Outputs that a failed run left behind.
  for (OrtValue*& value : context->output_values) {
    if (value != nullptr) Api()->ReleaseValue(std::exchange(value, nullptr));
  }
  sink->done(sink->self, sink->run, code, backend::Str(error.message), error.engine_code, nullptr);
}

void ContextCancel(wasinn_backend_context* context, uint64_t run) {
  OrtRunOptions* options = context->run_options.get();
  context->cancel.Cancel(
      run, [options] { Api()->ReleaseStatus(Api()->RunOptionsSetTerminate(options)); });
}

wasinn_code ContextOutputGet(wasinn_backend_context* context, uint32_t port, wasinn_backend_output*,
                             wasinn_error* error) {
  return backend::Guard(error, [&] {
    const Port& output = context->graph.outputs[port];
    if (!output.foreign_type.empty()) {
      throw Failure(WASINN_UNSUPPORTED_OPERATION, ForeignText("output", output));
    }
    if (context->has_value[port] == 0) {
      throw Failure(WASINN_NOT_FOUND, "onnx: output '" + output.name +
                                          "': expected a tensor, given none, since it is optional "
                                          "and the run gave it no value");
    }
    throw Failure(WASINN_INVALID_ARGUMENT,
                  "onnx: output '" + output.name + "': expected after a run, given none");
  });
}

}  // namespace wasinn::onnx
