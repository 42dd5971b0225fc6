/* Loads and describes echo graphs. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "private.h"

/* By wasinn_dtype. */
#define X(name, constant, number, text, ...) [WASINN_DTYPE_##name] = text,
static const char* const kTypeNames[] = {
    [WASINN_DTYPE_NONE] = "any",
#include "tensor/dtype.def"
};
#undef X
enum { kTypeCount = sizeof kTypeNames / sizeof kTypeNames[0] };

static const wasinn_metadata kMetadata[] = {{{"producer", 8}, {"wasinn-echo", 11}}};

/* Cuts the next word off `line`; an empty word at its end. */
static wasinn_str next_word(wasinn_str* line) {
  while (line->size > 0 && (line->data[0] == ' ' || line->data[0] == '\t')) {
    ++line->data;
    --line->size;
  }
  wasinn_str word = {line->data, 0};
  while (word.size < line->size && line->data[word.size] != ' ' && line->data[word.size] != '\t') {
    ++word.size;
  }
  line->data += word.size;
  line->size -= word.size;
  return word;
}

static wasinn_str next_line(wasinn_str* text) {
  const char* end = memchr(text->data, '\n', text->size);
  wasinn_str line = {text->data, end != NULL ? (size_t)(end - text->data) : text->size};
  size_t used = line.size + (end != NULL);
  text->data += used;
  text->size -= used;
  if (line.size > 0 && line.data[line.size - 1] == '\r') --line.size;
  return line;
}

static wasinn_code line_error(wasinn_error* error, size_t number, const char* expected,
                              wasinn_str given) {
  return echo_error(error, WASINN_INVALID_ARGUMENT,
                    "echo: description, line %zu: expected %s, given '%.*s'", number, expected,
                    given.size > 100 ? 100 : (int)given.size, given.data);
}

/* Parses "-1,3", "scalar" or "*". */
static bool parse_dims(wasinn_str text, wasinn_port_info* port, int64_t* dims) {
  port->rank = -1;
  if (text.size == 0 || echo_equal(text, "*")) return true;
  if (echo_equal(text, "text")) {
    port->flags |= WASINN_PORT_TEXT;
    return port->dtype == WASINN_DTYPE_U8;
  }
  port->rank = 0;
  if (echo_equal(text, "scalar")) return true;
  const char* at = text.data;
  const char* end = at + text.size;
  for (;;) {
    if (port->rank == WASINN_MAX_RANK) return false;
    int64_t dim = 0;
    if (end - at >= 2 && at[0] == '-' && at[1] == '1') {
      dim = -1;
      at += 2;
    } else {
      if (at == end || *at < '0' || *at > '9') return false;
      for (; at < end && *at >= '0' && *at <= '9'; ++at) {
        dim = dim * 10 + (*at - '0');
        if (dim > UINT32_MAX) return false;
      }
    }
    dims[port->rank++] = dim;
    if (at == end) break;
    if (*at++ != ',') return false;
  }
  port->dims = dims;
  return true;
}

/* For an output, `shared` is set to whether it is in its input's memory; NULL for an input. */
static wasinn_code parse_port(wasinn_str line, size_t number, wasinn_port_info* ports,
                              int64_t (*dims)[WASINN_MAX_RANK], size_t* count, bool* shared,
                              wasinn_error* error) {
  if (*count == ECHO_MAX_PORTS) {
    return echo_error(
        error, WASINN_TOO_LARGE,
        "echo: description, line %zu: expected at most %d ports of a kind, given more", number,
        ECHO_MAX_PORTS);
  }
  wasinn_port_info* port = &ports[*count];
  port->name = next_word(&line);
  if (port->name.size == 0) return line_error(error, number, "a name", port->name);
  wasinn_str type = next_word(&line);
  int dtype = 0;
  while (dtype < kTypeCount && !echo_equal(type, kTypeNames[dtype])) ++dtype;
  if (dtype == kTypeCount) {
    return line_error(error, number, "an element type such as f32, or any", type);
  }
  port->dtype = (wasinn_dtype)dtype;
  wasinn_str shape = next_word(&line);
  if (!parse_dims(shape, port, dims[*count])) {
    return line_error(error, number, "dims such as -1,3, or scalar, or *, or text for u8", shape);
  }
  wasinn_str flag = next_word(&line);
  if (shared == NULL && echo_equal(flag, "optional")) {
    port->flags |= WASINN_PORT_OPTIONAL;
    flag = next_word(&line);
  } else if (shared != NULL && echo_equal(flag, "shared")) {
    shared[*count] = true;
    flag = next_word(&line);
  }
  if (flag.size != 0) return line_error(error, number, "the end of the line", flag);
  if (shared == NULL && *count > 0 && (ports[*count - 1].flags & WASINN_PORT_OPTIONAL) != 0 &&
      (port->flags & WASINN_PORT_OPTIONAL) == 0) {
    return line_error(error, number, "an optional input after an optional one", port->name);
  }
  ++*count;
  return WASINN_OK;
}

