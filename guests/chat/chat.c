// Chats with a language model through wasi_ephemeral_nn, as WasmEdge's guests do: sends chat
// messages, streams the answer, and then prints its speed.
//
// usage: chat_c MODEL [QUESTION...]
// Each QUESTION is one turn of the same chat; without any, each line of stdin is. The environment
// may set LLAMA_OPTIONS (JSON for the model, e.g. {"temp": 0}) and LLAMA_SYSTEM (the system
// message).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi_ephemeral_nn.h>

enum { OPTIONS = 1, CHAT = 2 };    // inputs; 0 is the prompt
enum { RESPONSE = 0, USAGE = 1 };  // outputs

// A growing text. Ends the program if memory runs out.
typedef struct {
  char* data;
  size_t size, capacity;
} text;

static void append(text* t, const char* data, size_t size) {
  if (t->size + size + 1 > t->capacity) {
    t->capacity = 2 * (t->size + size + 1);
    t->data = realloc(t->data, t->capacity);
    if (t->data == NULL) {
      fputs("out of memory\n", stderr);
      exit(1);
    }
  }
  memcpy(t->data + t->size, data, size);
  t->size += size;
  t->data[t->size] = '\0';
}

static void append_string(text* t, const char* string) { append(t, string, strlen(string)); }

// Appends `string` as JSON writes it, quotes included.
static void append_quoted(text* t, const char* string, size_t size) {
  append_string(t, "\"");
  for (size_t i = 0; i < size; ++i) {
    unsigned char c = (unsigned char)string[i];
    char escaped[8];
    if (c == '"' || c == '\\') {
      snprintf(escaped, sizeof(escaped), "\\%c", c);
    } else if (c < 0x20) {
      snprintf(escaped, sizeof(escaped), "\\u%04x", c);
    } else {
      append(t, &string[i], 1);
      continue;
    }
    append_string(t, escaped);
  }
  append_string(t, "\"");
}

static void append_message(text* list, const char* role, const char* content, size_t size) {
  append_string(list, list->size == 0 ? "[" : ",");
  append_string(list, "{\"role\":\"");
  append_string(list, role);
  append_string(list, "\",\"content\":");
  append_quoted(list, content, size);
  append_string(list, "}");
}

static int failed(const char* what, int32_t error) {
  if (error == NN_SUCCESS) return 0;
  fprintf(stderr, "%s failed with error %d\n", what, (int)error);
  return 1;
}

static int set_text(nn_context context, uint32_t index, const char* data, size_t size) {
  // The dims of text are ignored; guests send [1].
  const uint32_t dims[] = {1};
  const nn_tensor tensor = {dims, 1, NN_U8, {0}, (const uint8_t*)data, size};
  return failed("set_input", nn_set_input(context, index, &tensor));
}

// The number behind "key": in the JSON text, or 0.
static double number_of(const char* json, const char* key) {
  char quoted[32];
  snprintf(quoted, sizeof(quoted), "\"%s\":", key);
  const char* found = strstr(json, quoted);
  return found == NULL ? 0 : strtod(found + strlen(quoted), NULL);
}

static int print_usage(nn_context context) {
  static char usage[65536];
  uint32_t size = 0;
  if (failed("get_output", nn_get_output(context, USAGE, usage, sizeof(usage) - 1, &size))) {
    return 1;
  }
  usage[size] = '\0';
  const double tokens = number_of(usage, "output_tokens");
  const double milliseconds = number_of(usage, "answer_ms");
  printf("[%.0f tokens", tokens);
  if (tokens > 1 && milliseconds > 0) printf(", %.1f tokens/s", (tokens - 1) * 1000 / milliseconds);
  printf(", %.0f of %.0f input tokens reused]\n", number_of(usage, "reused_tokens"),
         number_of(usage, "input_tokens"));
  return 0;
}

// Streams the answer to stdout and appends it to `answer`.
static int answer_chat(nn_context context, text* answer) {
  int32_t error;
  while ((error = nn_compute_single(context)) == NN_SUCCESS) {
    char piece[4096];
    uint32_t size = 0;
    if (failed("get_output_single",
               nn_get_output_single(context, RESPONSE, piece, sizeof(piece), &size))) {
      return 1;
    }
    fwrite(piece, 1, size, stdout);
    fflush(stdout);
    append(answer, piece, size);
  }
  putchar('\n');
  if (error == NN_CONTEXT_FULL) fputs("the context is full\n", stderr);
  if (error == NN_PROMPT_TOO_LONG) fputs("the chat is too long for the context\n", stderr);
  if (error != NN_END_OF_SEQUENCE) return failed("compute_single", error);
  return print_usage(context) || failed("fini_single", nn_fini_single(context));
}

// One turn: the question goes to the end of `messages`, and the answer after it.
static int ask(nn_context context, text* messages, const char* question, size_t size) {
  append_message(messages, "user", question, size);
  append_string(messages, "]");
  if (set_text(context, CHAT, messages->data, messages->size)) return 1;
  --messages->size;  // it goes on
  text answer = {0};
  const int error = answer_chat(context, &answer);
  if (!error) append_message(messages, "assistant", answer.data, answer.size);
  free(answer.data);
  return error;
}

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s MODEL [QUESTION...]\n", argv[0]);
    return 2;
  }
  nn_graph graph;
  nn_context context;
  if (failed("load_by_name", nn_load_by_name(argv[1], strlen(argv[1]), &graph)) ||
      failed("init_execution_context", nn_init(graph, &context))) {
    return 1;
  }
  const char* options = getenv("LLAMA_OPTIONS");
  if (options != NULL && set_text(context, OPTIONS, options, strlen(options))) return 1;
  text messages = {0};
  const char* system = getenv("LLAMA_SYSTEM");
  if (system != NULL) append_message(&messages, "system", system, strlen(system));

  for (int i = 2; i < argc; ++i) {
    printf("> %s\n", argv[i]);
    if (ask(context, &messages, argv[i], strlen(argv[i]))) return 1;
  }
  static char line[65536];
  while (argc == 2 && fgets(line, sizeof(line), stdin) != NULL) {
    const size_t size = strcspn(line, "\r\n");
    if (size > 0 && ask(context, &messages, line, size)) return 1;
  }
  return 0;
}
