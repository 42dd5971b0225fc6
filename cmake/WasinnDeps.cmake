# Finds what scripts/deps.py has put into the cache, and the system libraries that every part uses.

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus QUIET)
if(WASINN_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()

# wasinn_cache_dir(OUT): the folder of downloads and of what is built once for every build folder.
function(wasinn_cache_dir out)
  execute_process(
    COMMAND "${PROJECT_SOURCE_DIR}/scripts/deps.sh" path cache
    OUTPUT_VARIABLE path
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(${out} "${path}" PARENT_SCOPE)
endfunction()

# wasinn_dep_path(NAME OUT): the cache folder of a dependency of scripts/versions.txt; an error if it is not in place.
function(wasinn_dep_path name out)
  execute_process(
    COMMAND "${PROJECT_SOURCE_DIR}/scripts/deps.sh" path ${name}
    OUTPUT_VARIABLE path
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  if(NOT EXISTS "${path}/.stamp")
    message(FATAL_ERROR "${name}: expected it in ${path}; run `scripts/deps.sh fetch ${name}` (./dev build does)")
  endif()
  set(${out} "${path}" PARENT_SCOPE)
endfunction()

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/scripts/versions.txt")

if(WASINN_BACKEND_ONNX)
  wasinn_dep_path(onnxruntime WASINN_ONNXRUNTIME_DIR)
  add_library(onnxruntime::onnxruntime SHARED IMPORTED GLOBAL)
  file(REAL_PATH "${WASINN_ONNXRUNTIME_DIR}/lib/libonnxruntime.so" onnxruntime_library)
  set_target_properties(
    onnxruntime::onnxruntime
    PROPERTIES IMPORTED_LOCATION "${onnxruntime_library}"
               IMPORTED_SONAME libonnxruntime.so.1
               INTERFACE_INCLUDE_DIRECTORIES "${WASINN_ONNXRUNTIME_DIR}/include")
endif()

if(WASINN_BACKEND_GGML)
  # Built once into the cache by scripts/deps.py, for every build folder and preset.
  wasinn_dep_path(llama.cpp WASINN_LLAMA_DIR)
  add_library(llama::llama INTERFACE IMPORTED GLOBAL)
  target_include_directories(llama::llama SYSTEM INTERFACE "${WASINN_LLAMA_DIR}/include")
  # Most dependent first.
  foreach(library llama-text llama vendor-hash ggml ggml-cpu ggml-base)
    target_link_libraries(llama::llama INTERFACE "${WASINN_LLAMA_DIR}/lib/lib${library}.a")
  endforeach()
  target_link_libraries(llama::llama INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)
endif()