/* An output has the bytes of its input, so the input must exist and have the same type. */
static wasinn_code check_outputs(const wasinn_backend_graph* graph, wasinn_error* error) {
  for (size_t i = 0; i < graph->output_count; ++i) {
    const wasinn_port_info* output = &graph->outputs[i];
    if (i >= graph->input_count) {
      return echo_error(error, WASINN_INVALID_ARGUMENT,
                        "echo: expected an input for output '%.*s', given %zu inputs",
                        (int)output->name.size, output->name.data, graph->input_count);
    }
    const wasinn_port_info* input = &graph->inputs[i];
    if ((input->flags & WASINN_PORT_OPTIONAL) != 0) {
      return echo_error(error, WASINN_INVALID_ARGUMENT,
                        "echo: output '%.*s': expected an input that is always there, given the "
                        "optional '%.*s'",
                        (int)output->name.size, output->name.data, (int)input->name.size,
                        input->name.data);
    }
    if (output->dtype != WASINN_DTYPE_NONE && output->dtype != input->dtype) {
      return echo_error(error, WASINN_INVALID_ARGUMENT,
                        "echo: output '%.*s': expected the type of input '%.*s', %s, given %s",
                        (int)output->name.size, output->name.data, (int)input->name.size,
                        input->name.data, kTypeNames[input->dtype], kTypeNames[output->dtype]);
    }
  }
  return WASINN_OK;
}

static wasinn_code parse_description(wasinn_backend_graph* graph, wasinn_str text,
                                     wasinn_error* error) {
  next_line(&text);
  for (size_t number = 2; text.size > 0; ++number) {
    wasinn_str line = next_line(&text);
    wasinn_str word = next_word(&line);
    wasinn_code code = WASINN_OK;
    if (word.size == 0 || word.data[0] == '#') continue;
    if (echo_equal(word, "input")) {
      code = parse_port(line, number, graph->inputs, graph->input_dims, &graph->input_count, NULL,
                        error);
    } else if (echo_equal(word, "output")) {
      code = parse_port(line, number, graph->outputs, graph->output_dims, &graph->output_count,
                        graph->output_shared, error);
    } else if (echo_equal(word, "option")) {
      wasinn_str name = next_word(&line);
      wasinn_str value = next_word(&line);
      code = echo_settings_set(&graph->defaults, name, value, error);
    } else {
      code = line_error(error, number, "input, output or option", word);
    }
    if (code != WASINN_OK) return code;
  }
  return check_outputs(graph, error);
}

/* Reads the description in the file at `path` into graph->text; `out` is empty if the file is not a
 * description, which is also a valid graph. */
static wasinn_code read_file(wasinn_backend_graph* graph, const char* path, wasinn_str* out,
                             wasinn_error* error) {
  wasinn_code code = WASINN_OK;
  FILE* file = fopen(path, "rb");
  if (file == NULL) {
    return echo_error(error, errno == ENOENT ? WASINN_NOT_FOUND : WASINN_RUNTIME_ERROR,
                      "echo: expected a readable file, given %s: %s", path, strerror(errno));
  }
  char* text = malloc(ECHO_MAX_TEXT + 1);
  size_t size = text != NULL ? fread(text, 1, ECHO_MAX_TEXT + 1, file) : 0;
  if (text == NULL) {
    code = echo_error(error, WASINN_TOO_LARGE, "echo: out of memory");
  } else if (ferror(file)) {
    code = echo_error(error, WASINN_RUNTIME_ERROR, "echo: expected a readable file, given %s: %s",
                      path, strerror(errno));
  } else if (echo_is_description((wasinn_bytes){text, size})) {
    graph->text = text;
    *out = (wasinn_str){text, size};
    text = NULL;
  }
  free(text);
  fclose(file);
  return code;
}

