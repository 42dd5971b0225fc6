// Freezes ABI v1 of <wasinn/backend.h>: moving a slot would break every existing plug-in. New slots
// are appended and get a line here in their first release.
#include <wasinn/backend.h>

#include <cstddef>

#define FROZEN(type, field, offset) static_assert(offsetof(type, field) == (offset))

#if UINTPTR_MAX == UINT64_MAX
FROZEN(wasinn_tensor_view, dtype, 0);
FROZEN(wasinn_tensor_view, rank, 4);
FROZEN(wasinn_tensor_view, dims, 8);
FROZEN(wasinn_tensor_view, data, 16);
FROZEN(wasinn_tensor_view, size, 24);
static_assert(sizeof(wasinn_tensor_view) == 32);

FROZEN(wasinn_error, code, 0);
FROZEN(wasinn_error, engine_code, 8);
FROZEN(wasinn_error, message, 16);
static_assert(WASINN_MESSAGE_SIZE == 2048);

FROZEN(wasinn_backend_host, struct_size, 0);
FROZEN(wasinn_backend_host, self, 8);
FROZEN(wasinn_backend_host, log, 16);
FROZEN(wasinn_backend_host, buffer_alloc, 24);
FROZEN(wasinn_backend_host, buffer_free, 32);
FROZEN(wasinn_backend_host, threads, 40);

FROZEN(wasinn_backend_output, port, 0);
FROZEN(wasinn_backend_output, tensor, 8);
FROZEN(wasinn_backend_output, release, 40);
FROZEN(wasinn_backend_output, owner, 48);
static_assert(sizeof(wasinn_backend_output) == 56);

FROZEN(wasinn_backend_sink, struct_size, 0);
FROZEN(wasinn_backend_sink, self, 8);
FROZEN(wasinn_backend_sink, run, 16);
FROZEN(wasinn_backend_sink, output, 24);
FROZEN(wasinn_backend_sink, chunk, 32);
FROZEN(wasinn_backend_sink, done, 40);
FROZEN(wasinn_backend_sink, read_file, 48);
FROZEN(wasinn_backend_sink, guest_stdout, 56);

FROZEN(wasinn_backend_input, port, 0);
FROZEN(wasinn_backend_input, tensor, 8);
static_assert(sizeof(wasinn_backend_input) == 40);

FROZEN(wasinn_port_info, name, 0);
FROZEN(wasinn_port_info, dtype, 16);
FROZEN(wasinn_port_info, rank, 20);
FROZEN(wasinn_port_info, dims, 24);
FROZEN(wasinn_port_info, flags, 32);
static_assert(sizeof(wasinn_port_info) == 40);

FROZEN(wasinn_graph_info, inputs, 8);
FROZEN(wasinn_graph_info, input_count, 16);
FROZEN(wasinn_graph_info, outputs, 24);
FROZEN(wasinn_graph_info, output_count, 32);
FROZEN(wasinn_graph_info, metadata, 40);
FROZEN(wasinn_graph_info, metadata_count, 48);

FROZEN(wasinn_load_request, path, 8);
FROZEN(wasinn_load_request, parts, 16);
FROZEN(wasinn_load_request, part_count, 24);
FROZEN(wasinn_load_request, target, 32);
FROZEN(wasinn_load_request, options, 40);
FROZEN(wasinn_load_request, option_count, 48);

FROZEN(wasinn_option_spec, name, 0);
FROZEN(wasinn_option_spec, type, 8);
FROZEN(wasinn_option_spec, scope, 12);
FROZEN(wasinn_option_spec, default_value, 16);
FROZEN(wasinn_option_spec, choices, 24);
FROZEN(wasinn_option_spec, min, 32);
FROZEN(wasinn_option_spec, max, 40);
FROZEN(wasinn_option_spec, help, 48);
FROZEN(wasinn_option_spec, flags, 56);
static_assert(sizeof(wasinn_option_spec) == 64);

FROZEN(wasinn_backend, struct_size, 0);
FROZEN(wasinn_backend, abi_version, 8);
FROZEN(wasinn_backend, capabilities, 16);
FROZEN(wasinn_backend, name, 24);
FROZEN(wasinn_backend, version, 32);
FROZEN(wasinn_backend, description, 40);
FROZEN(wasinn_backend, encodings, 48);
FROZEN(wasinn_backend, options, 56);
FROZEN(wasinn_backend, option_count, 64);
FROZEN(wasinn_backend, open, 72);
FROZEN(wasinn_backend, close, 80);
FROZEN(wasinn_backend, devices, 88);
FROZEN(wasinn_backend, probe, 96);
FROZEN(wasinn_backend, graph_load, 104);
FROZEN(wasinn_backend, graph_describe, 112);
FROZEN(wasinn_backend, graph_free, 120);
FROZEN(wasinn_backend, context_create, 128);
FROZEN(wasinn_backend, context_free, 136);
FROZEN(wasinn_backend, run, 144);
FROZEN(wasinn_backend, cancel, 152);
FROZEN(wasinn_backend, input_set, 160);
FROZEN(wasinn_backend, output_get, 168);
static_assert(sizeof(wasinn_backend) == 176);
#endif
