// The state that all graphs of the process share: ONNX Runtime's table of functions, its
// environment with the thread pool, its log, and the mapping of its errors.
#pragma once

#include <onnxruntime_c_api.h>
#include <wasinn/backend.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>
#include <wasinn/backend.hpp>

namespace wasinn::onnx {

using wasinn::backend::Failure;

// ONNX Runtime's functions; null if the installed library is too old. Any thread.
const OrtApi* Api();

// The framework's version, e.g. "1.32.0".
const char* RuntimeVersion();

// Consumes `status`, which must not be null, and returns a failure with ONNX Runtime's own text and
// number after `doing` ("loading a.onnx").
Failure ToFailure(OrtStatus* status, std::string_view doing);

// Throws ToFailure(status) if `status` is a failure.
void Check(OrtStatus* status, std::string_view doing);

// Deleters for ONNX Runtime's objects.
struct Release {
  void operator()(OrtEnv* p) const { Api()->ReleaseEnv(p); }
  void operator()(OrtThreadingOptions* p) const { Api()->ReleaseThreadingOptions(p); }
  void operator()(OrtSession* p) const { Api()->ReleaseSession(p); }
  void operator()(OrtSessionOptions* p) const { Api()->ReleaseSessionOptions(p); }
  void operator()(OrtRunOptions* p) const { Api()->ReleaseRunOptions(p); }
  void operator()(OrtMemoryInfo* p) const { Api()->ReleaseMemoryInfo(p); }
  void operator()(OrtValue* p) const { Api()->ReleaseValue(p); }
  void operator()(OrtTypeInfo* p) const { Api()->ReleaseTypeInfo(p); }
  void operator()(OrtTensorTypeAndShapeInfo* p) const { Api()->ReleaseTensorTypeAndShapeInfo(p); }
  void operator()(OrtModelMetadata* p) const { Api()->ReleaseModelMetadata(p); }
};
template <typename T>
using Handle = std::unique_ptr<T, Release>;

// The default allocator; lives as long as the process.
OrtAllocator* DefaultAllocator();

// Owns text from DefaultAllocator().
std::string TakeText(char* text);

// The environment of the process with its thread pool; it exists as long as someone holds it. The
// first holder's `threads` sets the size of the pool. Any thread. Throws Failure.
std::shared_ptr<OrtEnv> SharedEnv(uint32_t threads);

// Passes a line of ONNX Runtime's log to the `wasinn_backend_host` in `param`.
void ORT_API_CALL LogToHost(void* param, OrtLoggingLevel severity, const char* category,
                            const char* log_id, const char* location, const char* message);

}  // namespace wasinn::onnx

// One open backend.
struct wasinn_backend_instance {
  const wasinn_backend_host* host;
  std::shared_ptr<OrtEnv> env;
  std::string devices;  // names separated by spaces
};
