#include "native.h"

#include <onnxruntime_c_api.h>
#include <onnxruntime_session_options_config_keys.h>

#include <chrono>
#include <cstring>
#include <utility>

namespace wasinn::bench {
namespace {

using Clock = std::chrono::steady_clock;

double Nanoseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::nano>(duration).count();
}

const OrtApi& Api() {
  static const OrtApi* const api = OrtGetApiBase()->GetApi(ORT_API_VERSION);
  return *api;
}

void Check(OrtStatus* status) {
  if (status != nullptr) Die(std::string("ONNX Runtime: ") + Api().GetErrorMessage(status));
}

// The same values as in the guest.
std::vector<uint8_t> MakeData(const Task& task) {
  std::vector<uint8_t> data(task.input_bytes());
  if (task.type == "u8") {
    for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<uint8_t>(i % 251);
    return data;
  }
  for (size_t i = 0; i < data.size() / 4; ++i) {
    if (task.type == "i32") {
      const auto value = static_cast<int32_t>(i % 251);
      std::memcpy(&data[i * 4], &value, 4);
    } else {
      const float value = static_cast<float>(i % 251) / 256;
      std::memcpy(&data[i * 4], &value, 4);
    }
  }
  return data;
}

double Sum(const Task& task, const std::vector<uint8_t>& output) {
  double sum = 0;
  if (task.type == "u8") {
    for (const uint8_t value : output) sum += value;
    return sum;
  }
  for (size_t i = 0; i + 4 <= output.size(); i += 4) {
    float value;
    std::memcpy(&value, &output[i], 4);
    sum += value;
  }
  return sum;
}

// Rounds of three steps, with or without reading the clock between them.
class NativeLoop : public Loop {
 public:
  explicit NativeLoop(const Task& task) : task_(task), data_(MakeData(task)) {}

  size_t output_bytes() const { return output_.size(); }

  Batch Run(uint64_t warmup, uint64_t rounds, bool phases) override {
    Batch batch;
    for (uint64_t i = 0; i < warmup; ++i) RunRound();
    const auto start = Clock::now();
    if (phases) {
      for (uint64_t i = 0; i < rounds; ++i) RunPhases(batch.phases);
    } else {
      for (uint64_t i = 0; i < rounds; ++i) RunRound();
      batch.total = Nanoseconds(Clock::now() - start);
    }
    batch.sum = Sum(task_, output_);
    return batch;
  }

 protected:
  virtual void Set() = 0;
  virtual void Compute() = 0;
  virtual void Get() = 0;

  const Task& task() const { return task_; }
  const std::vector<uint8_t>& data() const { return data_; }
  std::vector<uint8_t>& output() { return output_; }

 private:
  void RunRound() {
    Set();
    Compute();
    Get();
    // The copies must happen, although only the last output is used.
    asm volatile("" : : "r"(output_.data()) : "memory");
  }

  void RunPhases(Phases& phases) {
    const auto start = Clock::now();
    Set();
    const auto was_set = Clock::now();
    Compute();
    const auto computed = Clock::now();
    Get();
    const auto end = Clock::now();
    phases.set += Nanoseconds(was_set - start);
    phases.compute += Nanoseconds(computed - was_set);
    phases.get += Nanoseconds(end - computed);
  }

  const Task task_;
  const std::vector<uint8_t> data_;
  std::vector<uint8_t> output_;
};

class EchoLoop final : public NativeLoop {
 public:
  explicit EchoLoop(const Task& task) : NativeLoop(task), tensor_(data().size()) {
    output().resize(data().size());
  }

 private:
  void Set() override { std::memcpy(tensor_.data(), data().data(), tensor_.size()); }
  void Compute() override {}
  void Get() override { std::memcpy(output().data(), tensor_.data(), tensor_.size()); }

