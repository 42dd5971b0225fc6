#include "backend/backend.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace wasinn {
namespace {

// Limits for a plug-in's counts, which are not trusted; real ones are far below.
constexpr size_t kMaxOptions = 1024;
constexpr size_t kMaxText = 4096;

std::string Text(const char* text) {
  return text == nullptr ? std::string() : std::string(text, strnlen(text, kMaxText));
}

// Replacements for slots that may be absent.
void CloseNothing(wasinn_backend_instance*) {}
const char* CpuOnly(wasinn_backend_instance*) { return "cpu"; }
int32_t NeverSure(wasinn_backend_instance*, wasinn_bytes, uint64_t, const char*) { return 0; }
void CancelNothing(wasinn_backend_context*, uint64_t) {}
wasinn_code TakeInput(wasinn_backend_context*, uint32_t, const wasinn_tensor_view*, wasinn_error*) {
  return WASINN_OK;
}
wasinn_code NoOutput(wasinn_backend_context*, uint32_t, wasinn_backend_output*, wasinn_error*) {
  return WASINN_INVALID_ARGUMENT;
}

// The size of a table in the first release of the ABI; a smaller table is invalid.
constexpr size_t kSizeOfV1 = offsetof(wasinn_backend, input_set);

Result<> CheckTable(const wasinn_backend& table) {
  const std::string name = Text(table.name);
  const bool good_name =
      !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
      });
  if (!good_name) {
    return Fail(Code::kInvalidArgument,
                "backend name: expected 1 to 64 of a-z, 0-9, - and _, given '{}'", Printable(name));
  }
  const std::pair<const char*, bool> slots[] = {
      {"open", table.open != nullptr},
      {"graph_load", table.graph_load != nullptr},
      {"graph_describe", table.graph_describe != nullptr},
      {"graph_free", table.graph_free != nullptr},
      {"context_create", table.context_create != nullptr},
      {"context_free", table.context_free != nullptr},
      {"run", table.run != nullptr},
  };
  for (const auto& [slot, there] : slots) {
    if (!there) {
      return Fail(Code::kInvalidArgument, "backend {}: expected a function in slot {}, given NULL",
                  name, slot);
    }
  }
  if (table.option_count > kMaxOptions || (table.option_count > 0 && table.options == nullptr)) {
    return Fail(Code::kInvalidArgument,
                "backend {}: expected at most {} options with a table, given {}{}", name,
                kMaxOptions, table.option_count, table.options == nullptr ? " without one" : "");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Backend>> Backend::Create(const wasinn_backend* table, std::string origin,
                                                 const BackendServices& services) {
  const std::string_view where = origin.empty() ? "a linked-in backend" : std::string_view(origin);
  if (table == nullptr) {
    return Fail(Code::kInvalidArgument, "{}: expected a backend table, given NULL", where);
  }
  if (table->abi_version != WASINN_BACKEND_ABI_VERSION) {
    return Fail(Code::kInvalidArgument, "{}: expected backend ABI version {}, given {}", where,
                WASINN_BACKEND_ABI_VERSION, table->abi_version);
  }
  if (table->struct_size < kSizeOfV1 || table->struct_size > 64 * kSizeOfV1) {
    return Fail(Code::kInvalidArgument,
                "{}: expected a backend table of at least {} bytes, given {}", where, kSizeOfV1,
                table->struct_size);
  }
  if (const auto good = CheckTable(*table); !good) {
    return Fail(good.error().code, "{}: {}", where, good.error().message);
  }

  std::unique_ptr<Backend> backend(new Backend);
  // Slots past the end of the plug-in's table are absent; slots past the end of ours are unknown.
  std::memcpy(&backend->table_, table, std::min(table->struct_size, sizeof(wasinn_backend)));
  wasinn_backend& slots = backend->table_;
  if (slots.close == nullptr) slots.close = CloseNothing;
  if (slots.devices == nullptr) slots.devices = CpuOnly;
  if (slots.probe == nullptr) slots.probe = NeverSure;
  if (slots.cancel == nullptr) slots.cancel = CancelNothing;
  backend->has_early_io_ = slots.input_set != nullptr || slots.output_get != nullptr;
  if (slots.input_set == nullptr) slots.input_set = TakeInput;
  if (slots.output_get == nullptr) slots.output_get = NoOutput;
  backend->name_ = Text(table->name);
  backend->version_ = Text(table->version);
  backend->description_ = Text(table->description);
  backend->origin_ = std::move(origin);
  const std::string encodings = Text(table->encodings);
  for (std::string_view encoding : Split(encodings, ' ')) {
    if (!encoding.empty()) backend->encodings_.emplace_back(encoding);
  }
  std::string option;  // for which the following aliases stand
  for (const wasinn_option_spec& row : std::span(table->options, table->option_count)) {
    const bool alias = (row.flags & WASINN_OPTION_FLAG_ALIAS) != 0;
    if (!alias) option = Text(row.name);
    backend->options_.push_back(
        {Text(row.name), row.type, row.scope, Text(row.default_value), Text(row.choices), row.min,
         row.max, Text(row.help), (row.flags & WASINN_OPTION_FLAG_PREFIX) != 0,
         (row.flags & WASINN_OPTION_FLAG_HOST_ONLY) != 0, alias ? option : std::string()});
  }
  backend->services_ = services;
  backend->host_ = {
      sizeof(wasinn_backend_host), backend.get(), HostLog, HostAlloc, HostFree, services.threads};
  return backend;
}

Backend::~Backend() {
  MutexLock lock(mutex_);
  if (opened_ && instance_ && *instance_ != nullptr) table_.close(*instance_);
  if (services_.log != nullptr) log_limit_.Tell(*services_.log);
}

Result<wasinn_backend_instance*> Backend::Instance() {
  MutexLock lock(mutex_);
  if (!opened_) {
    wasinn_error error{};
    wasinn_backend_instance* instance = nullptr;
    const wasinn_code code = table_.open(&host_, &instance, &error);
    if (code != WASINN_OK) {
      instance_ = Fail(FromC(code, error, "backend " + name_ + ": open"));
    } else if (instance == nullptr) {
      instance_ = Fail(Code::kUnknown, "backend {}: open gave no instance", name_);
    } else {
      instance_ = instance;
    }
    opened_ = true;
  }
  return instance_;
}

Result<std::string> Backend::Devices() {
  WASINN_TRY(instance, Instance());
  return Text(table_.devices(instance));
}

int Backend::Probe(std::span<const uint8_t> head, uint64_t size, const char* path) {
  const auto instance = Instance();
  if (!instance) {
    log_limit_.Log(*services_.log, WASINN_LOG_WARN, "{}", instance.error().message);
    return 0;
  }
  return std::clamp(table_.probe(*instance, {head.data(), head.size()}, size, path), 0, 100);
}

Result<wasinn_backend_graph*> Backend::LoadGraph(const wasinn_load_request& request) {
  WASINN_TRY(instance, Instance());
  wasinn_error error{};
  wasinn_backend_graph* graph = nullptr;
  const auto load = [&] { return table_.graph_load(instance, &request, &graph, &error); };
  wasinn_code code = WASINN_OK;
  if ((table_.capabilities & WASINN_BACKEND_PARALLEL_LOAD) != 0) {
    code = load();
  } else {
    MutexLock lock(load_mutex_);
    code = load();
  }
  if (code != WASINN_OK) return Fail(FromC(code, error, "backend " + name_ + ": graph_load"));
  if (graph == nullptr) return Fail(Code::kUnknown, "backend {}: graph_load gave no graph", name_);
  return graph;
}

void Backend::HostLog(void* self, wasinn_log_level level, wasinn_str message) {
  auto* backend = static_cast<Backend*>(self);
  const wasinn_log_level bounded = std::clamp(level, WASINN_LOG_DEBUG, WASINN_LOG_ERROR);
  backend->log_limit_.Log(*backend->services_.log, bounded, "{}: {}", backend->name_,
                          View(message));
}

void* Backend::HostAlloc(void* self, size_t size) {
  try {
    auto buffer = static_cast<Backend*>(self)->services_.buffers->Allocate(size);
    return buffer ? buffer->Leak()->data() : nullptr;
  } catch (...) {
    return nullptr;  // there is no memory for the error's text either
  }
}

void Backend::HostFree(void*, void* data) { BufferPool::Free(data); }

}  // namespace wasinn
