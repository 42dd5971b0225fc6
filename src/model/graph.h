// A loaded model.
#pragma once

#include <wasinn/backend.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "base/options.h"
#include "model/encoding.h"
#include "model/files.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace wasinn {

// An input or output.
struct Port {
  std::string name;            // may be empty for an only port
  DType dtype = DType::kNone;  // kNone: any
  bool any_rank = true;
  Shape shape;  // -1: any; only when !any_rank
  bool optional = false;
  bool text = false;  // U8 text, whose dims are ignored
  // "input 0 ('x')", for messages; made once, because every set_input uses it. Empty for outputs.
  std::string title = {};

  // "f32 [1,3,?]"
  std::string TypeText() const;
};

struct GraphInfo {
  std::vector<Port> inputs;
  std::vector<Port> outputs;
  std::vector<std::pair<std::string, std::string>> metadata;
};

// The source of a graph: a path, or parts in memory.
struct GraphSource {
  std::string path;
  std::vector<ModelFile> files;  // the files of the model at `path`, its main file first
  std::vector<BufferRef> parts;
  // Bytes of the model, for budgets and listings.
  uint64_t size = 0;
};

struct GraphOptions {
  Options load;
  Options context;  // defaults for every context of the graph
};
// Sorts options by their scope in the backend's table, and checks them.
Result<GraphOptions> SortOptions(const Backend& backend, const Options& options);
// The row of the backend's table for this option, nullptr without one.
const OptionSpec* FindOption(const Backend& backend, std::string_view name);
// SECURITY for an option that only the host may set; an unknown option is accepted.
Result<> CheckGuestMayGive(const Backend& backend, std::string_view option);
// Checks a guest's options for a context: they must be known, of scope CONTEXT, allowed for guests,
// and have valid values. Those of `options` that the backend has for a context.
Options OptionsOfContexts(const Backend& backend, const Options& options);
Result<> CheckGuestContextOptions(const Backend& backend, const Options& options);

// Shared by every session that uses it; freed with the last reference. Immutable except for its
// counters. Any thread.
class Graph {
 public:
  // Loads on the calling thread; may take long.
  static Result<std::shared_ptr<Graph>> Load(Backend& backend, GraphSource source, Target target,
                                             GraphOptions options);
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  Backend& backend() const { return *backend_; }
  wasinn_backend_graph* handle() const { return handle_; }
  const GraphInfo& info() const { return info_; }
  const GraphOptions& options() const { return options_; }
  const GraphSource& source() const { return source_; }
  Target target() const { return target_; }
  uint64_t size() const { return source_.size; }
  uint64_t load_ns() const { return load_ns_; }

  // The port with this name or decimal index; a graph whose only input has no name accepts any
  // name. NOT_FOUND lists the ports.
  Result<uint32_t> FindInput(std::string_view name) const;
  Result<uint32_t> FindOutput(std::string_view name) const;

  // The usual duration of a run in ns, 0 before the first.
  uint64_t typical_run_ns() const { return typical_run_ns_.load(std::memory_order_relaxed); }
  // The same for inputs of about so many bytes (up to twice as many are the same): it decides
  // whether a run is inline, which small inputs must not decide for large ones.
  uint64_t typical_run_ns(uint64_t input_bytes) const {
    return typical_by_size_[std::bit_width(input_bytes)].load(std::memory_order_relaxed);
  }
  uint64_t runs() const { return runs_.load(std::memory_order_relaxed); }
  void CountRun(uint64_t ns, uint64_t input_bytes);

  // Whether the host registered the model; otherwise only guests asked for the graph.
  bool used_by_host() const { return used_by_host_.load(std::memory_order_relaxed); }
  void MarkUsedByHost() { used_by_host_.store(true, std::memory_order_relaxed); }

 private:
  Graph() = default;

  Backend* backend_ = nullptr;
  wasinn_backend_graph* handle_ = nullptr;
  GraphSource source_;
  GraphInfo info_;
  GraphOptions options_;
  Target target_ = Target::kCpu;
  uint64_t load_ns_ = 0;
  std::atomic<uint64_t> typical_run_ns_{0};
  std::array<std::atomic<uint64_t>, 65> typical_by_size_{};  // by the bit width of the bytes
  std::atomic<uint64_t> runs_{0};
  std::atomic<bool> used_by_host_{false};
};

}  // namespace wasinn
