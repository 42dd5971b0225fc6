/* The embedding API from C. Each check that fails prints its line; the exit code is their number.
 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wasinn/wasinn.h>

static int failures;
static wasinn_error error;

#define CHECK(condition)                                                              \
  do {                                                                                \
    if (!(condition)) {                                                               \
      ++failures;                                                                     \
      fprintf(stderr, "line %d: expected %s; last error: %s\n", __LINE__, #condition, \
              error.message);                                                         \
    }                                                                                 \
  } while (0)

static wasinn_str str(const char* text) {
  const wasinn_str result = {text, strlen(text)};
  return result;
}

static int contains(const char* text, const char* part) { return strstr(text, part) != NULL; }

static int error_is(wasinn_code code, const char* part) {
  return error.code == code && contains(error.message, part);
}

static void write_file(const char* path, const char* text) {
  FILE* file = fopen(path, "wb");
  CHECK(file != NULL);
  if (file == NULL) return;
  CHECK(fwrite(text, 1, strlen(text), file) == strlen(text));
  CHECK(fclose(file) == 0);
}

static void test_names(void) {
  CHECK(contains(wasinn_version(), "."));
  CHECK(strcmp(wasinn_code_name(WASINN_INVALID_ARGUMENT), "invalid_argument") == 0);
  CHECK(strcmp(wasinn_code_name((wasinn_code)12345), "unknown code") == 0);
  CHECK(strcmp(wasinn_dtype_name(WASINN_DTYPE_BF16), "bf16") == 0);
  CHECK(strcmp(wasinn_dtype_name((wasinn_dtype)99), "") == 0);
  CHECK(wasinn_dtype_from_name(str("i64")) == WASINN_DTYPE_I64);
  CHECK(wasinn_dtype_from_name(str("int64")) == WASINN_DTYPE_NONE);
  CHECK(wasinn_dtype_size(WASINN_DTYPE_F64) == 8);
  CHECK(wasinn_dtype_size(WASINN_DTYPE_STRING) == 0);
  wasinn_text_free(NULL);
}

typedef struct log_lines {
  pthread_mutex_t mutex;
  int count;
} log_lines;

static void count_line(void* self, wasinn_log_level level, wasinn_str message) {
  log_lines* lines = self;
  (void)level;
  (void)message;
  pthread_mutex_lock(&lines->mutex);
  ++lines->count;
  pthread_mutex_unlock(&lines->mutex);
}

static void test_policy(void) {
  wasinn_policy* policy = NULL;
  uint64_t number = 0;
  CHECK(wasinn_policy_create(&policy, &error) == WASINN_OK);
  CHECK(wasinn_policy_set(policy, str("max_tensor_bytes"), str("2KiB"), &error) == WASINN_OK);
  CHECK(wasinn_policy_get(policy, str("max_tensor_bytes"), &number, &error) == WASINN_OK);
  CHECK(number == 2048);
  CHECK(wasinn_policy_set(policy, str("max_tensor_byte"), str("1"), &error) == WASINN_NOT_FOUND);
  CHECK(error_is(WASINN_NOT_FOUND, "did you mean max_tensor_bytes"));
  CHECK(wasinn_policy_set(policy, str("max_graphs"), str("many"), &error) ==
        WASINN_INVALID_ARGUMENT);
  CHECK(wasinn_policy_get(policy, str("nothing"), &number, NULL) == WASINN_NOT_FOUND);
  char* rules = wasinn_policy_rules_json();
  CHECK(rules != NULL && contains(rules, "\"compute_timeout\""));
  wasinn_text_free(rules);
  wasinn_policy_free(policy);
  wasinn_policy_free(NULL);
}

static void test_models(wasinn_engine* engine, const char* dir) {
  char path[4096];
  char spec[4200];
  snprintf(path, sizeof path, "%s/capi_pair.echo", dir);
  write_file(path, "wasinn-echo\ninput x f32 -1,2\noutput y f32 -1,2\n");
  snprintf(spec, sizeof spec, "pair=%s,load=start", path);
  CHECK(wasinn_engine_add_model(engine, str(spec), &error) == WASINN_OK);
  CHECK(wasinn_engine_add_model(engine, str(spec), &error) == WASINN_INVALID_ARGUMENT);
  CHECK(error_is(WASINN_INVALID_ARGUMENT, "expected a new one, given 'pair' again"));
  CHECK(wasinn_engine_add_model(engine, str("x=no such file"), &error) == WASINN_NOT_FOUND);
  CHECK(wasinn_engine_add_model(engine, str("nonsense"), NULL) == WASINN_INVALID_ARGUMENT);

  static const char kSlow[] = "wasinn-echo\noption delay_ms 60000\n";
  const wasinn_option option = {{"async", 5}, {"true", 4}};
  wasinn_model_config config = WASINN_MODEL_CONFIG_INIT;
  config.name = str("slow");
  config.content.data = kSlow;
  config.content.size = sizeof kSlow - 1;
  config.backend = "echo";
  config.options = &option;
  config.option_count = 1;
  config.load_now = 1;
  CHECK(wasinn_engine_add_model_config(engine, &config, &error) == WASINN_OK);
  config.name = str("none");
  config.content.size = 0;
  CHECK(wasinn_engine_add_model_config(engine, &config, &error) == WASINN_INVALID_ARGUMENT);
  CHECK(error_is(WASINN_INVALID_ARGUMENT, "expected a path or content, given none"));
  config.path = path;
  config.target = (wasinn_target)9;
  CHECK(wasinn_engine_add_model_config(engine, &config, &error) == WASINN_INVALID_ARGUMENT);
  config.target = WASINN_TARGET_CPU;
  config.encoding = "coreml";
  CHECK(wasinn_engine_add_model_config(engine, &config, &error) == WASINN_INVALID_ARGUMENT);
  CHECK(error_is(WASINN_INVALID_ARGUMENT, "given 'coreml'"));
  CHECK(wasinn_engine_add_model_dir(engine, "no such folder", NULL, &error) == WASINN_NOT_FOUND);

  char* models = wasinn_engine_models_json(engine, &error);
  CHECK(models != NULL && contains(models, "\"pair\"") && contains(models, "\"slow\""));
  CHECK(models != NULL && !contains(models, "\"none\""));
  wasinn_text_free(models);
  CHECK(wasinn_engine_model_json(engine, "nobody", &error) == NULL);
  CHECK(error.code == WASINN_NOT_FOUND);
}

static void test_session(wasinn_engine* engine) {
  wasinn_session* session = NULL;
  uint32_t graph = 99, context = 99, inputs = 0, outputs = 0;
  CHECK(wasinn_session_create(engine, NULL, &session, &error) == WASINN_OK);
  CHECK(wasinn_session_load_by_name(session, str("nobody"), &graph, &error) == WASINN_NOT_FOUND);
  CHECK(wasinn_session_last_error(session).size == strlen(error.message));
  CHECK(wasinn_session_load_by_name(session, str("pair"), &graph, &error) == WASINN_OK);
  CHECK(graph == 0);
  CHECK(wasinn_session_last_error(session).size == 0);
  CHECK(wasinn_session_ports(session, graph, &inputs, &outputs, &error) == WASINN_OK);
  CHECK(inputs == 1 && outputs == 1);
  CHECK(wasinn_session_ports(session, 7, &inputs, &outputs, &error) == WASINN_INVALID_ARGUMENT);

  const wasinn_option unknown = {{"speed", 5}, {"9", 1}};
  CHECK(wasinn_session_init_context(session, graph, &unknown, 1, &context, &error) ==
        WASINN_INVALID_ARGUMENT);
  CHECK(error_is(WASINN_INVALID_ARGUMENT, "unknown context option 'speed'"));
  CHECK(wasinn_session_init_context(session, graph, NULL, 0, &context, &error) == WASINN_OK);
  CHECK(context == 0);
  CHECK(wasinn_session_compute(session, context, &error) == WASINN_INVALID_ARGUMENT);
  CHECK(error_is(WASINN_INVALID_ARGUMENT, "expected f32 [?,2], given none"));

  float values[4] = {1, 2, 3, 4};
  const int64_t dims[2] = {2, 2};
  wasinn_tensor_view view = {WASINN_DTYPE_F32, 2, dims, values, sizeof values};
  CHECK(wasinn_session_set_input(session, context, str("z"), &view, &error) == WASINN_NOT_FOUND);
  CHECK(error_is(WASINN_NOT_FOUND, "given 'z'"));
  view.size = 15;
  CHECK(wasinn_session_set_input(session, context, str("x"), &view, &error) ==
        WASINN_INVALID_ARGUMENT);
  CHECK(error_is(WASINN_INVALID_ARGUMENT, "expected 16 bytes for f32 [2,2], given 15"));
  view.size = sizeof values;
  view.dtype = WASINN_DTYPE_I32;
  CHECK(wasinn_session_set_input(session, context, str("x"), &view, &error) ==
        WASINN_INVALID_ARGUMENT);
  view.dtype = WASINN_DTYPE_NONE;
  CHECK(wasinn_session_set_input(session, context, str("x"), &view, &error) ==
        WASINN_INVALID_ARGUMENT);
  view.dtype = WASINN_DTYPE_F32;
  view.dims = NULL;
  CHECK(wasinn_session_set_input(session, context, str("x"), &view, &error) ==
        WASINN_INVALID_ARGUMENT);
  CHECK(error_is(WASINN_INVALID_ARGUMENT, "given rank 2 at NULL"));
  view.dims = dims;
  view.data = NULL;
  CHECK(wasinn_session_set_input(session, context, str("x"), &view, &error) ==
        WASINN_INVALID_ARGUMENT);
  view.data = values;
  CHECK(wasinn_session_set_input(session, context, str("0"), &view, &error) == WASINN_OK);
  values[0] = 100; /* the tensor was copied */
  CHECK(wasinn_session_compute(session, context, &error) == WASINN_OK);

  wasinn_str name = {NULL, 0};
  wasinn_tensor_view output;
  memset(&output, 0, sizeof output);
  CHECK(wasinn_session_output(session, context, 0, &name, &output, &error) == WASINN_OK);
  CHECK(name.size == 1 && name.data[0] == 'y');
  CHECK(output.dtype == WASINN_DTYPE_F32 && output.rank == 2 && output.size == sizeof values);
  CHECK(output.dims[0] == 2 && output.dims[1] == 2);
  CHECK(((const float*)output.data)[0] == 1 && ((const float*)output.data)[3] == 4);
  CHECK(wasinn_session_output(session, context, 1, &name, &output, &error) ==
        WASINN_INVALID_ARGUMENT);
  CHECK(wasinn_session_drop_graph(session, graph, &error) == WASINN_OK);
  CHECK(wasinn_session_drop_graph(session, graph, &error) == WASINN_INVALID_ARGUMENT);
  CHECK(wasinn_session_drop_context(session, context, &error) == WASINN_OK);
  CHECK(wasinn_session_compute(session, context, &error) == WASINN_INVALID_ARGUMENT);

  const wasinn_bytes parts[2] = {{"wasinn-echo\n", 12}, {NULL, 0}};
  CHECK(wasinn_session_load(session, parts, 2, NULL, WASINN_TARGET_CPU, &graph, &error) ==
        WASINN_OK);
  CHECK(wasinn_session_load(session, parts, 2, "onnx", WASINN_TARGET_CPU, &graph, &error) ==
        WASINN_INVALID_ENCODING);
  CHECK(wasinn_session_load(session, parts, 2, NULL, (wasinn_target)7, &graph, &error) ==
        WASINN_INVALID_ARGUMENT);
  wasinn_session_free(session);
  wasinn_session_free(NULL);
}

