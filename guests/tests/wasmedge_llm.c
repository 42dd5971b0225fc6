// Language models as guests written for WasmEdge use them: the order of the calls, the options and
// the reading of results are those of guests in the field, which must run as they are.
#include <wasi_ephemeral_nn.h>

#include "check.h"

// The buffer of all their outputs.
enum { MOST = 4096 * 6 };

// With the chat format of the tests' model.
#define SYSTEM "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
#define ASK(question) "<|im_start|>user\n" question "<|im_end|>\n<|im_start|>assistant\n"

// With options as JSON; the name is one that --nn-preload gave.
static nn_graph build_from_cache(const char* name, const char* config) {
  nn_graph graph;
  CHECK_EQUAL("load_by_name_with_config",
              nn_load_by_name_with_config(name, strlen(name), config, strlen(config), &graph),
              NN_SUCCESS);
  return graph;
}

static nn_context init(nn_graph graph) {
  nn_context context;
  CHECK_EQUAL("init_execution_context", nn_init(graph, &context), NN_SUCCESS);
  return context;
}

// Some give the length as the only dim, others 1.
static void set_input(nn_context context, uint32_t index, const char* text, uint32_t dim) {
  nn_tensor tensor = {&dim, 1, NN_U8, {0}, (const uint8_t*)text, strlen(text)};
  CHECK_EQUAL("set_input", nn_set_input(context, index, &tensor), NN_SUCCESS);
}

static char* read_as_text(uint8_t* buffer, uint32_t size) {
  CHECK(size < MOST, "an output of %u bytes", (unsigned)size);
  buffer[size] = '\0';
  return (char*)buffer;
}

// Valid until the next call.
static char* get_output(nn_context context, uint32_t index) {
  static uint8_t buffer[MOST];
  uint32_t size = 0;
  CHECK_EQUAL("get_output", nn_get_output(context, index, buffer, MOST, &size), NN_SUCCESS);
  return read_as_text(buffer, size);
}

// A number of the metadata, which is a JSON object.
static long number(const char* json, const char* key) {
  char quoted[64];
  snprintf(quoted, sizeof(quoted), "\"%s\":", key);
  const char* found = strstr(json, quoted);
  CHECK(found != NULL, "expected %s in: %s", key, json);
  return strtol(found + strlen(quoted), NULL, 10);
}

static void check_contains(const char* what, const char* text, const char* part) {
  CHECK(strstr(text, part) != NULL, "%s: expected \"%s\" in: %s", what, part, text);
}

// A stream to its end, given back with its end's errno; counts the steps.
static int32_t stream(nn_context context, char* answer, long* steps) {
  static uint8_t token[MOST];
  size_t length = 0;
  for (*steps = 0;; ++*steps) {
    int32_t error = nn_compute_single(context);
    if (error != NN_SUCCESS) return error;
    uint32_t size = 0;
    CHECK_EQUAL("get_output_single", nn_get_output_single(context, 0, token, MOST, &size),
                NN_SUCCESS);
    CHECK(length + size < MOST, "a long answer");
    memcpy(answer + length, token, size);
    length += size;
    answer[length] = '\0';
  }
}

// The chat loop: the whole conversation is set again for each turn; metadata after each set_input
// and after each answer; fini_single after each stream.
static void streaming(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  static const char kConfig[] =
      "{\"ctx-size\": 1024, \"enable-log\": false, \"llama3\": false, \"n-gpu-layers\": 0, "
      "\"temp\": 0}";
  static const char* const kQuestions[] = {ASK("What is the capital of France?"),
                                           ASK("And of Germany?")};
  static const char* const kWords[] = {"Paris", "Berlin"};
  nn_context context = init(build_from_cache(argv[0], kConfig));
  static char prompt[MOST] = SYSTEM, answer[MOST];
  long before = 0;
  for (int turn = 0; turn < 2; ++turn) {
    strcat(prompt, kQuestions[turn]);
    set_input(context, 0, prompt, strlen(prompt));
    const char* metadata = get_output(context, 1);
    CHECK(strstr(metadata, "\"llama_commit\":\"") != NULL, "no commit in: %s", metadata);
    CHECK(number(metadata, "llama_build_number") > 0, "no build number in: %s", metadata);
    long input_tokens = number(metadata, "input_tokens");
    CHECK(input_tokens > before, "expected more tokens than %ld, given %ld", before, input_tokens);
    before = input_tokens;

    long steps = 0;
    CHECK_EQUAL("compute_single", stream(context, answer, &steps), NN_END_OF_SEQUENCE);
    check_contains("answer", answer, kWords[turn]);
    metadata = get_output(context, 1);
    CHECK_EQUAL("input tokens", number(metadata, "input_tokens"), input_tokens);
    CHECK(number(metadata, "output_tokens") >= steps, "fewer tokens than %ld steps", steps);
    CHECK_EQUAL("fini_single", nn_fini_single(context), NN_SUCCESS);
    strcat(prompt, answer);
    strcat(prompt, "<|im_end|>\n");
  }
}

