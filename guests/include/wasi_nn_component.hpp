// Owning handles for C++ component guests, snapshot 2024-10-28. Errors end the program with the
// host's text: that is what a command-line guest wants.
#pragma once

#include <wasi_nn_component.h>

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nn {

[[noreturn]] inline void Fail(std::string_view what, nnc_error error) {
  nnc_list text;
  nnc_error_data(error, &text);
  std::fprintf(stderr, "%.*s: error %u: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<unsigned>(nnc_error_code(error)), static_cast<int>(text.len),
               static_cast<const char*>(text.ptr));
  std::exit(1);
}

template <void (*kDrop)(uint32_t)>
class Handle {
 public:
  explicit Handle(uint32_t value) : value_(value) {}
  Handle(Handle&& other) noexcept
      : value_(other.value_), owned_(std::exchange(other.owned_, false)) {}
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (owned_) kDrop(value_);
  }

  uint32_t get() const { return value_; }
  // Gives the handle to a call that consumes it.
  uint32_t Release() {
    owned_ = false;
    return value_;
  }

 private:
  uint32_t value_;
  bool owned_ = true;
};

// An output: its shape and its elements.
template <typename T>
struct Output {
  std::vector<uint32_t> dims;
  std::vector<T> data;
};

class Tensor : public Handle<nnc_tensor_drop> {
 public:
  using Handle::Handle;
  template <typename T>
  Tensor(std::span<const uint32_t> dims, uint32_t type, std::span<const T> data)
      : Handle(nnc_tensor_new(dims.data(), static_cast<uint32_t>(dims.size()), type, data.data(),
                              static_cast<uint32_t>(data.size_bytes()))) {}

  template <typename T>
  Output<T> Read() const {
    Output<T> output;
    nnc_list list;
    nnc_tensor_dimensions(get(), &list);
    output.dims.assign(static_cast<uint32_t*>(list.ptr),
                       static_cast<uint32_t*>(list.ptr) + list.len);
    if (list.len != 0) std::free(list.ptr);
    nnc_tensor_data(get(), &list);
    const T* first = static_cast<const T*>(list.ptr);
    output.data.assign(first, first + list.len / sizeof(T));
    if (list.len != 0) std::free(list.ptr);
    return output;
  }
};

// A model, loaded by the name the host knows it by, with one execution context.
class Model {
 public:
  explicit Model(std::string_view name) : name_(name), context_(Open(name)) {}

  // Runs a model with one input; returns its first output.
  Tensor Run(std::string_view input_name, Tensor input) {
    nnc_named_tensor named = {input_name.data(), static_cast<uint32_t>(input_name.size()),
                              input.Release()};
    nnc_outputs result;
    nnc_compute(context_.get(), &named, 1, &result);
    if (result.is_error) Fail(name_, result.value.error);
    std::span<nnc_named_tensor> outputs(result.value.list.ptr, result.value.list.len);
    if (outputs.empty()) {
      std::fprintf(stderr, "%s: expected an output, given none\n", name_.c_str());
      std::exit(1);
    }
    Tensor first(outputs[0].tensor);
    for (nnc_named_tensor& output : outputs) {
      std::free(const_cast<char*>(output.name));
      if (output.tensor != first.get()) nnc_tensor_drop(output.tensor);
    }
    std::free(outputs.data());
    return first;
  }

 private:
  static uint32_t Open(std::string_view name) {
    nnc_result result;
    nnc_load_by_name(name.data(), static_cast<uint32_t>(name.size()), &result);
    if (result.is_error) Fail(name, result.handle);
    Handle<nnc_graph_drop> graph(result.handle);
    nnc_init(graph.get(), &result);
    if (result.is_error) Fail(name, result.handle);
    return result.handle;
  }

  std::string name_;
  Handle<nnc_context_drop> context_;
};

}  // namespace nn
