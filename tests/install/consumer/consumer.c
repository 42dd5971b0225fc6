/* Uses the installed library from C: consumer_c VERSION checks that it is that version, and that an
 * engine starts, refuses an unknown model with a message, and ends. */
#include <stdio.h>
#include <string.h>
#include <wasinn/wasinn.h>

static int Fail(const char* what, const char* text) {
  fprintf(stderr, "%s: %s\n", what, text);
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 2) return Fail("usage", "consumer_c VERSION");
  if (strcmp(wasinn_version(), argv[1]) != 0) return Fail("another version", wasinn_version());

  wasinn_error error;
  wasinn_engine* engine = NULL;
  wasinn_session* session = NULL;
  if (wasinn_engine_create(NULL, &engine, &error) != WASINN_OK)
    return Fail("engine", error.message);
  if (wasinn_session_create(engine, NULL, &session, &error) != WASINN_OK) {
    return Fail("session", error.message);
  }
  uint32_t graph = 0;
  const wasinn_str name = {"nothing", strlen("nothing")};
  const wasinn_code code = wasinn_session_load_by_name(session, name, &graph, &error);
  if (code == WASINN_OK) return Fail("an unknown model", "was loaded");
  if (strstr(error.message, "nothing") == NULL) return Fail("the name is not in", error.message);
  printf("%s: %s\n", wasinn_code_name(code), error.message);
  wasinn_session_free(session);
  wasinn_engine_free(engine);
  return 0;
}
