# What differs from ggml's own build of its part for processors: how its threads wait, what batch_invariant.h says, and
# where the part for AMX prints to.
# ggml_cpu_dir: that part's sources.
target_sources(ggml-cpu PRIVATE "${CMAKE_CURRENT_LIST_DIR}/batch_invariant.cpp")
target_include_directories(ggml-cpu PRIVATE "${CMAKE_CURRENT_LIST_DIR}")
set_source_files_properties(
  "${ggml_cpu_dir}/ggml-cpu.c" TARGET_DIRECTORY ggml-cpu
  PROPERTIES COMPILE_OPTIONS "-include;${CMAKE_CURRENT_LIST_DIR}/yield_when_waiting.h" COMPILE_DEFINITIONS
                                                                                       llamafile_sgemm=wasinn_sgemm)
set_source_files_properties("${ggml_cpu_dir}/ggml-cpu.cpp" TARGET_DIRECTORY ggml-cpu
                            PROPERTIES COMPILE_DEFINITIONS ggml_graph_compute=wasinn_graph_compute)
set_source_files_properties(
  "${ggml_cpu_dir}/amx/amx.cpp" "${ggml_cpu_dir}/amx/mmq.cpp"
  TARGET_DIRECTORY ggml-cpu PROPERTIES COMPILE_OPTIONS "-include;${CMAKE_CURRENT_LIST_DIR}/print_to_log.h")
