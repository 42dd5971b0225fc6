#include "onnx/session_options.h"

#include <onnxruntime_session_options_config_keys.h>

#include <algorithm>
#include <cctype>
#include <span>

namespace wasinn::onnx {
namespace {

using backend::Options;

// The best first within each kind.
struct Provider {
  const char* name;
  const char* registered;  // the name in GetAvailableProviders
  wasinn_target kind;
  const char* generic;  // for SessionOptionsAppendExecutionProvider; null: has its own function
};
constexpr Provider kProviders[] = {
    {"tensorrt", "TensorrtExecutionProvider", WASINN_TARGET_GPU, nullptr},
    {"cuda", "CUDAExecutionProvider", WASINN_TARGET_GPU, nullptr},
    {"webgpu", "WebGpuExecutionProvider", WASINN_TARGET_GPU, "WebGPU"},
    {"dml", "DmlExecutionProvider", WASINN_TARGET_GPU, "DML"},
    {"qnn", "QNNExecutionProvider", WASINN_TARGET_TPU, "QNN"},
    {"vitisai", "VitisAIExecutionProvider", WASINN_TARGET_TPU, "VitisAI"},
    {"coreml", "CoreMLExecutionProvider", WASINN_TARGET_TPU, "CoreML"},
    {"openvino", "OpenVINOExecutionProvider", WASINN_TARGET_CPU, "OpenVINO"},
    {"xnnpack", "XnnpackExecutionProvider", WASINN_TARGET_CPU, "XNNPACK"},
    {"cpu", "CPUExecutionProvider", WASINN_TARGET_CPU, nullptr},
};

std::vector<const Provider*> PresentProviders() {
  char** names = nullptr;
  int count = 0;
  Check(Api()->GetAvailableProviders(&names, &count), "listing execution providers");
  std::vector<const Provider*> present;
  for (const Provider& provider : kProviders) {
    const std::span<char*> all(names, static_cast<size_t>(count));
    if (std::ranges::any_of(
            all, [&](const char* name) { return std::string_view(name) == provider.registered; })) {
      present.push_back(&provider);
    }
  }
  Check(Api()->ReleaseAvailableProviders(names, count), "listing execution providers");
  return present;
}

std::string Joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

// "CUDA" and "CUDAExecutionProvider" are "cuda".
std::string PlainName(std::string_view name) {
  constexpr std::string_view kSuffix = "executionprovider";
  std::string plain(name);
  std::ranges::transform(plain, plain.begin(), [](unsigned char c) { return std::tolower(c); });
  if (plain.ends_with(kSuffix)) plain.resize(plain.size() - kSuffix.size());
  return plain;
}

const Provider& FindProvider(std::string_view name) {
  const std::string plain = PlainName(name);
  for (const Provider* provider : PresentProviders()) {
    if (plain == provider->name) return *provider;
  }
  throw Failure(WASINN_INVALID_ARGUMENT,
                "onnx: option providers: expected names among those of this ONNX Runtime, " +
                    Joined(ProviderNames()) + ", given '" + std::string(name) + "'");
}

void AppendCuda(OrtSessionOptions* options) {
  OrtCUDAProviderOptionsV2* cuda = nullptr;
  Check(Api()->CreateCUDAProviderOptions(&cuda), "provider cuda");
  OrtStatus* status = Api()->SessionOptionsAppendExecutionProvider_CUDA_V2(options, cuda);
  Api()->ReleaseCUDAProviderOptions(cuda);
  Check(status, "provider cuda");
}

void AppendTensorRt(OrtSessionOptions* options) {
  OrtTensorRTProviderOptionsV2* tensorrt = nullptr;
  Check(Api()->CreateTensorRTProviderOptions(&tensorrt), "provider tensorrt");
  OrtStatus* status = Api()->SessionOptionsAppendExecutionProvider_TensorRT_V2(options, tensorrt);
  Api()->ReleaseTensorRTProviderOptions(tensorrt);
  Check(status, "provider tensorrt");
}

void Append(OrtSessionOptions* options, const Provider& provider) {
  const std::string_view name = provider.name;
  if (name == "cuda") return AppendCuda(options);
  if (name == "tensorrt") return AppendTensorRt(options);
  // The CPU provider is always there, last.
  if (provider.generic == nullptr) return;
  Check(
      Api()->SessionOptionsAppendExecutionProvider(options, provider.generic, nullptr, nullptr, 0),
      "provider " + std::string(name));
}

// Appends the providers of the option, and returns which targets they serve.
std::vector<wasinn_target> AppendNamed(OrtSessionOptions* options, std::string_view names) {
  std::vector<wasinn_target> kinds;
  while (!names.empty()) {
    const size_t length = std::min(names.find_first_of("+, "), names.size());
    if (length > 0) {
      const Provider& provider = FindProvider(names.substr(0, length));
      Append(options, provider);
      kinds.push_back(provider.kind);
    }
    names.remove_prefix(std::min(length + 1, names.size()));
  }
  return kinds;
}

void AppendProviders(const wasinn_backend_instance& instance, OrtSessionOptions* options,
                     wasinn_target target, std::string_view names) {
  const std::vector<wasinn_target> kinds = AppendNamed(options, names);
  if (target == WASINN_TARGET_CPU || std::ranges::find(kinds, target) != kinds.end()) return;
  if (target == WASINN_TARGET_AUTO) {
    if (!kinds.empty()) return;
    for (const Provider* provider : PresentProviders()) {
      if (provider->kind == WASINN_TARGET_CPU) continue;
      try {
        return Append(options, *provider);
      } catch (const Failure& failure) {
        instance.host->log(instance.host->self, WASINN_LOG_INFO, backend::Str(failure.message()));
      }
    }
    return;
  }
  const std::string wanted = target == WASINN_TARGET_GPU ? "gpu" : "tpu";
  if (kinds.empty()) {
    for (const Provider* provider : PresentProviders()) {
      if (provider->kind == target) return Append(options, *provider);
    }
  }
  throw Failure(WASINN_UNSUPPORTED_OPERATION,
                "onnx: target " + wanted + ": expected an execution provider for it, given " +
                    (kinds.empty() ? Joined(ProviderNames()) : "providers=" + std::string(names)) +
                    " (target auto takes what there is)");
}

GraphOptimizationLevel Optimization(std::string_view level) {
  if (level == "disabled") return ORT_DISABLE_ALL;
  if (level == "basic") return ORT_ENABLE_BASIC;
  if (level == "extended") return ORT_ENABLE_EXTENDED;
  return ORT_ENABLE_ALL;
}

OrtLoggingLevel LogLevel(std::string_view level) {
  if (level == "debug") return ORT_LOGGING_LEVEL_VERBOSE;
  if (level == "info") return ORT_LOGGING_LEVEL_INFO;
  if (level == "error") return ORT_LOGGING_LEVEL_ERROR;
  if (level == "off") return ORT_LOGGING_LEVEL_FATAL;
  return ORT_LOGGING_LEVEL_WARNING;
}

void SetThreads(const wasinn_backend_instance& instance, OrtSessionOptions* options,
                const Options& given) {
  int threads = static_cast<int>(given.Int("threads", 0));
  const int inter_threads = static_cast<int>(given.Int("inter_op_threads", 0));
  if (threads == 0 && inter_threads == 0) {
    Check(Api()->DisablePerSessionThreads(options), "threads");
    return;
  }
  if (threads == 0) threads = static_cast<int>(instance.host->threads);
  Check(Api()->SetIntraOpNumThreads(options, threads), "threads");
  Check(Api()->SetInterOpNumThreads(options, std::max(inter_threads, 1)), "inter_op_threads");
  if (inter_threads > 1) {
    Check(Api()->SetSessionExecutionMode(options, ORT_PARALLEL), "inter_op_threads");
  }
  for (const char* key : {kOrtSessionOptionsConfigAllowIntraOpSpinning,
                          kOrtSessionOptionsConfigAllowInterOpSpinning}) {
    Check(Api()->AddSessionConfigEntry(options, key, "0"), "threads");
  }
}

}  // namespace

std::vector<std::string> ProviderNames() {
  std::vector<std::string> names;
  for (const Provider* provider : PresentProviders()) names.emplace_back(provider->name);
  return names;
}

Handle<OrtSessionOptions> MakeSessionOptions(const wasinn_backend_instance& instance,
                                             const wasinn_load_request& request) {
  const Options given(request.options, request.option_count);
  OrtSessionOptions* raw = nullptr;
  Check(Api()->CreateSessionOptions(&raw), "session options");
  Handle<OrtSessionOptions> options(raw);
  SetThreads(instance, raw, given);
  // The session never logs after its end, and the host outlives the sessions.
  Check(Api()->SetUserLoggingFunction(raw, LogToHost,
                                      const_cast<wasinn_backend_host*>(instance.host)),
        "log");
  Check(Api()->SetSessionLogSeverityLevel(raw, LogLevel(given.Text("log_level", "warn"))),
        "log_level");
  Check(
      Api()->SetSessionGraphOptimizationLevel(raw, Optimization(given.Text("optimization", "all"))),
      "optimization");
  if (!given.Bool("arena", true)) Check(Api()->DisableCpuMemArena(raw), "arena");
  if (const std::string prefix = given.Text("profile", ""); !prefix.empty()) {
    Check(Api()->EnableProfiling(raw, prefix.c_str()), "profile");
  }
  given.ForPrefix("free_dim:", [&](std::string_view name, std::string_view value) {
    const int64_t size = Options::ParseInt("free_dim:" + std::string(name), value);
    Check(Api()->AddFreeDimensionOverrideByName(raw, std::string(name).c_str(), size), "free_dim");
  });
  AppendProviders(instance, raw, request.target, given.Text("providers", ""));
  return options;
}

}  // namespace wasinn::onnx
