# Finds the dependencies that scripts/deps.py has put into the cache, and the system libraries that
# every part uses.

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus QUIET)
if(WASINN_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()

# wasinn_dep_folder(NAME OUT): the cache folder of a dependency of scripts/versions.txt, whether or not it is in place.
function(wasinn_dep_folder name out)
  execute_process(
    COMMAND "${PROJECT_SOURCE_DIR}/scripts/deps.sh" path ${name}
    OUTPUT_VARIABLE path
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(${out} "${path}" PARENT_SCOPE)
endfunction()

# wasinn_dep_path(NAME OUT): as wasinn_dep_folder, but an error if it is not in place.
function(wasinn_dep_path name out)
  wasinn_dep_folder(${name} path)
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
  # llama.cpp without the part that differs by processor, and with the part for this machine's.
  add_library(llama::any_cpu INTERFACE IMPORTED GLOBAL)
  target_include_directories(llama::any_cpu SYSTEM INTERFACE "${WASINN_LLAMA_DIR}/include")
  # The libraries, dependents first.
  foreach(library llama-text mtmd llama vendor-hash ggml)
    target_link_libraries(llama::any_cpu INTERFACE "${WASINN_LLAMA_DIR}/lib/lib${library}.a")
  endforeach()
  # wasinn_llama_cpu(TARGET LIBRARY): llama.cpp with that build of the processor-specific part.
  function(wasinn_llama_cpu target library)
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_link_libraries(${target} INTERFACE llama::any_cpu "${library}" "${WASINN_LLAMA_DIR}/lib/libggml-base.a"
                                              Threads::Threads ${CMAKE_DL_LIBS} m)
  endfunction()
  wasinn_llama_cpu(llama::llama "${WASINN_LLAMA_DIR}/lib/libggml-cpu.a")
endif()
