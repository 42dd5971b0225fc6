#include "component.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace wasinn::conformance {
namespace {

thread_local std::string snapshot;
// With Flip::kHandle every tensor shows the values of this one.
thread_local uint32_t newest_tensor;

constexpr uint32_t kCodes = NNC_UNKNOWN + 1;

// The name of a row; names of methods include their resource.
std::string Method(std::string_view resource, std::string_view method) {
  return "[method]" + std::string(resource) + "." + std::string(method);
}

wasinn_val CallTensor(std::string_view method, uint32_t self) {
  const uint32_t shown = CurrentFlip() == Flip::kHandle ? newest_tensor : self;
  return CallComponent(Interface("tensor"), Method("tensor", method), {{Word(shown)}});
}

wasinn_val CallContext(std::string_view method, std::span<const wasinn_val> args) {
  return CallComponent(Interface("inference"), Method("graph-execution-context", method), args);
}

// Allocates guest memory for the host's results.
void* Allocate(size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) Trap("no memory for a result");
  return memory;
}

}  // namespace

std::string Interface(std::string_view name) {
  return "wasi:nn/" + std::string(name) + "@0.2.0-rc-" + snapshot;
}

wasinn_val Word(uint32_t word) {
  wasinn_val val = {};
  val.word = word;
  return val;
}

wasinn_val Text(const char* text, uint32_t size) { return List(text, size); }

wasinn_val List(const void* data, size_t bytes) {
  wasinn_val val = {};
  val.bytes = {data, bytes};
  return val;
}

wasinn_val CallComponent(const std::string& interface, std::string_view name,
                         std::span<const wasinn_val> args) {
  const wasinn_component_import* import = inproc::FindComponentImport(interface, name);
  if (import == nullptr) {
    std::fprintf(stderr, "unknown import: %s %.*s\n", interface.c_str(),
                 static_cast<int>(name.size()), name.data());
    std::_Exit(1);
  }
  wasinn_val result = {};
  inproc::Guest& guest = CurrentGuest();
  if (guest.Call(*import, args, &result) == WASINN_CALL_TRAP) Trap(guest.last_error());
  if (CurrentFlip() == Flip::kIgnoreRefusal &&
      std::string_view(import->signature).find("-> result<") != std::string_view::npos) {
    result.tag = 0;
  }
  return result;
}

void Drop(const std::string& interface, std::string_view resource, uint32_t handle) {
  CurrentGuest().Drop(*inproc::FindComponentResource(interface, resource), handle);
}

nnc_list LowerBytes(const wasinn_val& result) {
  nnc_list list = {};
  const size_t size = result.bytes.data == nullptr ? 0 : result.bytes.size;
  if (size != 0) {
    list.len = static_cast<uint32_t>(size);
    list.ptr = Allocate(size);
    std::memcpy(list.ptr, result.bytes.data, size);
  }
  if (result.release != nullptr) result.release(result.owner);
  return list;
}

nnc_result LowerHandle(const wasinn_val& result) {
  return {.is_error = static_cast<uint8_t>(result.tag), .handle = result.word};
}

nnc_outputs LowerOutputs(const wasinn_val& result) {
  nnc_outputs outputs = {};
  outputs.is_error = static_cast<uint8_t>(result.tag);
  if (result.tag != 0) {
    outputs.value.error = result.word;
    return outputs;
  }
  const auto count = static_cast<uint32_t>(result.item_count);
  outputs.value.list = {nullptr, count};
  if (count == 0) return outputs;
  auto* named = static_cast<nnc_named_tensor*>(Allocate(count * sizeof(nnc_named_tensor)));
  for (uint32_t i = 0; i < count; ++i) {
    const nnc_list name = LowerBytes(result.items[i]);
    named[i] = {static_cast<const char*>(name.ptr), name.len, result.items[i].word};
    newest_tensor = named[i].tensor;
  }
  outputs.value.list.ptr = named;
  return outputs;
}

std::vector<wasinn_val> LiftNamed(const nnc_named_tensor* inputs, uint32_t count) {
  std::vector<wasinn_val> items(count);
  for (uint32_t i = 0; i < count; ++i) {
    items[i] = Text(inputs[i].name, inputs[i].name_len);
    items[i].word = inputs[i].tensor;
  }
  return items;
}

}  // namespace wasinn::conformance

using namespace wasinn::conformance;  // NOLINT(google-build-using-namespace): the guest's functions

