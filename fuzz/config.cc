// wasinn.toml, --model and policy rules. The first byte selects one of them; the rest is the text.
#include "capi/config.h"

#include "input.h"
#include "model/store.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wasinn;
  using namespace wasinn::fuzz;
  Input input(data, size);
  const uint8_t what = input.Byte();
  const std::string_view text = Text(input.Rest());
  if (what == 'm') {
    const auto config = ParseModelSpec(text);
    Require(config ? !config->name.empty() && !config->path.empty()
                   : !config.error().message.empty());
    return 0;
  }
  if (what == 'p') {
    const size_t equals = std::min(text.find('='), text.size());
    Policy policy;
    const std::string_view rule = text.substr(0, equals);
    const auto set = policy.Set(rule, text.substr(std::min(equals + 1, text.size())));
    if (set) Require(policy.Get(rule).has_value());
    return 0;
  }
  const auto config = ParseConfig(text, "wasinn.toml", "folder");
  if (!config) {
    Require(config.error().message.starts_with("wasinn.toml"));
    return 0;
  }
  for (const ModelConfig& model : config->models) Require(!model.path.empty());
  return 0;
}
