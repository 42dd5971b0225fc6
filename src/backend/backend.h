// A framework behind the backend ABI: its table is checked once, and it is opened when it is first
// needed.
#pragma once

#include <wasinn/backend.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "base/mutex.h"
#include "base/options.h"
#include "tensor/buffer_pool.h"

namespace wasinn {

// The services that the engine gives to backends. It outlives all backends.
struct BackendServices {
  BufferPool* buffers = nullptr;
  const Logger* log = nullptr;
  uint32_t threads = 1;
};

// One backend of one engine. Immutable after Create, except that it is opened later. Any thread.
class Backend {
 public:
  // Checks the table (version, size, name, slots, counts) and copies it, so that every slot below
  // is callable. INVALID_ARGUMENT if it is not a table of ABI v1. `origin` is the plug-in's path,
  // "" for a linked-in backend.
  static Result<std::unique_ptr<Backend>> Create(const wasinn_backend* table, std::string origin,
                                                 const BackendServices& services);
  ~Backend();
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  const std::string& name() const { return name_; }
  const std::string& version() const { return version_; }
  const std::string& description() const { return description_; }
  const std::string& origin() const { return origin_; }
  const std::vector<std::string>& encodings() const { return encodings_; }
  std::span<const OptionSpec> options() const { return options_; }
  bool blocking() const { return (table_.capabilities & WASINN_BACKEND_BLOCKING) != 0; }
  bool generates() const { return (table_.capabilities & WASINN_BACKEND_GENERATES) != 0; }
  // Whether the backend implements one of the slots input_set and output_get.
  bool has_early_io() const { return has_early_io_; }
  uint64_t capabilities() const { return table_.capabilities; }
  const wasinn_backend& table() const { return table_; }
  // The pool behind its buffer_alloc.
  BufferPool& buffers() const { return *services_.buffers; }

  // Opens the framework on first use; a failure is final.
  Result<wasinn_backend_instance*> Instance();
  Result<std::string> Devices();
  // 0 to 100; 0 also if the backend cannot be opened.
  int Probe(std::span<const uint8_t> head, uint64_t size, const char* path);

  // Calls graph_load, serially unless the backend allows parallel loads.
  Result<wasinn_backend_graph*> LoadGraph(const wasinn_load_request& request);

 private:
  Backend() = default;

  static void HostLog(void* self, wasinn_log_level level, wasinn_str message);
  static void* HostAlloc(void* self, size_t size);
  static void HostFree(void* self, void* data);

  wasinn_backend table_{};
  bool has_early_io_ = false;
  std::string name_;
  std::string version_;
  std::string description_;
  std::string origin_;
  std::vector<std::string> encodings_;
  std::vector<OptionSpec> options_;
  BackendServices services_;
  wasinn_backend_host host_{};
  LogLimit log_limit_{"log of a backend"};

  Mutex mutex_;
  bool opened_ GUARDED_BY(mutex_) = false;
  Result<wasinn_backend_instance*> instance_ GUARDED_BY(mutex_) = nullptr;
  Mutex load_mutex_;  // held during graph_load of a backend that loads serially
};

}  // namespace wasinn
