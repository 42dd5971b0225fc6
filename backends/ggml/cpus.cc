#include "ggml/cpus.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <ranges>

namespace wasinn::ggml {
namespace {

struct Cpu {
  std::string_view name;
  std::string_view features;
};
constexpr Cpu kCpus[] = {
#define WASINN_CPU(name, features) {#name, features},
#include "ggml/cpus.def"
#undef WASINN_CPU
};

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// Whether the system saves the AMX tiles when it switches between threads, and lets this process
// use them.
bool MayUseTiles() {
  constexpr uint32_t kTileState = 3u << 17;
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;
  uint32_t a = 0;
  uint32_t b = 0;
  uint32_t c = 0;
  uint32_t d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_OSXSAVE) == 0) return false;
  asm volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
  return (a & kTileState) == kTileState &&
         syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

}  // namespace

bool ProcessorHas(std::string_view feature) {
  __builtin_cpu_init();
  if (feature == "SSE42") return __builtin_cpu_supports("sse4.2");
  if (feature == "AVX") return __builtin_cpu_supports("avx");
  if (feature == "F16C") return __builtin_cpu_supports("f16c");
  if (feature == "FMA") return __builtin_cpu_supports("fma");
  if (feature == "AVX2") return __builtin_cpu_supports("avx2");
  if (feature == "BMI2") return __builtin_cpu_supports("bmi2");
  if (feature == "AVX512") {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw");
  }
  if (feature == "AVX512_VBMI") return __builtin_cpu_supports("avx512vbmi");
  if (feature == "AVX512_VNNI") return __builtin_cpu_supports("avx512vnni");
  if (feature == "AVX512_BF16") return __builtin_cpu_supports("avx512bf16");
  if (feature == "AMX_TILE") return __builtin_cpu_supports("amx-tile") && MayUseTiles();
  if (feature == "AMX_INT8") return __builtin_cpu_supports("amx-int8");
  if (feature == "AMX_BF16") return __builtin_cpu_supports("amx-bf16");
  return false;
}

std::expected<std::vector<std::string>, std::string> ChooseCpus(
    std::string_view built, std::string_view forced,
    const std::function<bool(std::string_view)>& has) {
  const std::vector<std::string_view> names = Words(built);
  if (!forced.empty()) {
    if (std::ranges::find(names, forced) != names.end()) return std::vector{std::string(forced)};
    return std::unexpected("WASINN_GGML_CPU: expected one of " + std::string(built) + ", given " +
                           std::string(forced));
  }
  std::vector<std::string> chosen;
  for (const std::string_view name : names) {
    if (std::ranges::find(kCpus, name, &Cpu::name) == std::end(kCpus)) chosen.emplace_back(name);
  }
  for (const Cpu& cpu : std::views::reverse(kCpus)) {
    if (std::ranges::find(names, cpu.name) == names.end()) continue;
    if (std::ranges::all_of(Words(cpu.features), has)) chosen.emplace_back(cpu.name);
  }
  if (!chosen.empty()) return chosen;
  return std::unexpected("expected a processor that can run one of " + std::string(built) +
                         ", given one that cannot");
}

}  // namespace wasinn::ggml
