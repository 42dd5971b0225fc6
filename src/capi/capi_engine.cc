// wasinn.h: versions, names, engine, models.
#include <wasinn/wasinn.h>

#include <memory>

#include "capi/config.h"
#include "capi/engine.h"
#include "capi/guard.h"
#include "version.h"

using namespace wasinn;  // NOLINT: the entry points are C functions outside the namespace

const char* wasinn_version(void) { return kVersion; }

const char* wasinn_code_name(wasinn_code code) {
  return CodeName(static_cast<Code>(code)).data();  // literals, so NUL-terminated
}

const char* wasinn_dtype_name(wasinn_dtype dtype) {
  const auto known = DTypeFromNumber(dtype);
  return known ? DTypeName(*known).data() : "";
}

wasinn_dtype wasinn_dtype_from_name(wasinn_str name) {
  return ToC(DTypeFromName(View(name)).value_or(DType::kNone));
}

size_t wasinn_dtype_size(wasinn_dtype dtype) {
  const auto known = DTypeFromNumber(dtype);
  return known ? DTypeSize(*known) : 0;
}

void wasinn_text_free(char* text) { delete[] text; }

wasinn_code wasinn_engine_create(const wasinn_engine_options* options, wasinn_engine** out,
                                 wasinn_error* error) {
  return Guard(error, [&]() -> Result<> {
    const wasinn_engine_options defaults = WASINN_ENGINE_OPTIONS_INIT;
    WASINN_TRY(engine, Engine::Create(CopyVersioned(options, defaults)));
    *out = reinterpret_cast<wasinn_engine*>(engine.release());
    return {};
  });
}

void wasinn_engine_free(wasinn_engine* engine) { delete reinterpret_cast<Engine*>(engine); }

wasinn_code wasinn_engine_add_backend(wasinn_engine* engine, const wasinn_backend* backend,
                                      wasinn_error* error) {
  return Guard(error, [&] { return FromC(engine).backends().Add(backend); });
}

wasinn_code wasinn_engine_load_backend(wasinn_engine* engine, const char* path,
                                       wasinn_error* error) {
  return Guard(error, [&] { return FromC(engine).backends().Load(path); });
}

wasinn_code wasinn_engine_add_adapter(wasinn_engine* engine, const wasinn_adapter* adapter,
                                      wasinn_error* error) {
  return Guard(error, [&] { return FromC(engine).AddAdapter(adapter); });
}

wasinn_code wasinn_engine_add_model(wasinn_engine* engine, wasinn_str spec, wasinn_error* error) {
  return Guard(error, [&]() -> Result<> {
    WASINN_TRY(config, ParseModelSpec(View(spec)));
    return FromC(engine).models().Add(std::move(config));
  });
}

wasinn_code wasinn_engine_add_model_config(wasinn_engine* engine, const wasinn_model_config* config,
                                           wasinn_error* error) {
  return Guard(error, [&]() -> Result<> {
    const wasinn_model_config defaults = WASINN_MODEL_CONFIG_INIT;
    const wasinn_model_config given = CopyVersioned(config, defaults);
    ModelConfig model;
    model.name = View(given.name);
    if (given.path != nullptr) {
      model.path = given.path;
    } else {
      if (given.content.data == nullptr || given.content.size == 0) {
        return Fail(Code::kInvalidArgument, "model '{}': expected a path or content, given none",
                    model.name);
      }
      WASINN_TRY(buffer, FromC(engine).buffers().Allocate(given.content.size));
      std::memcpy(buffer.data(), given.content.data, given.content.size);
      model.content = std::move(buffer);
    }
    if (given.backend != nullptr) model.backend = given.backend;
    if (given.encoding != nullptr) {
      WASINN_CHECK(SetModelProperty(model, "encoding", given.encoding));
    }
    if (given.target < WASINN_TARGET_CPU || given.target > WASINN_TARGET_AUTO) {
      return Fail(Code::kInvalidArgument, "model '{}': target: expected 0 to 3, given {}",
                  model.name, static_cast<int>(given.target));
    }
    model.target = static_cast<Target>(given.target);
    for (const wasinn_option& option : std::span(given.options, given.option_count)) {
      model.options[std::string(View(option.name))] = View(option.value);
    }
    model.load_at_start = given.load_now != 0;
    model.may_be_missing = (given.flags & WASINN_MODEL_MAY_BE_MISSING) != 0;
    return FromC(engine).models().Add(std::move(model));
  });
}

wasinn_code wasinn_engine_add_model_dir(wasinn_engine* engine, const char* dir,
                                        const char* encoding, wasinn_error* error) {
  return Guard(error, [&]() -> Result<> {
    ModelConfig config;
    if (encoding != nullptr) WASINN_CHECK(SetModelProperty(config, "encoding", encoding));
    return FromC(engine).models().AddDir(dir, config.encoding);
  });
}

wasinn_code wasinn_engine_load_config(wasinn_engine* engine, const char* path,
                                      wasinn_policy* policy, wasinn_error* error) {
  return Guard(error,
               [&] { return LoadConfig(FromC(engine), path, reinterpret_cast<Policy*>(policy)); });
}

void wasinn_engine_trim(wasinn_engine* engine) {
  Guard(nullptr, [&]() -> Result<> {
    FromC(engine).models().Trim(0);
    FromC(engine).buffers().Trim({});
    return {};
  });
}