static void test_limits(wasinn_engine* engine) {
  wasinn_policy* policy = NULL;
  wasinn_session* session = NULL;
  uint32_t graph = 0;
  CHECK(wasinn_policy_create(&policy, &error) == WASINN_OK);
  CHECK(wasinn_policy_set(policy, str("models"), str("pair"), &error) == WASINN_OK);
  CHECK(wasinn_policy_set(policy, str("load_bytes"), str("false"), &error) == WASINN_OK);
  CHECK(wasinn_session_create(engine, policy, &session, &error) == WASINN_OK);
  wasinn_policy_free(policy); /* it was copied */
  CHECK(wasinn_session_load_by_name(session, str("slow"), &graph, &error) == WASINN_SECURITY);
  CHECK(error_is(WASINN_SECURITY, "policy rule models"));
  const wasinn_bytes part = {"wasinn-echo\n", 12};
  CHECK(wasinn_session_load(session, &part, 1, NULL, WASINN_TARGET_CPU, &graph, &error) ==
        WASINN_SECURITY);
  CHECK(error_is(WASINN_SECURITY, "policy rule load_bytes"));
  CHECK(wasinn_session_rule(session, "max_graphs") == 1024);
  CHECK(wasinn_session_rule(session, "nothing") == 0);
  wasinn_session_free(session);
}

