// Streams a model's output through wasinn_nn: describes the model, prints the output in pieces
// as they come, and gives up at a deadline.
//
// usage: extension_c MODEL OPTIONS DEADLINE_MS TEXT
// OPTIONS is JSON for the context, e.g. {"chunk_bytes": 5} for a model of the echo backend, or "".
#define _POSIX_C_SOURCE 200809L  // clock_gettime
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wasinn_nn.h>

enum { MOST = 5 };  // bytes of a piece

static uint32_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

// Ends the program when a call failed, with the reason that wasi_ephemeral_nn cannot give.
static void check(const char* what, int32_t error) {
  if (error == NN_SUCCESS) return;
  uint32_t code = NN_CODE_OK, size = 0, name_size = 0;
  char text[1024] = "", name[64] = "";
  nn_last_error(&code, text, sizeof(text), &size);
  nn_code_name(code, name, sizeof(name), &name_size);
  printf("%s: error %d, %.*s: %.*s\n", what, (int)error, (int)name_size, name, (int)size, text);
  exit(1);
}

static void print_description(nn_graph graph) {
  // The first call asks for the size.
  uint32_t size = 0;
  nn_describe_graph(graph, NULL, 0, &size);
  char* text = malloc(size);
  check("describe_graph", nn_describe_graph(graph, text, size, &size));
  printf("%.*s\n", (int)size, text);
  free(text);
}

// Prints what has come so far; true at the end of the output.
static int print_pieces(nn_context context) {
  for (;;) {
    char piece[MOST];
    uint32_t size = 0;
    int32_t error = nn_read(context, 0, piece, sizeof(piece), &size);
    if (error == NN_END) return 1;
    check("read", error);
    if (size == 0) return 0;
    printf("piece: %.*s\n", (int)size, piece);
  }
}

int main(int argc, char** argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: extension_c MODEL OPTIONS DEADLINE_MS TEXT\n");
    return 2;
  }
  const char* text = argv[4];
  uint32_t length = strlen(text), deadline = (uint32_t)atoi(argv[3]);

  nn_graph graph;
  nn_context context;
  check("load_by_name", nn_load_by_name(argv[1], strlen(argv[1]), &graph));
  print_description(graph);
  check("init", nn_init_with_options(graph, argv[2], strlen(argv[2]), &context));
  const nn_tensor input = {&length, 1, NN_U8, {0}, (const uint8_t*)text, length};
  check("set_input", nn_set_input(context, 0, &input));

  uint32_t begin = milliseconds();
  check("start", nn_start(context));
  do {
    uint32_t spent = milliseconds() - begin, status;
    check("wait", nn_wait(context, spent < deadline ? deadline - spent : 0, &status));
    if (status == NN_RUNNING) {
      printf("not ready after %u ms\n", (unsigned)deadline);
      check("cancel", nn_cancel(context));
      check("wait", nn_wait(context, NN_NO_DEADLINE, &status));
    }
  } while (!print_pieces(context));
  puts("end");
  return 0;
}