  std::vector<uint8_t> tensor_;
};

class OnnxLoop final : public NativeLoop {
 public:
  OnnxLoop(const Task& task, Idle idle) : NativeLoop(task) {
    // The process has one environment: wasinn's, if that was created first.
    Check(Api().CreateEnv(ORT_LOGGING_LEVEL_ERROR, "bench", &env_));
    MakeSession(idle);
    Check(Api().CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &memory_));
    for (const std::string& name : task.inputs) {
      input_names_.push_back(name.c_str());
      buffers_.emplace_back(data().size());
      values_.push_back(Wrap(buffers_.back()));
    }
    FindOutputs();
    Compute();
    OrtTensorTypeAndShapeInfo* info = nullptr;
    size_t count = 0;
    Check(Api().GetTensorTypeAndShape(outputs_[0], &info));
    Check(Api().GetTensorShapeElementCount(info, &count));
    Api().ReleaseTensorTypeAndShapeInfo(info);
    output().resize(count * 4);
    Get();
  }

  ~OnnxLoop() override {
    for (OrtValue* value : values_) Api().ReleaseValue(value);
    for (char* name : output_names_) Check(Api().AllocatorFree(allocator_, name));
    Api().ReleaseMemoryInfo(memory_);
    Api().ReleaseSession(session_);
    Api().ReleaseEnv(env_);
  }

 private:
  void MakeSession(Idle idle) {
    OrtSessionOptions* options = nullptr;
    Check(Api().CreateSessionOptions(&options));
    Check(Api().SetIntraOpNumThreads(options, static_cast<int>(task().threads)));
    Check(Api().SetInterOpNumThreads(options, 1));
    Check(Api().AddSessionConfigEntry(options, kOrtSessionOptionsConfigAllowIntraOpSpinning,
                                      idle == Idle::kSpin ? "1" : "0"));
    Check(Api().CreateSession(env_, task().path.c_str(), options, &session_));
    Api().ReleaseSessionOptions(options);
  }

  OrtValue* Wrap(std::vector<uint8_t>& buffer) {
    OrtValue* value = nullptr;
    const auto type = task().type == "i32"  ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32
                      : task().type == "u8" ? ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8
                                            : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
    Check(Api().CreateTensorWithDataAsOrtValue(memory_, buffer.data(), buffer.size(),
                                               task().dims.data(), task().dims.size(), type,
                                               &value));
    return value;
  }

  void FindOutputs() {
    size_t count = 0;
    Check(Api().SessionGetOutputCount(session_, &count));
    Check(Api().GetAllocatorWithDefaultOptions(&allocator_));
    output_names_.resize(count);
    outputs_.resize(count);
    for (size_t i = 0; i < count; ++i) {
      Check(Api().SessionGetOutputName(session_, i, allocator_, &output_names_[i]));
    }
  }

  void Set() override {
    for (std::vector<uint8_t>& buffer : buffers_) {
      std::memcpy(buffer.data(), data().data(), buffer.size());
    }
  }

  void Compute() override {
    Check(Api().Run(session_, nullptr, input_names_.data(), values_.data(), values_.size(),
                    output_names_.data(), output_names_.size(), outputs_.data()));
  }

  void Get() override {
    void* bytes = nullptr;
    Check(Api().GetTensorMutableData(outputs_[0], &bytes));
    std::memcpy(output().data(), bytes, output().size());
    for (OrtValue*& value : outputs_) Api().ReleaseValue(std::exchange(value, nullptr));
  }

  OrtEnv* env_ = nullptr;
  OrtSession* session_ = nullptr;
  OrtMemoryInfo* memory_ = nullptr;
  OrtAllocator* allocator_ = nullptr;
  std::vector<const char*> input_names_;
  std::vector<std::vector<uint8_t>> buffers_;
  std::vector<OrtValue*> values_;
  std::vector<char*> output_names_;
  std::vector<OrtValue*> outputs_;
};

}  // namespace

std::unique_ptr<Loop> MakeNativeLoop(const Task& task, Idle idle, size_t* output_bytes) {
  std::unique_ptr<NativeLoop> loop;
  if (task.path.empty()) {
    loop = std::make_unique<EchoLoop>(task);
  } else {
    loop = std::make_unique<OnnxLoop>(task, idle);
  }
  *output_bytes = loop->output_bytes();
  return loop;
}

}  // namespace wasinn::bench