static void* cancel_soon(void* session) {
  const struct timespec wait = {0, 30 * 1000000};
  nanosleep(&wait, NULL);
  wasinn_session_cancel(session);
  return NULL;
}

static void test_cancel(wasinn_engine* engine) {
  wasinn_session* session = NULL;
  uint32_t graph = 0, context = 0;
  const int64_t dims[1] = {1};
  const wasinn_tensor_view view = {WASINN_DTYPE_U8, 1, dims, "x", 1};
  CHECK(wasinn_session_create(engine, NULL, &session, &error) == WASINN_OK);
  CHECK(wasinn_session_load_by_name(session, str("slow"), &graph, &error) == WASINN_OK);
  CHECK(wasinn_session_init_context(session, graph, NULL, 0, &context, &error) == WASINN_OK);
  CHECK(wasinn_session_set_input(session, context, str("any"), &view, &error) == WASINN_OK);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, cancel_soon, session) == 0);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  CHECK(wasinn_session_compute(session, context, &error) == WASINN_CANCELLED);
  clock_gettime(CLOCK_MONOTONIC, &end);
  CHECK(end.tv_sec - start.tv_sec < 20);
  CHECK(pthread_join(thread, NULL) == 0);
  /* For good. */
  CHECK(wasinn_session_compute(session, context, &error) == WASINN_CANCELLED);
  CHECK(wasinn_session_load_by_name(session, str("pair"), &graph, &error) == WASINN_CANCELLED);
  wasinn_session_free(session);
}

