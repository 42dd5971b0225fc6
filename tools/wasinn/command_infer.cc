#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "cancel_on_signal.h"
#include "commands.h"
#include "engine_flags.h"
#include "files.h"
#include "generation_flags.h"
#include "help.h"
#include "input_spec.h"
#include "model_argument.h"
#include "npy.h"
#include "output.h"
#include "ports.h"
#include "progress.h"
#include "stream.h"
#include "table.h"

namespace wasinn::cli {
namespace {

constexpr std::uint32_t kMaxRepeat = 1'000'000;

struct InferFlags {
  EngineFlags engine;
  PolicyFlags policy;
  std::string model;
  std::vector<std::string> inputs;
  GenerationFlags generation;
  std::uint32_t repeat = 1;
  std::uint32_t warmup = 0;
  std::string output;
  bool json = false;
};

// The times of several computes, in milliseconds.
class ComputeTimes {
 public:
  void Add(double milliseconds) {
    times_.insert(std::ranges::upper_bound(times_, milliseconds), milliseconds);
  }
  std::size_t count() const { return times_.size(); }
  double minimum() const { return times_.front(); }
  double maximum() const { return times_.back(); }
  double median() const {
    const std::size_t half = times_.size() / 2;
    return times_.size() % 2 == 1 ? times_[half] : (times_[half - 1] + times_[half]) / 2;
  }

