// Why a call failed, from a core module. docs/extensions.md shows this program.
#include <stdio.h>
#include <wasinn_nn.h>

int main(void) {
  nn_graph graph;
  if (nn_load_by_name("adder", 5, &graph) != NN_SUCCESS) {
    uint32_t code, size;
    char text[512];
    if (nn_last_error(&code, text, sizeof(text), &size) == NN_SUCCESS) {
      printf("%u: %.*s\n", (unsigned)code, (int)size, text);
    }
  }
  return 0;
}
