// Models by name. Apart from nn.c, so that guests that never load by name do not import it.
#include <nn.h>

uint32_t nn_open_graph(const char* name) {
  uint32_t size = (uint32_t)strlen(name), out = g_alloc(4);
  int32_t errno_ = nn_load_by_name(g_copy(name, size), size, out);
  if (errno_ != 0) g_setup_failed("load_by_name %s: errno %d", name, (int)errno_);
  return g_get_u32(out);
}

uint32_t nn_open(const char* name) { return nn_open_context(nn_open_graph(name)); }