// A stream that fills the context, and a prompt that is too long for it; then the guest starts
// afresh in the same context.
static void full(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nn_context context = init(build_from_cache(argv[0], "{\"ctx-size\": 48, \"temp\": 0}"));
  static const char kLong[] =
      SYSTEM ASK("Write a long story about the sea, the wind, a ship and its captain.");
  static char answer[MOST];
  long steps = 0;
  set_input(context, 0, kLong, 1);
  CHECK_EQUAL("the context is full", stream(context, answer, &steps), NN_CONTEXT_FULL);
  CHECK(steps > 0, "expected some of the answer");
  CHECK_EQUAL("fini_single", nn_fini_single(context), NN_SUCCESS);
  set_input(context, 0, kLong, 1);
  CHECK_EQUAL("compute", nn_compute(context), NN_CONTEXT_FULL);
  CHECK(strlen(get_output(context, 0)) > 0, "expected some of the answer");

  static char longer[sizeof(kLong) * 3];
  strcat(strcat(strcpy(longer, kLong), kLong), kLong);
  set_input(context, 0, longer, 1);
  CHECK_EQUAL("the prompt is too long", stream(context, answer, &steps), NN_PROMPT_TOO_LONG);
  CHECK_EQUAL("fini_single", nn_fini_single(context), NN_SUCCESS);
  CHECK_EQUAL("compute", nn_compute(context), NN_PROMPT_TOO_LONG);

  set_input(context, 0, ASK("Say yes."), 1);
  set_input(context, 1, "{\"n-predict\": 3}", 1);
  CHECK_EQUAL("a short one", stream(context, answer, &steps), NN_END_OF_SEQUENCE);
}

// The option comes with the graph, or as input 1; metadata is asked for between.
static void embedding(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nn_context with_graph = init(build_from_cache(
      argv[0], "{\"embedding\": true, \"ctx-size\": 512, \"batch-size\": 512, \"threads\": 2}"));
  nn_context with_input = init(build_from_cache(argv[0], "{\"enable-debug-log\": false}"));
  set_input(with_input, 1, "{\"embedding\": true}", 1);
  double first[2] = {0, 0};
  for (int i = 0; i < 2; ++i) {
    nn_context context = i == 0 ? with_graph : with_input;
    for (int round = 0; round < 2; ++round) {
      set_input(context, 0, "What is the weather like today?", 1);
      CHECK(number(get_output(context, 1), "input_tokens") > 4, "expected some tokens");
      CHECK_EQUAL("compute", nn_compute(context), NN_SUCCESS);
      const char* text = get_output(context, 0);
      CHECK_EQUAL("n_embedding", number(text, "n_embedding"), 576);
      const char* at = strstr(text, "\"embedding\": [");
      CHECK(at != NULL, "expected an embedding in: %.100s", text);
      at = strchr(at, '[') + 1;
      long count = 0;
      for (char* end;; ++count, at = end + 1) {
        double value = strtod(at, &end);
        if (count == 0 && round == 0) first[i] = value;
        CHECK(count != 0 || value == first[i], "another value than before");
        if (*end == ']') break;
        CHECK(*end == ',', "expected a list of numbers in: %.100s", at);
      }
      CHECK_EQUAL("numbers", count + 1, 576);
    }
  }
  CHECK(first[0] == first[1], "expected %g, given %g", first[0], first[1]);
}

// A JSON value from its first byte on; where it ends. Only as strict as a test needs.
static const char* skip_json(const char* at) {
  at += strspn(at, " \t\n");
  if (*at == '{' || *at == '[') {
    const char close = *at == '{' ? '}' : ']';
    at += 1 + strspn(at + 1, " \t\n");
    while (*at != close) {
      at = skip_json(at);
      at += strspn(at, " \t\n");
      if (*at == ':' || *at == ',') ++at;
      CHECK(*at != '\0', "the JSON ends too early");
    }
    ++at;
  } else if (*at == '"') {
    for (++at; *at != '"'; ++at) {
      if (*at == '\\') ++at;
      CHECK(*at != '\0', "the JSON ends in a text");
    }
    ++at;
  } else {
    size_t length = strspn(at, "+-.0123456789Eaeflnrstu");
    CHECK(length > 0, "expected a JSON value at: %s", at);
    at += length;
  }
  return at + strspn(at, " \t\n");
}