static wasinn_code load_options(const wasinn_load_request* request, wasinn_error* error) {
  for (size_t i = 0; i < request->option_count; ++i) {
    wasinn_str name = request->options[i].name;
    wasinn_str value = request->options[i].value;
    if (echo_equal(name, "load_delay_ms")) {
      char digits[16] = "";
      memcpy(digits, value.data, value.size < 15 ? value.size : 15);
      long milliseconds = strtol(digits, NULL, 10);
      struct timespec wait = {milliseconds / 1000, milliseconds % 1000 * 1000000};
      while (nanosleep(&wait, &wait) != 0 && errno == EINTR) {
      }
    } else if (echo_equal(name, "load_fail")) {
      wasinn_code code = WASINN_OK;
      if (echo_code_from_name(value, &code) && code != WASINN_OK) {
        return echo_error(error, code, "echo: the option load_fail asked for this failure");
      }
    }
  }
  return WASINN_OK;
}

static wasinn_code fill_graph(wasinn_backend_graph* graph, const wasinn_load_request* request,
                              wasinn_error* error) {
  if (request->target != WASINN_TARGET_CPU && request->target != WASINN_TARGET_AUTO) {
    return echo_error(error, WASINN_UNSUPPORTED_OPERATION,
                      "echo: expected target cpu or auto, given %s",
                      request->target == WASINN_TARGET_GPU ? "gpu" : "tpu");
  }
  wasinn_code code = load_options(request, error);
  if (code != WASINN_OK) return code;
  wasinn_str text = {NULL, 0};
  if (request->path != NULL) {
    code = read_file(graph, request->path, &text, error);
    if (code != WASINN_OK) return code;
  } else if (request->part_count == 0) {
    return echo_error(error, WASINN_INVALID_ARGUMENT,
                      "echo: expected a path or at least one builder, given none");
  } else if (echo_is_description(request->parts[0])) {
    text = (wasinn_str){request->parts[0].data, request->parts[0].size};
  }
  if (text.size > ECHO_MAX_TEXT) {
    return echo_error(error, WASINN_TOO_LARGE,
                      "echo: expected a description of at most %d bytes, given more",
                      ECHO_MAX_TEXT);
  }
  if (text.size > 0) {
    code = parse_description(graph, text, error);
    if (code != WASINN_OK) return code;
  }
  if (graph->input_count == 0 && graph->output_count == 0) {
    graph->input_count = graph->output_count = 1;
    graph->inputs[0].rank = graph->outputs[0].rank = -1;
    graph->inputs[0].name = graph->outputs[0].name = (wasinn_str){"", 0};
  }
  return WASINN_OK;
}

wasinn_code echo_graph_load(wasinn_backend_instance* instance, const wasinn_load_request* request,
                            wasinn_backend_graph** out, wasinn_error* error) {
  wasinn_backend_graph* graph = calloc(1, sizeof *graph);
  if (graph == NULL) return echo_error(error, WASINN_TOO_LARGE, "echo: out of memory");
  graph->instance = instance;
  wasinn_code code = fill_graph(graph, request, error);
  if (code != WASINN_OK) {
    echo_graph_free(graph);
    return code;
  }
  *out = graph;
  return WASINN_OK;
}

wasinn_code echo_graph_describe(wasinn_backend_graph* graph, wasinn_graph_info* out,
                                wasinn_error* error) {
  (void)error;
  out->inputs = graph->inputs;
  out->input_count = graph->input_count;
  out->outputs = graph->outputs;
  out->output_count = graph->output_count;
  out->metadata = kMetadata;
  out->metadata_count = sizeof kMetadata / sizeof kMetadata[0];
  return WASINN_OK;
}

void echo_graph_free(wasinn_backend_graph* graph) {
  if (graph == NULL) return;
  free(graph->text);
  free(graph);
}
