#include "magika.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The model was trained with these; they are its configuration file's numbers.
enum {
  SIDE = MAGIKA_INPUT / 2,
  BLOCK = 4096,
  PADDING = 256,
  MIN_BYTES = 8,
  NAME = 24,
  LABELS = 512
};

typedef struct {
  char name[NAME];
  double threshold;
  char output[NAME];
  char group[NAME];
  bool is_text;
} label;

typedef struct {
  const char* type;
  const char* group;
  double score;
} answer;

static label labels[LABELS];
static size_t label_count;

static bool load_labels(const char* path) {
  FILE* file = fopen(path, "r");
  if (file == NULL) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return false;
  }
  char line[256];
  while (label_count < LABELS && fgets(line, sizeof(line), file) != NULL) {
    label* l = &labels[label_count];
    char kind[8];
    if (sscanf(line, "%23s %lf %23s %23s %7s", l->name, &l->threshold, l->output, l->group, kind) !=
        5) {
      fprintf(stderr, "%s: line %zu is not: name threshold output group kind\n", path,
              label_count + 1);
      fclose(file);
      return false;
    }
    l->is_text = strcmp(kind, "text") == 0;
    ++label_count;
  }
  fclose(file);
  return label_count > 0;
}

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool is_utf8(const uint8_t* s, size_t n) {
  for (size_t i = 0; i < n;) {
    uint8_t lead = s[i];
    size_t length = lead < 0x80       ? 1
                    : lead >> 5 == 6  ? 2
                    : lead >> 4 == 14 ? 3
                    : lead >> 3 == 30 ? 4
                                      : 0;
    if (length == 0 || n - i < length) return false;
    uint32_t code = length == 1 ? lead : lead & (0x7f >> length);
    for (size_t k = 1; k < length; ++k) {
      if (s[i + k] >> 6 != 2) return false;
      code = code << 6 | (s[i + k] & 0x3f);
    }
    static const uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < kSmallest[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      return false;
    }
    i += length;
  }
  return true;
}

static answer from_few_bytes(const uint8_t* bytes, size_t size) {
  if (size == 0) return (answer){"empty", "inode", 1.0};
  if (is_utf8(bytes, size)) return (answer){"txt", "text", 1.0};
  return (answer){"unknown", "unknown", 1.0};
}

// Reads at most BLOCK bytes at `offset`; returns how many.
static size_t read_block(FILE* file, long offset, uint8_t* out) {
  if (fseek(file, offset, SEEK_SET) != 0) return 0;
  return fread(out, 1, BLOCK, file);
}

typedef enum { NEEDS_MODEL, ANSWERED, FAILED } features;

// Too short files are answered without the model, as the model's makers do.
static features read_features(const char* path, int32_t* input, answer* out) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) return FAILED;
  long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
  uint8_t head[BLOCK], tail[BLOCK];
  size_t wanted = size < BLOCK ? (size_t)size : BLOCK;
  bool read = size >= 0 && read_block(file, 0, head) == wanted &&
              read_block(file, size - (long)wanted, tail) == wanted;
  fclose(file);
  if (!read) return FAILED;

  size_t first = 0, end = wanted;
  while (first < wanted && is_space(head[first])) ++first;
  while (end > 0 && is_space(tail[end - 1])) --end;
  size_t head_count = wanted - first < SIDE ? wanted - first : SIDE;
  size_t tail_count = end < SIDE ? end : SIDE;
  if (head_count < MIN_BYTES) {
    *out = from_few_bytes(head, wanted);
    return ANSWERED;
  }
  for (size_t i = 0; i < MAGIKA_INPUT; ++i) input[i] = PADDING;
  for (size_t i = 0; i < head_count; ++i) input[i] = head[first + i];
  for (size_t i = 0; i < tail_count; ++i) {
    input[MAGIKA_INPUT - tail_count + i] = tail[end - tail_count + i];
  }
  return NEEDS_MODEL;
}

static answer decide(const float* scores) {
  size_t best = 0;
  for (size_t i = 1; i < label_count; ++i) {
    if (scores[i] > scores[best]) best = i;
  }
  const label* l = &labels[best];
  if (scores[best] >= l->threshold) return (answer){l->output, l->group, scores[best]};
  if (l->is_text) return (answer){"txt", "text", scores[best]};
  return (answer){"unknown", "unknown", scores[best]};
}

static void print_row(const char* path, const answer* a) {
  const char* slash = strrchr(path, '/');
  printf("  %-22s %-14s %7.2f %%  %s\n", slash == NULL ? path : slash + 1, a->type, 100 * a->score,
         a->group);
}

int magika_main(int argc, char** argv, magika_model model, void* state) {
  const char* path = getenv("MAGIKA_LABELS");
  if (argc < 2) {
    fprintf(stderr, "usage: %s FILE...\n", argv[0]);
    return 2;
  }
  if (!load_labels(path == NULL ? "/models/magika/labels.tsv" : path)) return 1;

  printf("  %-22s %-14s %9s  %s\n", "FILE", "TYPE", "SURE", "GROUP");
  int code = 0;
  static int32_t input[MAGIKA_INPUT];
  static float scores[LABELS];
  for (int i = 1; i < argc; ++i) {
    answer a;
    features kind = read_features(argv[i], input, &a);
    if (kind == FAILED) {
      fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
      code = 1;
      continue;
    }
    if (kind == NEEDS_MODEL) {
      if (!model(state, input, scores, label_count)) return 1;
      a = decide(scores);
    }
    print_row(argv[i], &a);
  }
  return code;
}