 private:
  std::vector<double> times_;  // sorted
};

std::expected<void, Failure> EndOf(const Result<void>& done, int signal) {
  if (done) return {};
  switch (done.error().code) {
    case WASINN_TIMEOUT:
      return Fail(done.error(), kTimeout);
    case WASINN_CANCELLED:
      return Fail(done.error(), signal == SIGTERM ? kTerminated : kInterrupted);
    default:
      return Fail(done.error());
  }
}

std::expected<void, Failure> Compute(Session& session, Context& context) {
  int signal = 0;
  const auto done = [&] {
    const Progress progress("computing");
    const CancelOnSignal cancel({&session});
    auto result = context.Compute();
    signal = cancel.received();
    return result;
  }();
  return EndOf(done, signal);
}

// Streams a text output.
std::expected<void, Failure> ComputeAndShow(Context& context, std::uint32_t index) {
  const bool raw = !IsTerminal(stdout);
  TerminalText visible;
  bool line_open = false;
  const StreamEnd end = Stream(context, index, [&](std::string_view piece) {
    Print("{}", raw ? std::string(piece) : visible.Add(piece));
    line_open = !piece.ends_with('\n');
  });
  if (!raw) Print("{}", visible.Finish());
  if (line_open) Print("\n");
  if (end.error) return EndOf(std::unexpected(*end.error), end.signal);
  if (end.signal == 0) return {};
  return Fail(end.signal == SIGTERM ? kTerminated : kInterrupted, "the run was cancelled");
}

// A file name for an output: without folders, not hidden, unique for each output.
std::string FileName(std::string_view name, std::uint32_t index, std::set<std::string>& taken) {
  std::string file(name);
  for (char& c : file) {
    if (c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '_';
  }
  if (file.empty() || file.front() == '.' || file.size() > 200) file = fmt::format("{}", index);
  if (!taken.insert(file).second) {
    file = fmt::format("{}.{}", file, index);
    taken.insert(file);
  }
  return file + ".npy";
}

std::expected<void, Failure> SaveOutput(const std::filesystem::path& path,
                                        const TensorView& tensor) {
  const auto bytes = WriteNpy(tensor);
  if (!bytes) return Fail(kSetup, fmt::format("{}: {}", path.string(), bytes.error()));
  if (auto written = WriteFile(path.string(), *bytes); !written) {
    return Fail(kSetup, written.error().message);
  }
  return {};
}

std::expected<void, Failure> SetInputs(const InferFlags& flags, const std::vector<Port>& ports,
                                       Context& context) {
  for (const auto& text : flags.inputs) {
    const auto input = ReadInput(ParseInputSpec(text), ports);
    if (!input) return Fail(kSetup, input.error());
    if (auto set = context.SetInput(input->name, input->tensor.view()); !set) {
      return Fail(set.error());
    }
  }
  return {};
}

std::string_view TextOf(const TensorView& tensor) {
  return {reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size()};
}

// Prints text that was not streamed.
void ShowText(std::string_view name, std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  Print("\n{}\n{}", Printable(name),
        json.is_object() ? FactsOf(json) : fmt::format("{}\n", Printable(text, true)));
}

// Saves or prints the outputs. `shown` is the output that was printed already.
std::expected<void, Failure> ShowOutputs(const InferFlags& flags, const Context& context,
                                         const std::vector<Port>& ports,
                                         std::optional<std::uint32_t> shown,
                                         const ComputeTimes& times) {
  if (!flags.output.empty()) {
    std::error_code error;
    std::filesystem::create_directories(flags.output, error);
    if (error) {
      return Fail(kSetup, fmt::format("--output: {}: {}", flags.output, error.message()));
    }
  }
  Table table({"OUTPUT", "TYPE", "DIMS", "VALUES"});
  Json list = Json::array();
  std::set<std::string> taken;
  for (std::uint32_t i = 0; i < ports.size(); ++i) {
    const auto output = context.GetOutput(i);
    if (!output && !ports[i].optional) return Fail(output.error());
    if (!output) {
      // The run gave no tensor for this output; the others are valid.
      list.push_back({{"name", ports[i].name}, {"error", output.error().message}});
      table.AddRow({ports[i].name, "none", "", output.error().message});
      continue;
    }
    const auto& [name, tensor] = *output;
    Json entry = {{"name", name}, {"dtype", wasinn_dtype_name(tensor.dtype)}};
    // The dims of text are ignored.
    if (!ports[i].text) {
      entry["dims"] = std::vector<std::int64_t>(tensor.dims.begin(), tensor.dims.end());
    }
    if (!flags.output.empty()) {
      const auto path = std::filesystem::path(flags.output) / FileName(name, i, taken);
      if (auto saved = SaveOutput(path, tensor); !saved) return saved;
      entry["file"] = path.string();
    }
    if (flags.json) {
      if (ports[i].text) {
        entry["text"] = TextOf(tensor);
      } else {
        entry["data"] = JsonOfData(tensor, tensor.data.size());
      }
      list.push_back(std::move(entry));
    } else if (ports[i].text) {
      if (shown != i) ShowText(name, TextOf(tensor));
    } else if (!shown || !tensor.data.empty()) {
      // Next to a text output, an output without elements means that this run does not have it.
      table.AddRow({std::string(name), DtypeText(tensor.dtype), DimsText(tensor.dims),
                    FirstValues(tensor, 6)});
    }
  }
  if (flags.json) {
    Json json = {{"outputs", std::move(list)}, {"compute_ms", times.median()}};
    if (times.count() > 1) {
      json["repeat"] = {{"count", times.count()},
                        {"minimum_ms", times.minimum()},
                        {"median_ms", times.median()},
                        {"maximum_ms", times.maximum()}};
    }
    Print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
  } else if (!table.empty()) {
    Print("{}{}", shown ? "\n" : "", table.Render(Style::For(stdout)));
  }
  if (!flags.json && times.count() > 1) {
    Print("\n{} computes: minimum {}, median {}, maximum {}\n", times.count(),
          HumanTime(times.minimum()), HumanTime(times.median()), HumanTime(times.maximum()));
  }
  return {};
}

// The output to stream: the first one that is text.
std::optional<std::uint32_t> StreamedOutput(const InferFlags& flags,
                                            const std::vector<Port>& outputs) {
  const auto port = std::ranges::find_if(outputs, &Port::text);
  if (flags.json || port == outputs.end()) return std::nullopt;
  return static_cast<std::uint32_t>(port - outputs.begin());
}

// Computes as often as the flags require and returns the measured times. The text of output
// `streamed` is shown; with a single compute it is streamed.
std::expected<ComputeTimes, Failure> ComputeAll(const InferFlags& flags, Session& session,
                                                Context& context,
                                                std::optional<std::uint32_t> streamed) {
  ComputeTimes times;
  const bool once = flags.repeat + flags.warmup == 1;
  for (std::uint32_t i = 0; i < flags.warmup + flags.repeat; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const auto done =
        once && streamed ? ComputeAndShow(context, *streamed) : Compute(session, context);
    if (!done) return std::unexpected(done.error());
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    if (i >= flags.warmup) times.Add(time.count());
  }
  if (streamed && !once) {
    const auto output = context.GetOutput(*streamed);
    if (!output) return Fail(output.error());
    const auto text = TextOf(output->tensor);
    Print("{}\n", IsTerminal(stdout) ? Printable(text, true) : std::string(text));
  }
  return times;
}

Outcome Infer(const InferFlags& flags) {
  const auto options = ContextOptions(flags.generation);
  if (!options) return std::unexpected(options.error());
  auto host = OpenHost({.engine = flags.engine, .policy = &flags.policy});
  if (!host) return std::unexpected(host.error());
  auto model = LoadModelArgument(*host, flags.model, LoadOptions(flags.generation));
  if (!model) return std::unexpected(model.error());
  if (auto granted = GrantImage(model->session, flags.generation); !granted) {
    return std::unexpected(granted.error());
  }
  const auto outputs = PortsOf(model->description, "outputs");
  auto context = model->graph.NewContext(*options);
  if (!context) return Fail(context.error());
  if (auto set = SetInputs(flags, PortsOf(model->description, "inputs"), *context); !set) {
    return std::unexpected(set.error());
  }

  const auto streamed = StreamedOutput(flags, outputs);
  const auto times = ComputeAll(flags, model->session, *context, streamed);
  if (!times) return std::unexpected(times.error());
  if (auto shown = ShowOutputs(flags, *context, outputs, streamed, *times); !shown) {
    return std::unexpected(shown.error());
  }
  return kOk;
}

}  // namespace

Command AddInferCommand(CLI::App& app) {
  auto* infer = app.add_subcommand("infer", "Run a model without a guest");
  auto flags = std::make_shared<InferFlags>();
  // This command itself reports the errors that the core would log as warnings.
  flags->engine.log_level = "error";
  infer->add_option("MODEL", flags->model, "A model's name or file; - for stdin")->required();
  infer
      ->add_option(
          "-i,--input", flags->inputs,
          "Set an input. VALUE is text for text and u8\ninputs, otherwise numbers as JSON; @FILE "
          "reads\nit from a file, also a .npy or .json file; @@\nbegins a text that begins with @")
      ->type_name("NAME[:TYPE]=VALUE")
      ->allow_extra_args(false);
  infer->add_option("-o,--output", flags->output, "Write each output to DIR/<name>.npy")
      ->type_name("DIR");
  infer->add_option("--repeat", flags->repeat, "Compute N times and print the times")
      ->type_name("N")
      ->check(Between(1, kMaxRepeat));
  infer->add_option("--warmup", flags->warmup, "Compute N times before measuring")
      ->type_name("N")
      ->check(Between(0, kMaxRepeat));
  AddGenerationFlags(*infer, flags->generation);
  infer->add_flag("--json", flags->json, "Print the outputs with all their data as JSON");
  AddEngineFlags(*infer, flags->engine);
  AddPolicyFlags(*infer, flags->policy);
  return [flags] { return Infer(*flags); };
}

}  // namespace wasinn::cli