extern "C" {

void nnc_native_use_snapshot(const char* name) { snapshot = name; }

// ------------------------------------------------------------------ tensor

nnc_tensor nnc_tensor_new(const uint32_t* dims, uint32_t rank, uint32_t type, const void* data,
                          uint32_t bytes) {
  const wasinn_val args[] = {List(dims, size_t{rank} * sizeof(uint32_t)), Word(type),
                             List(data, bytes)};
  newest_tensor = CallComponent(Interface("tensor"), "[constructor]tensor", args).word;
  return newest_tensor;
}

void nnc_tensor_dimensions(nnc_tensor self, nnc_list* result) {
  const wasinn_val dims = CallTensor("dimensions", self);
  *result = LowerBytes(dims);
  result->len /= sizeof(uint32_t);
}

uint32_t nnc_tensor_type(nnc_tensor self) {
  const uint32_t type = CallTensor("ty", self).word;
  return CurrentFlip() == Flip::kErrno ? (type + 1) % (NNC_I64 + 1) : type;
}

void nnc_tensor_data(nnc_tensor self, nnc_list* result) {
  *result = LowerBytes(CallTensor("data", self));
  auto* bytes = static_cast<uint8_t*>(result->ptr);
  // The last byte: in a float it contains the exponent, so the change shows even in a few printed
  // digits.
  if (CurrentFlip() == Flip::kOutput && result->len != 0) bytes[result->len - 1] ^= 1;
  if (CurrentFlip() == Flip::kWritten) {
    result->ptr = std::realloc(bytes, result->len + 1);
    if (result->ptr == nullptr) Trap("no memory for a result");
    static_cast<uint8_t*>(result->ptr)[result->len++] = 0;
  }
}

void nnc_tensor_drop(nnc_tensor self) { Drop(Interface("tensor"), "tensor", self); }

// ------------------------------------------------------------------ graph

void nnc_load(const nnc_list* builders, uint32_t count, uint32_t encoding, uint32_t target,
              nnc_result* result) {
  std::vector<wasinn_val> items;
  items.reserve(count);
  for (uint32_t i = 0; i < count; ++i) items.push_back(List(builders[i].ptr, builders[i].len));
  wasinn_val list = {};
  list.items = items.data();
  list.item_count = items.size();
  const wasinn_val args[] = {list, Word(encoding), Word(target)};
  *result = LowerHandle(CallComponent(Interface("graph"), "load", args));
}

void nnc_load_by_name(const char* name, uint32_t len, nnc_result* result) {
  *result = LowerHandle(CallComponent(Interface("graph"), "load-by-name", {{Text(name, len)}}));
}

void nnc_init(nnc_graph self, nnc_result* result) {
  *result = LowerHandle(
      CallComponent(Interface("graph"), Method("graph", "init-execution-context"), {{Word(self)}}));
}

void nnc_graph_drop(nnc_graph self) { Drop(Interface("graph"), "graph", self); }

// ------------------------------------------------------------------ inference

void nnc_compute(nnc_context self, const nnc_named_tensor* inputs, uint32_t count,
                 nnc_outputs* result) {
  const auto items = LiftNamed(inputs, count);
  wasinn_val list = {};
  list.items = items.data();
  list.item_count = items.size();
  *result = LowerOutputs(CallContext("compute", {{Word(self), list}}));
  if (CurrentFlip() == Flip::kIgnoreRefusal && result->value.list.len == 0) {
    // A host that continues after a refusal must return something.
    result->value.list = {static_cast<nnc_named_tensor*>(Allocate(sizeof(nnc_named_tensor))), 1};
    *result->value.list.ptr = {nullptr, 0, 0};
  }
}

void nnc_old_set_input(nnc_context self, const char* name, uint32_t len, nnc_tensor tensor,
                       nnc_result* result) {
  *result = LowerHandle(CallContext("set-input", {{Word(self), Text(name, len), Word(tensor)}}));
}

void nnc_old_compute(nnc_context self, nnc_result* result) {
  *result = LowerHandle(CallContext("compute", {{Word(self)}}));
}

void nnc_old_get_output(nnc_context self, const char* name, uint32_t len, nnc_result* result) {
  *result = LowerHandle(CallContext("get-output", {{Word(self), Text(name, len)}}));
  if (!result->is_error) newest_tensor = result->handle;
}

void nnc_context_drop(nnc_context self) {
  Drop(Interface("inference"), "graph-execution-context", self);
}

// ------------------------------------------------------------------ errors

nnc_error nnc_error_new(uint32_t code, const char* data, uint32_t len) {
  return CallComponent(Interface("errors"), "[constructor]error", {{Word(code), Text(data, len)}})
      .word;
}

uint32_t nnc_error_code(nnc_error self) {
  const uint32_t code =
      CallComponent(Interface("errors"), Method("error", "code"), {{Word(self)}}).word;
  return CurrentFlip() == Flip::kErrno ? (code + 1) % kCodes : code;
}

void nnc_error_data(nnc_error self, nnc_list* result) {
  *result = LowerBytes(CallComponent(Interface("errors"), Method("error", "data"), {{Word(self)}}));
}

void nnc_error_drop(nnc_error self) { Drop(Interface("errors"), "error", self); }

}  // extern "C"