static void test_runs(wasinn_engine* engine) {
  static const char kText[] = "Hello, world";
  wasinn_session* session = NULL;
  uint32_t graph = 0, context = 0, slow = 0;
  const int64_t dims[1] = {sizeof kText - 1};
  const wasinn_tensor_view view = {WASINN_DTYPE_U8, 1, dims, kText, sizeof kText - 1};
  const wasinn_option chunks = {{"chunk_bytes", 11}, {"5", 1}};
  const wasinn_bytes part = {"wasinn-echo\n", 12};
  CHECK(wasinn_session_create(engine, NULL, &session, &error) == WASINN_OK);
  CHECK(wasinn_session_load(session, &part, 1, NULL, WASINN_TARGET_CPU, &graph, &error) ==
        WASINN_OK);
  char* json = wasinn_session_graph_json(session, graph, &error);
  CHECK(json != NULL && contains(json, "\"backend\":\"echo\"") && contains(json, "\"inputs\""));
  CHECK(json != NULL && !contains(json, "\"sha256\""));
  wasinn_text_free(json);
  CHECK(wasinn_session_graph_json(session, 99, &error) == NULL);
  CHECK(error_is(WASINN_INVALID_ARGUMENT, "99"));

  wasinn_run_state state = WASINN_RUN_RUNNING;
  wasinn_bytes piece = {NULL, 0};
  CHECK(wasinn_session_init_context(session, graph, &chunks, 1, &context, &error) == WASINN_OK);
  CHECK(wasinn_session_wait(session, context, -1, &state, &error) == WASINN_INVALID_ARGUMENT);
  CHECK(wasinn_session_set_input(session, context, str("0"), &view, &error) == WASINN_OK);
  for (int round = 0; round < 2; ++round) {
    char text[64] = "";
    size_t size = 0;
    CHECK(wasinn_session_start(session, context, &error) == WASINN_OK);
    do {
      CHECK(wasinn_session_wait(session, context, -1, &state, &error) == WASINN_OK);
      CHECK(state != WASINN_RUN_RUNNING);
      for (;;) {
        CHECK(wasinn_session_read(session, context, 0, 4, &piece, &error) == WASINN_OK);
        CHECK(piece.size <= 4 && size + piece.size < sizeof text);
        if (piece.size == 0 || size + piece.size >= sizeof text) break;
        memcpy(text + size, piece.data, piece.size);
        size += piece.size;
      }
    } while (state != WASINN_RUN_DONE);
    CHECK(size == sizeof kText - 1 && memcmp(text, kText, size) == 0);
  }
  CHECK(wasinn_session_read(session, context, 7, 4, &piece, &error) == WASINN_INVALID_ARGUMENT);
  CHECK(wasinn_session_read(session, context, 0, 0, &piece, &error) == WASINN_INVALID_ARGUMENT);

  /* Ending a run leaves its session and context as they were. */
  CHECK(wasinn_session_load_by_name(session, str("slow"), &graph, &error) == WASINN_OK);
  CHECK(wasinn_session_init_context(session, graph, NULL, 0, &slow, &error) == WASINN_OK);
  CHECK(wasinn_session_set_input(session, slow, str("0"), &view, &error) == WASINN_OK);
  CHECK(wasinn_session_end_run(session, slow, &error) == WASINN_OK);
  for (int round = 0; round < 2; ++round) {
    CHECK(wasinn_session_start(session, slow, &error) == WASINN_OK);
    CHECK(wasinn_session_start(session, slow, &error) == WASINN_BUSY);
    CHECK(wasinn_session_wait(session, slow, 1, &state, &error) == WASINN_OK);
    CHECK(state == WASINN_RUN_RUNNING);
    CHECK(wasinn_session_read(session, slow, 0, 4, &piece, &error) == WASINN_OK);
    CHECK(piece.size == 0);
    CHECK(wasinn_session_end_run(session, slow, &error) == WASINN_OK);
    CHECK(wasinn_session_wait(session, slow, -1, &state, &error) == WASINN_CANCELLED);
  }
  CHECK(wasinn_session_start(session, context, &error) == WASINN_OK);
  CHECK(wasinn_session_wait(session, context, -1, &state, &error) == WASINN_OK);
  wasinn_session_free(session);
}

