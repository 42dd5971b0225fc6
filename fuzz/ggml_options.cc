// Options of guests of language models: read or refused, and what was read stays in its bounds.
#include "ggml/options.h"

#include <wasinn/backend.hpp>

#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using wasinn::fuzz::Require;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  wasinn::ggml::Settings settings;
  try {
    wasinn::ggml::ApplyJson(text, [](const std::string&) {}, settings);
    for (const wasinn::ggml::TokenBias& bias : wasinn::ggml::LogitBias(settings, 100)) {
      Require(bias.token >= 0 && bias.token < 100);
    }
  } catch (const wasinn::backend::Failure& failure) {
    Require(failure.message().starts_with("ggml: "));
  }
  Require(settings.temp >= 0 && settings.temp <= 100);
  Require(settings.batch_size >= 1 && settings.ctx_size >= 0);
  Require(settings.kv_cells == 0);
  return 0;
}
