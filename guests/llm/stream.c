// A component that streams a language model's completion: it starts a background run, then polls
// the run together with a clock, so that it can give up if the completion takes too long.
//
// usage: llm_stream MODEL SECONDS QUESTION
#define _POSIX_C_SOURCE 200809L  // open_memstream
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi_poll.h>
#include <wasinn_nn_component.h>

static const char kOptions[] = "{\"temp\": 0, \"n-predict\": 200}";
static const char kSystem[] = "You are a helpful assistant.";

// Ends the program when a call failed.
static uint32_t check(const char* what, uint8_t is_error, uint32_t handle) {
  if (!is_error) return handle;
  nnc_list text;
  nnc_error_data(handle, &text);
  fprintf(stderr, "%s: %.*s\n", what, (int)text.len, (const char*)text.ptr);
  exit(1);
}

// Writes `text` as a JSON text.
static void put_json(FILE* out, const char* text) {
  fputc('"', out);
  for (; *text != '\0'; ++text) {
    const unsigned char byte = (unsigned char)*text;
    if (byte == '"' || byte == '\\') fputc('\\', out);
    if (byte < ' ') {
      fprintf(out, "\\u%04x", byte);
    } else {
      fputc(byte, out);
    }
  }
  fputc('"', out);
}

// Texts are tensors of bytes.
static nnc_named_tensor text_input(const char* name, const char* text, uint32_t size) {
  return (nnc_named_tensor){name, (uint32_t)strlen(name),
                            nnc_tensor_new(&size, 1, NNC_U8, text, size)};
}

// Starts the completion of a question.
static void ask(nnc_context context, const char* question) {
  char* chat = NULL;
  size_t size = 0;
  FILE* out = open_memstream(&chat, &size);
  fputs("[{\"role\": \"system\", \"content\": ", out);
  put_json(out, kSystem);
  fputs("}, {\"role\": \"user\", \"content\": ", out);
  put_json(out, question);
  fputs("}]", out);
  fclose(out);
  const nnc_named_tensor inputs[] = {text_input("options", kOptions, sizeof(kOptions) - 1),
                                     text_input("chat", chat, (uint32_t)size)};
  free(chat);
  nnc_result started;
  nnc_start(context, inputs, 2, &started);
  check("start", started.is_error, started.handle);
}

// Prints the new pieces; false at the end of the completion.
static bool show(nnc_context context) {
  for (;;) {
    nnc_piece piece;
    nnc_read(context, "response", 8, 4096, &piece);
    check("read", piece.is_error, piece.value.error);
    if (!piece.value.bytes.is_some) return false;
    const nnc_list bytes = piece.value.bytes.value;
    if (bytes.len == 0) return true;
    fwrite(bytes.ptr, 1, bytes.len, stdout);
    fflush(stdout);
    free(bytes.ptr);
  }
}

// The usage of the completion, a JSON object.
static void print_usage(nnc_context context) {
  nnc_outputs outputs;
  nnc_outputs_of(context, &outputs);
  check("outputs", outputs.is_error, outputs.value.error);
  for (uint32_t i = 0; i < outputs.value.list.len; ++i) {
    const nnc_named_tensor* output = &outputs.value.list.ptr[i];
    if (output->name_len != 5 || memcmp(output->name, "usage", 5) != 0) continue;
    nnc_list text;
    nnc_tensor_data(output->tensor, &text);
    fprintf(stderr, "%.*s\n", (int)text.len, (const char*)text.ptr);
  }
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: llm_stream MODEL SECONDS QUESTION\n");
    return 2;
  }
  nnc_result result;
  nnc_load_by_name(argv[1], (uint32_t)strlen(argv[1]), &result);
  const nnc_graph graph = check(argv[1], result.is_error, result.handle);
  nnc_init(graph, &result);
  const nnc_context context = check("init", result.is_error, result.handle);

  ask(context, argv[3]);
  nnc_subscribe(context, &result);
  const wasi_pollable news = check("subscribe", result.is_error, result.handle);
  const uint64_t seconds = strtoull(argv[2], NULL, 10);
  const wasi_pollable deadline = wasi_subscribe_duration(seconds * 1000000000);
  const wasi_pollable both[] = {news, deadline};
  bool more = true, late = false;
  while (more && !late) {
    wasi_ready_list ready;
    wasi_poll(both, 2, &ready);
    for (uint32_t i = 0; i < ready.len; ++i) {
      if (ready.ptr[i] == 0) {
        more = show(context);
      } else {
        late = true;
      }
    }
    free(ready.ptr);
  }
  wasi_pollable_drop(deadline);
  wasi_pollable_drop(news);
  putchar('\n');
  if (more) {
    // Dropping the context would end the run, too.
    nnc_cancel(context, &result);
    printf("(no end after %s s)\n", argv[2]);
    return 1;
  }
  print_usage(context);
  return 0;
}
