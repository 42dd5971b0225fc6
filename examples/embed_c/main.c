/* Embeds wasinn in a C program: runs a model, first without a guest and then from a WebAssembly
 * guest, which sees it under the name that the program gave it.
 *
 *   embed_c                          with a model of the built-in echo backend
 *   embed_c MODEL.onnx BACKEND_DIR   with an ONNX model that adds two lists of four f32 */
#include <stdio.h>
#include <string.h>
#include <wasinn/adapter.h>
#include <wasinn/wasinn.h>

static wasinn_str str(const char* text) { return (wasinn_str){text, strlen(text)}; }

/* Reports a failed call; true when it failed. */
static int failed(const char* what, wasinn_code code, const wasinn_error* error) {
  if (code == WASINN_OK) return 0;
  fprintf(stderr, "%s: %s (%s)\n", what, error->message, wasinn_code_name(code));
  return 1;
}

/* The echo backend reads its ports from a text. */
static const char kEchoModel[] =
    "wasinn-echo\n"
    "input a f32 4\n"
    "input b f32 4\n"
    "output first f32 4\n";

static int add_model(wasinn_engine* engine, const char* path) {
  wasinn_model_config config = WASINN_MODEL_CONFIG_INIT;
  config.name = str("sum");
  if (path != NULL) {
    config.path = path;
  } else {
    config.content = (wasinn_bytes){kEchoModel, sizeof kEchoModel - 1};
    config.backend = "echo";
  }
  wasinn_error error;
  return failed("model", wasinn_engine_add_model_config(engine, &config, &error), &error);
}

static int compute(wasinn_session* session) {
  wasinn_error error;
  uint32_t graph = 0;
  uint32_t context = 0;
  if (failed("load", wasinn_session_load_by_name(session, str("sum"), &graph, &error), &error)) {
    return 1;
  }
  if (failed("context", wasinn_session_init_context(session, graph, NULL, 0, &context, &error),
             &error)) {
    return 1;
  }
  const int64_t dims[] = {4};
  const float inputs[2][4] = {{1, 2, 3, 4}, {10, 20, 30, 40}};
  const char* const names[] = {"a", "b"};
  for (int i = 0; i < 2; ++i) {
    const wasinn_tensor_view tensor = {WASINN_DTYPE_F32, 1, dims, inputs[i], sizeof inputs[i]};
    if (failed("input", wasinn_session_set_input(session, context, str(names[i]), &tensor, &error),
               &error)) {
      return 1;
    }
  }
  if (failed("compute", wasinn_session_compute(session, context, &error), &error)) return 1;
  wasinn_str name;
  wasinn_tensor_view output;
  if (failed("output", wasinn_session_output(session, context, 0, &name, &output, &error),
             &error)) {
    return 1;
  }
  printf("%.*s =", (int)name.size, name.data);
  for (size_t i = 0; i < output.size / sizeof(float); ++i) {
    float value;
    memcpy(&value, (const char*)output.data + i * sizeof value, sizeof value);
    printf(" %g", (double)value);
  }
  printf("\n");
  /* Graph and context end with the session. */
  return 0;
}

#ifdef HAVE_WASMTIME
/* Loads the model by its name and ends with the error number that it got, 0 for none. */
static const char kGuest[] =
    "(module"
    "  (import \"wasi_ephemeral_nn\" \"load_by_name\""
    "    (func $load (param i32 i32 i32) (result i32)))"
    "  (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))"
    "  (memory (export \"memory\") 1)"
    "  (data (i32.const 0) \"sum\")"
    "  (func (export \"_start\")"
    "    (call $exit (call $load (i32.const 0) (i32.const 3) (i32.const 16)))))";

static int run_guest(wasinn_engine* engine) {
  wasinn_error error;
  if (failed("adapter", wasinn_engine_add_adapter(engine, wasinn_adapter_wasmtime(), &error),
             &error)) {
    return 1;
  }
  wasinn_program* program = NULL;
  const wasinn_bytes wasm = {kGuest, sizeof kGuest - 1};
  if (failed("guest", wasinn_program_load(engine, NULL, wasm, &program, &error), &error)) return 1;
  int status = 1;
  wasinn_session* session = NULL;
  if (!failed("session", wasinn_session_create(engine, NULL, &session, &error), &error)) {
    const char* const args[] = {"guest"};
    wasinn_run_options options = WASINN_RUN_OPTIONS_INIT;
    options.args = args;
    options.arg_count = 1;
    wasinn_run_result result = WASINN_RUN_RESULT_INIT;
    if (!failed("run", wasinn_program_run(program, session, &options, &result, &error), &error)) {
      printf("the guest ended with %d\n", result.exit_code);
      status = result.exit_code;
    }
  }
  wasinn_session_free(session);
  wasinn_program_free(program);
  return status;
}
#endif

int main(int argc, char** argv) {
  wasinn_error error;
  wasinn_engine_options options = WASINN_ENGINE_OPTIONS_INIT;
  if (argc > 2) options.backend_path = argv[2];
  wasinn_engine* engine = NULL;
  if (failed("engine", wasinn_engine_create(&options, &engine, &error), &error)) return 1;
  int status = 1;
  if (!add_model(engine, argc > 1 ? argv[1] : NULL)) {
    wasinn_session* session = NULL;
    if (!failed("session", wasinn_session_create(engine, NULL, &session, &error), &error)) {
      status = compute(session);
    }
    wasinn_session_free(session);
  }
#ifdef HAVE_WASMTIME
  if (status == 0) status = run_guest(engine);
#endif
  wasinn_engine_free(engine);
  return status;
}