#define JSON_GRAMMAR                                                                          \
  "root ::= object\\nvalue ::= object | array | string | number | (\\\"true\\\" | "           \
  "\\\"false\\\" | \\\"null\\\") ws\\nobject ::=\\n  \\\"{\\\" ws (\\n            string "    \
  "\\\":\\\" ws value\\n    (\\\",\\\" ws string \\\":\\\" ws value)*\\n  )? \\\"}\\\" ws\\n" \
  "array ::=\\n  \\\"[\\\" ws (\\n            value\\n    (\\\",\\\" ws value)*\\n  )? "      \
  "\\\"]\\\" ws\\nstring ::= \\\"\\\\\\\"\\\" [a-zA-Z ]* \\\"\\\\\\\"\\\" ws\\nnumber ::= "   \
  "(\\\"-\\\"? ([0-9] | [1-9] [0-9]*)) (\\\".\\\" [0-9]+)? ws\\nws ::= ([ \\\\t\\\\n] ws)?\\n"

// The same grammar for each of several prompts of a context. Whether the model comes to the end of
// its object is its own affair, so n-predict may cut it.
static void grammar(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nn_context context = init(build_from_cache(
      argv[0],
      "{\"ctx-size\": 1024, \"n-gpu-layers\": 0, \"enable-log\": false, \"temp\": 0, "
      "\"n-predict\": 40, \"grammar\": \"" JSON_GRAMMAR "\"}"));
  for (int i = 0; i < 2; ++i) {
    set_input(context, 0, SYSTEM ASK("Give me a JSON object with the capital of France."), 1);
    CHECK(number(get_output(context, 1), "input_tokens") > 0, "expected some tokens");
    CHECK_EQUAL("compute", nn_compute(context), NN_SUCCESS);
    const char* text = get_output(context, 0);
    CHECK(text[0] == '{', "expected an object, given: %s", text);
    CHECK(number(get_output(context, 1), "output_tokens") > 0, "expected some tokens");
  }
  set_input(context, 1, "{\"grammar\": \"root ::= (\\\"yes\\\" | \\\"no\\\")\"}", 1);
  set_input(context, 0, SYSTEM ASK("Is Paris the capital of France?"), 1);
  CHECK_EQUAL("compute", nn_compute(context), NN_SUCCESS);
  const char* text = get_output(context, 0);
  CHECK(strcmp(text, "yes") == 0 || strcmp(text, "no") == 0, "expected yes or no, given: %s", text);
}

// The schema is a text that holds JSON.
static void json_schema(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nn_context context = init(build_from_cache(
      argv[0],
      "{\"enable-log\": false, \"n-gpu-layers\": 0, \"temp\": 0, \"json-schema\": \"{\\n  "
      "\\\"items\\\": "
      "{\\n \\\"type\\\": \\\"object\\\", \\\"properties\\\": {\\n \\\"productId\\\": "
      "{\\\"description\\\": "
      "\\\"The unique identifier\\\", \\\"type\\\": \\\"integer\\\", \\\"minimum\\\": 0, "
      "\\\"maximum\\\": 99}, "
      "\\\"inStock\\\": {\\\"type\\\": \\\"boolean\\\"}},\\n \\\"required\\\": [\\\"productId\\\", "
      "\\\"inStock\\\"]\\n },\\n \\\"minItems\\\": 2, \\\"maxItems\\\": 3\\n}\\n\"}"));
  for (int i = 0; i < 2; ++i) {
    static const char kPrompt[] = SYSTEM ASK("Give me a JSON array of products.");
    set_input(context, 0, kPrompt, strlen(kPrompt));
    CHECK_EQUAL("compute", nn_compute(context), NN_SUCCESS);
    const char* text = get_output(context, 0);
    CHECK(text[0] == '[', "expected an array, given: %s", text);
    CHECK(*skip_json(text) == '\0', "expected nothing after the array: %s", text);
    int products = 0;
    for (const char* at = text; (at = strstr(at, "\"productId\"")) != NULL; ++at) ++products;
    CHECK(products == 2 || products == 3, "expected 2 or 3 products, given: %s", text);
  }
}

