#include "onnx/runtime.h"

#include <cstdlib>
#include <mutex>

namespace wasinn::onnx {
namespace {

// The only place that knows what ONNX Runtime's codes mean to wasinn.
wasinn_code ToCode(OrtErrorCode code) {
  switch (code) {
    case ORT_INVALID_ARGUMENT:
    case ORT_INVALID_GRAPH:
    case ORT_NO_MODEL:
      return WASINN_INVALID_ARGUMENT;
    case ORT_INVALID_PROTOBUF:
      return WASINN_INVALID_ENCODING;
    case ORT_NO_SUCHFILE:
      return WASINN_NOT_FOUND;
    case ORT_NOT_IMPLEMENTED:
      return WASINN_UNSUPPORTED_OPERATION;
    default:
      return WASINN_RUNTIME_ERROR;
  }
}

// Lines of the environment itself belong to no session and thus to no host.
void ORT_API_CALL DropLog(void*, OrtLoggingLevel, const char*, const char*, const char*,
                          const char*) {}

}  // namespace

const OrtApi* Api() {
  static const OrtApi* const api = OrtGetApiBase()->GetApi(ORT_API_VERSION);
  return api;
}

const char* RuntimeVersion() { return OrtGetApiBase()->GetVersionString(); }

Failure ToFailure(OrtStatus* status, std::string_view doing) {
  const std::unique_ptr<OrtStatus, void (*)(OrtStatus*)> owner(status, Api()->ReleaseStatus);
  const OrtErrorCode code = Api()->GetErrorCode(status);
  std::string message = "onnx: ";
  message.append(doing).append(": ").append(Api()->GetErrorMessage(status));
  return Failure(ToCode(code), std::move(message), code);
}

void Check(OrtStatus* status, std::string_view doing) {
  if (status != nullptr) [[unlikely]] {
    throw ToFailure(status, doing);
  }
}

OrtAllocator* DefaultAllocator() {
  static OrtAllocator* const allocator = [] {
    OrtAllocator* out = nullptr;
    Check(Api()->GetAllocatorWithDefaultOptions(&out), "default allocator");
    return out;
  }();
  return allocator;
}

std::string TakeText(char* text) {
  std::string out = text != nullptr ? text : "";
  if (text != nullptr) DefaultAllocator()->Free(DefaultAllocator(), text);
  return out;
}

std::shared_ptr<OrtEnv> SharedEnv(uint32_t threads) {
  static std::mutex mutex;
  static std::weak_ptr<OrtEnv> shared;
  const std::lock_guard lock(mutex);
  if (std::shared_ptr<OrtEnv> env = shared.lock()) return env;

  // The official builds send usage data to their vendor and keep an identifier in the user's home
  // folder; the API call below would be too late for the first event.
  setenv("ORT_DISABLE_TELEMETRY", "1", 1);
  OrtThreadingOptions* raw_options = nullptr;
  Check(Api()->CreateThreadingOptions(&raw_options), "thread pool options");
  const Handle<OrtThreadingOptions> options(raw_options);
  Check(Api()->SetGlobalIntraOpNumThreads(raw_options, static_cast<int>(threads)), "thread pool");
  Check(Api()->SetGlobalInterOpNumThreads(raw_options, 1), "thread pool");
  // Spinning workers would take cores from the guests, and stall when cores are shared.
  Check(Api()->SetGlobalSpinControl(raw_options, 0), "thread pool");
  OrtEnv* raw_env = nullptr;
  Check(Api()->CreateEnvWithCustomLoggerAndGlobalThreadPools(
            DropLog, nullptr, ORT_LOGGING_LEVEL_ERROR, "wasinn", raw_options, &raw_env),
        "creating the environment");
  std::shared_ptr<OrtEnv> env(raw_env, Release());
  // Builds that report in other ways do not read the variable.
  Check(Api()->DisableTelemetryEvents(raw_env), "telemetry");
  shared = env;
  return env;
}

void ORT_API_CALL LogToHost(void* param, OrtLoggingLevel severity, const char* /*category*/,
                            const char* /*log_id*/, const char* /*location*/, const char* message) {
  const auto* host = static_cast<const wasinn_backend_host*>(param);
  wasinn_log_level level = WASINN_LOG_ERROR;
  switch (severity) {
    case ORT_LOGGING_LEVEL_VERBOSE:
      level = WASINN_LOG_DEBUG;
      break;
    case ORT_LOGGING_LEVEL_INFO:
      level = WASINN_LOG_INFO;
      break;
    case ORT_LOGGING_LEVEL_WARNING:
      level = WASINN_LOG_WARN;
      break;
    case ORT_LOGGING_LEVEL_ERROR:
    case ORT_LOGGING_LEVEL_FATAL:
      break;
  }
  host->log(host->self, level, backend::Str(message));
}

}  // namespace wasinn::onnx