typedef struct wakes {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int count;
} wakes;

static void count_wake(void* self) {
  wakes* woken = self;
  pthread_mutex_lock(&woken->mutex);
  ++woken->count;
  pthread_cond_signal(&woken->changed);
  pthread_mutex_unlock(&woken->mutex);
}

static void await_wake(wakes* woken, int count) {
  pthread_mutex_lock(&woken->mutex);
  while (woken->count < count) pthread_cond_wait(&woken->changed, &woken->mutex);
  pthread_mutex_unlock(&woken->mutex);
}

static void test_calls(wasinn_engine* engine) {
  static const char kText[] = "Hello, world";
  wasinn_session* session = NULL;
  wakes woken = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
  const wasinn_waker waker = {count_wake, &woken};
  const int64_t dims[1] = {sizeof kText - 1};
  const wasinn_tensor_view view = {WASINN_DTYPE_U8, 1, dims, kText, sizeof kText - 1};
  wasinn_call* loads[2] = {NULL, NULL};
  uint32_t graph = 0, contexts[8];
  wasinn_call* calls[8];
  CHECK(wasinn_session_create(engine, NULL, &session, &error) == WASINN_OK);
  for (int i = 0; i < 2; ++i) {
    CHECK(wasinn_session_start_load_by_name(session, str("slow"), &loads[i], &error) == WASINN_OK);
    CHECK(wasinn_call_take(loads[i], &graph, &error) == WASINN_OK);
    CHECK(wasinn_call_ready(loads[i], &waker) == 1);
    CHECK(wasinn_call_take(loads[i], NULL, &error) == WASINN_INVALID_ARGUMENT);
    wasinn_call_free(loads[i]);
  }
  for (int i = 0; i < 8; ++i) {
    CHECK(wasinn_session_init_context(session, graph, NULL, 0, &contexts[i], &error) == WASINN_OK);
    CHECK(wasinn_session_set_input(session, contexts[i], str("0"), &view, &error) == WASINN_OK);
    CHECK(wasinn_session_start_compute(session, contexts[i], &calls[i], &error) == WASINN_OK);
    CHECK(wasinn_call_ready(calls[i], &waker) == 0);
  }
  /* They would take minutes. */
  for (int i = 0; i < 4; ++i) wasinn_call_cancel(calls[i]);
  await_wake(&woken, 4);
  for (int i = 0; i < 4; ++i) {
    CHECK(wasinn_call_ready(calls[i], NULL) == 1);
    CHECK(wasinn_call_take(calls[i], NULL, &error) == WASINN_CANCELLED);
    wasinn_call_free(calls[i]);
  }
  wasinn_call_free(calls[4]);
  CHECK(wasinn_session_drop_context(session, contexts[5], &error) == WASINN_OK);
  await_wake(&woken, 5);
  CHECK(wasinn_call_take(calls[5], NULL, &error) == WASINN_CANCELLED);
  wasinn_session_cancel(session);
  await_wake(&woken, 7);
  CHECK(wasinn_call_take(calls[6], NULL, &error) == WASINN_CANCELLED);
  for (int i = 5; i < 8; ++i) wasinn_call_free(calls[i]);
  wasinn_call_free(NULL);
  wasinn_session_free(session);
}