// Two graphs, each with a context; the answer of one goes into the prompt of the other.
static void two_models(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 2);
  static const char kConfig[] =
      "{\"enable-log\": false, \"n-gpu-layers\": 0, \"temp\": 0, \"ctx-size\": 512, \"n-predict\": "
      "60}";
  nn_graph graphs[] = {build_from_cache(argv[0], kConfig), build_from_cache(argv[1], kConfig)};
  CHECK_EQUAL("first graph", graphs[0], 0);
  CHECK_EQUAL("second graph", graphs[1], 1);
  nn_context contexts[] = {init(graphs[0]), init(graphs[1])};
  set_input(contexts[0], 0, SYSTEM ASK("What is the capital of France?"), 1);
  CHECK_EQUAL("compute", nn_compute(contexts[0]), NN_SUCCESS);
  static char prompt[MOST];
  const char* answer = get_output(contexts[0], 0);
  check_contains("first", answer, "Paris");
  snprintf(prompt, sizeof(prompt), SYSTEM ASK("%s Is that city in Europe or in Asia?"), answer);
  set_input(contexts[1], 0, prompt, 1);
  CHECK_EQUAL("compute", nn_compute(contexts[1]), NN_SUCCESS);
  check_contains("second", get_output(contexts[1], 0), "Europe");
  check_contains("first, still", get_output(contexts[0], 0), "Paris");
}

static void unload_rounds(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  for (uint32_t round = 0; round < 5; ++round) {
    nn_graph graph = build_from_cache(
        argv[0], "{\"enable-log\": false, \"n-gpu-layers\": 0, \"temp\": 0, \"n-predict\": 20}");
    CHECK_EQUAL("graph", graph, round);
    nn_context context = init(graph);
    set_input(context, 0, SYSTEM ASK("What is the capital of France?"), 1);
    CHECK_EQUAL("compute", nn_compute(context), NN_SUCCESS);
    check_contains("answer", get_output(context, 0), "Paris");
    CHECK_EQUAL("unload", nn_unload(graph), NN_SUCCESS);
  }
}

static void set_input_twice(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nn_context context = init(build_from_cache(
      argv[0], "{\"enable-log\": false, \"n-gpu-layers\": 0, \"ctx-size\": 1024}"));
  static const char kPrompt[] = SYSTEM ASK("What is the capital of France?");
  set_input(context, 0, kPrompt, strlen(kPrompt));
  long tokens = number(get_output(context, 1), "input_tokens");
  CHECK(tokens > 0, "expected some tokens");
  set_input(context, 0, kPrompt, strlen(kPrompt));
  CHECK_EQUAL("input tokens", number(get_output(context, 1), "input_tokens"), tokens);
}

// Some ask for the version before they have any prompt.
static void metadata_first(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nn_context context = init(build_from_cache(
      argv[0],
      "{\"model_name\": \"smol\", \"model_alias\": \"smol\", \"log_prompts\": false, "
      "\"debug_log\": false, \"prompt_template\": \"chatml\", \"enable-log\": false, "
      "\"enable-debug-log\": false, \"embedding\": false, \"n-predict\": 16, \"n-gpu-layers\": "
      "100, "
      "\"use-mmap\": true, \"split-mode\": \"layer\", \"ctx-size\": 4096, \"batch-size\": 2048, "
      "\"ubatch-size\": 512, \"threads\": 2, \"temp\": 0.8, \"top-p\": 0.9, "
      "\"repeat-penalty\": 1.0, \"presence-penalty\": 0.0, \"frequency-penalty\": 0.0, "
      "\"grammar\": \"\", \"include_usage\": false}"));
  const char* metadata = get_output(context, 1);
  CHECK(number(metadata, "llama_build_number") > 0, "no build number in: %s", metadata);
  CHECK(strstr(metadata, "\"llama_commit\":\"") != NULL, "no commit in: %s", metadata);
  CHECK_EQUAL("input tokens", number(metadata, "input_tokens"), 0);
  set_input(context, 0, SYSTEM ASK("What is the capital of France?"), 1);
  CHECK_EQUAL("compute", nn_compute(context), NN_SUCCESS);
  CHECK(number(get_output(context, 1), "output_tokens") > 0, "expected some tokens");
  CHECK_EQUAL("finalize", nn_finalize(context), NN_SUCCESS);
}

