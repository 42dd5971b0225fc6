#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct guest {
  char name[32];
  unsigned nights;
};

static int by_nights(const void* a, const void* b) {
  const struct guest* x = a;
  const struct guest* y = b;
  return (x->nights > y->nights) - (x->nights < y->nights);
}

int main(int argc, char** argv) {
  struct guest* guests = calloc((size_t)argc, sizeof(*guests));
  if (guests == NULL) {
    perror("calloc");
    return EXIT_FAILURE;
  }
  for (int i = 1; i < argc; ++i) {
    strncpy(guests[i - 1].name, argv[i], sizeof(guests[i - 1].name) - 1);
    guests[i - 1].nights = (unsigned)strlen(argv[i]);
  }
  qsort(guests, (size_t)argc - 1, sizeof(*guests), by_nights);
  for (int i = 0; i < argc - 1; ++i) {
    printf("%-32s %3u nights\n", guests[i].name, guests[i].nights);
  }
  free(guests);
  return EXIT_SUCCESS;
}