static void test_programs(wasinn_engine* engine) {
  wasinn_program* program = NULL;
  const wasinn_bytes wasm = {"\0asm\1\0\0\0", 8};
  CHECK(wasinn_program_load(engine, "nothing", wasm, &program, &error) == WASINN_NOT_FOUND);
  CHECK(program == NULL);
  wasinn_program_free(NULL);
  CHECK(wasinn_engine_inspect_json(engine, "nothing", wasm, &error) == NULL);
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "expected a folder for files, given %d arguments\n", argc - 1);
    return 2;
  }
  log_lines lines = {PTHREAD_MUTEX_INITIALIZER, 0};
  wasinn_engine_options options = WASINN_ENGINE_OPTIONS_INIT;
  options.threads = 2;
  options.log = count_line;
  options.log_self = &lines;
  wasinn_engine* engine = NULL;
  test_names();
  test_policy();
  CHECK(wasinn_engine_create(&options, &engine, &error) == WASINN_OK);
  if (engine == NULL) return 1;
  test_models(engine, argv[1]);
  test_session(engine);
  test_limits(engine);
  test_cancel(engine);
  test_runs(engine);
  test_calls(engine);
  test_programs(engine);
  wasinn_engine_trim(engine);
  char* stats = wasinn_engine_stats_json(engine, &error);
  CHECK(stats != NULL && contains(stats, "\"evictions\""));
  wasinn_text_free(stats);
  CHECK(wasinn_engine_load_backend(engine, "no such file.so", &error) == WASINN_NOT_FOUND);
  wasinn_engine_free(engine);
  wasinn_engine_free(NULL);
  CHECK(lines.count > 0);
  if (failures > 0) fprintf(stderr, "%d checks failed\n", failures);
  return failures > 0;
}