static void model_not_found(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  nn_graph graph;
  CHECK_EQUAL("load_by_name", nn_load_by_name(argv[0], strlen(argv[0]), &graph),
              NN_MODEL_NOT_FOUND);
  CHECK_EQUAL("with a config",
              nn_load_by_name_with_config(argv[0], strlen(argv[0]), "{}", 2, &graph),
              NN_MODEL_NOT_FOUND);
}

// A model that is preloaded, through `load`, with its options as another builder.
static void preload(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  char name[256];
  snprintf(name, sizeof(name), "preload:%s", argv[0]);
  static const char kConfig[] = "{\"temp\": 0, \"n-predict\": 20}";
  const nn_builder builders[] = {{(const uint8_t*)name, strlen(name)},
                                 {(const uint8_t*)kConfig, sizeof(kConfig) - 1}};
  nn_graph graph;
  CHECK_EQUAL("load", nn_load(builders, 2, 5, NN_CPU, &graph), NN_SUCCESS);
  nn_context context = init(graph);
  set_input(context, 0, SYSTEM ASK("What is the capital of France?"), 1);
  CHECK_EQUAL("compute", nn_compute(context), NN_SUCCESS);
  check_contains("answer", get_output(context, 0), "Paris");
}

// Two streams of one graph, a token of each in turn, give what each gives alone.
static void interleaved(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 1);
  static const char kConfig[] = "{\"temp\": 0, \"n-predict\": 32, \"ctx-size\": 256}";
  static const char* const kPrompts[] = {SYSTEM ASK("Tell me about Paris."),
                                         SYSTEM ASK("Count from one to ten.")};
  static char alone[2][MOST], together[2][MOST];
  nn_graph graph = build_from_cache(argv[0], kConfig);
  nn_context contexts[2];
  for (int i = 0; i < 2; ++i) {
    long steps = 0;
    contexts[i] = init(graph);
    set_input(contexts[i], 0, kPrompts[i], 1);
    CHECK_EQUAL("alone", stream(contexts[i], alone[i], &steps), NN_END_OF_SEQUENCE);
    CHECK(steps > 5, "expected more steps than %ld", steps);
  }
  bool ended[2] = {false, false};
  size_t length[2] = {0, 0};
  while (!ended[0] || !ended[1]) {
    for (int i = 0; i < 2; ++i) {
      if (ended[i]) continue;
      int32_t error = nn_compute_single(contexts[i]);
      ended[i] = error == NN_END_OF_SEQUENCE;
      if (ended[i]) continue;
      CHECK_EQUAL("compute_single", error, NN_SUCCESS);
      uint32_t size = 0;
      CHECK_EQUAL("get_output_single",
                  nn_get_output_single(contexts[i], 0, together[i] + length[i],
                                       MOST - length[i] - 1, &size),
                  NN_SUCCESS);
      length[i] += size;
    }
  }
  for (int i = 0; i < 2; ++i) {
    CHECK(strcmp(alone[i], together[i]) == 0, "alone: %s\ntogether: %s", alone[i], together[i]);
  }
}

// An image by its path, as the guest sees it; the tests' model reads a letter in it.
static void image(int argc, char** argv) {
  CHECK_EQUAL("arguments", argc, 2);
  char config[512];
  snprintf(config, sizeof(config), "{\"temp\": 0, \"n-predict\": 3, \"image\": \"%s\"}", argv[1]);
  nn_context context = init(build_from_cache(argv[0], config));
  set_input(context, 0, "xyz<image>", 1);
  CHECK_EQUAL("compute", nn_compute(context), NN_SUCCESS);
  CHECK(strcmp(get_output(context, 0), "bcd") == 0, "expected bcd, given: %s",
        get_output(context, 0));
  set_input(context, 1, "{\"image\": \"/etc/passwd\"}", 1);
  set_input(context, 0, "xyz<image>", 1);
  CHECK_EQUAL("a file that the guest was not given", nn_compute(context), NN_UNSUPPORTED_OPERATION);
}

static const test_case kCases[] = {
    {"image", image},
    {"streaming", streaming},
    {"full", full},
    {"embedding", embedding},
    {"grammar", grammar},
    {"json_schema", json_schema},
    {"two_models", two_models},
    {"unload_rounds", unload_rounds},
    {"set_input_twice", set_input_twice},
    {"metadata_first", metadata_first},
    {"model_not_found", model_not_found},
    {"preload", preload},
    {"interleaved", interleaved},
};

int main(int argc, char** argv) { return run_case(kCases, COUNT_OF(kCases), argc, argv); }
