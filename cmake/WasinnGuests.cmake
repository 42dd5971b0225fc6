# Builds WebAssembly guests from C and C++: modules, and components of wasi:nn.
# WASINN_CAN_BUILD_GUESTS says whether this machine can; if not, WASINN_GUESTS_MISSING says what it
# lacks.

include_guard(GLOBAL)

find_program(WASINN_GUEST_CC clang-22)
find_program(WASINN_GUEST_CXX clang++-22)
find_program(WASINN_GUEST_LD wasm-ld-22)
if(NOT WASINN_GUEST_CC OR NOT WASINN_GUEST_CXX OR NOT WASINN_GUEST_LD
   OR NOT EXISTS /usr/include/wasm32-wasi/stdio.h)
  set(WASINN_CAN_BUILD_GUESTS OFF CACHE INTERNAL "")
  set(WASINN_GUESTS_MISSING
      "expected clang-22, wasm-ld-22 and wasi-libc (packages: scripts/deps.sh apt guests)" CACHE INTERNAL "")
  return()
endif()
set(WASINN_CAN_BUILD_GUESTS ON CACHE INTERNAL "")

wasinn_dep_path(wasm-tools wasm_tools_dir)
wasinn_dep_path(wasi-adapter adapter_dir)
set(WASINN_WASM_TOOLS "${wasm_tools_dir}/bin/wasm-tools" CACHE INTERNAL "")
set(WASINN_WASI_ADAPTER "${adapter_dir}/wasi_snapshot_preview1.command.wasm" CACHE INTERNAL "")

# For each snapshot the folder WASINN_EXTENSIONS_WIT/SNAPSHOT, world extensions: package wasinn:nn with the resources of
# that snapshot, and wasi:nn with the drafts.
set(WASINN_EXTENSIONS_WIT "${PROJECT_BINARY_DIR}/guests/wit" CACHE INTERNAL "")
foreach(snapshot 2024-10-28 2024-08-19 2024-06-25)
  file(READ "${PROJECT_SOURCE_DIR}/guests/wit/wasinn/nn.wit" text)
  string(REPLACE 2024-10-28 ${snapshot} text "${text}")
  file(CONFIGURE OUTPUT "${WASINN_EXTENSIONS_WIT}/${snapshot}/nn.wit" CONTENT "${text}" @ONLY)
  configure_file("${PROJECT_SOURCE_DIR}/guests/wit/drafts/${snapshot}/nn.wit"
                 "${WASINN_EXTENSIONS_WIT}/${snapshot}/deps/nn/nn.wit" COPYONLY)
  configure_file("${PROJECT_SOURCE_DIR}/guests/wit/wasi/io/poll.wit"
                 "${WASINN_EXTENSIONS_WIT}/${snapshot}/deps/io/poll.wit" COPYONLY)
endforeach()
# The folder for 2024-10-28 with WASI's clock, world timed.
configure_file("${PROJECT_SOURCE_DIR}/guests/wit/timed/world.wit" "${WASINN_EXTENSIONS_WIT}/timed/world.wit" COPYONLY)
foreach(package wasi/io wasi/clocks wasinn drafts/2024-10-28)
  file(GLOB files "${PROJECT_SOURCE_DIR}/guests/wit/${package}/*.wit")
  cmake_path(GET package FILENAME name)
  foreach(file IN LISTS files)
    cmake_path(GET file FILENAME leaf)
    configure_file("${file}" "${WASINN_EXTENSIONS_WIT}/timed/deps/${name}/${leaf}" COPYONLY)
  endforeach()
endforeach()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/guests/wit/wasinn/nn.wit")

# wasinn_guest_component(MODULE SNAPSHOT OUTPUT [WIT folder] [WORLD name]): wraps a core module that
# imports wasi:nn as a component. Without WIT, the snapshot's own guests/wit/SNAPSHOT with the world
# ml is used.
function(wasinn_guest_component module snapshot output)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "WIT;WORLD" "")
  if(NOT arg_WIT)
    set(arg_WIT "${PROJECT_SOURCE_DIR}/guests/wit/${snapshot}")
  endif()
  if(NOT arg_WORLD)
    set(arg_WORLD ml)
  endif()
  file(GLOB_RECURSE wit_files CONFIGURE_DEPENDS "${arg_WIT}/*.wit")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${WASINN_WASM_TOOLS}" component embed "${arg_WIT}" --world ${arg_WORLD} "${module}" -o
            "${module}.embedded"
    COMMAND "${WASINN_WASM_TOOLS}" component new "${module}.embedded" --adapt
            "wasi_snapshot_preview1=${WASINN_WASI_ADAPTER}" -o "${output}"
    DEPENDS "${module}" ${wit_files} "${WASINN_WASI_ADAPTER}"
    COMMENT "Guest component ${output}"
    VERBATIM)
endfunction()

# wasinn_guest(NAME SOURCES file... [COMPONENT snapshot [WIT folder] [WORLD name]] [DEFINE name=value...]
#              [INCLUDE folder...]):
# builds NAME.wasm in the current binary folder, from C or C++ sources. The folder's property
# WASINN_GUEST_FILES lists these files.
function(wasinn_guest name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "COMPONENT;WIT;WORLD" "SOURCES;DEFINE;INCLUDE")
  set(flags --target=wasm32-wasi -Wno-deprecated -O2 -Wall -Wextra -Werror "-I${PROJECT_SOURCE_DIR}/guests/include")
  set(link_flags "-Wl,--strip-debug")
  if(arg_COMPONENT)
    list(APPEND arg_SOURCES "${PROJECT_SOURCE_DIR}/guests/common/component_start.c")
    list(APPEND arg_DEFINE "WASI_NN_SNAPSHOT=\"${arg_COMPONENT}\"")
    list(APPEND link_flags -nostartfiles)
  endif()
  list(TRANSFORM arg_DEFINE PREPEND "-D")
  list(TRANSFORM arg_INCLUDE PREPEND "-I")
  set(objects "")
  foreach(source IN LISTS arg_SOURCES)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY "${PROJECT_SOURCE_DIR}" OUTPUT_VARIABLE label)
    set(object "${CMAKE_CURRENT_BINARY_DIR}/objects/${name}/${label}.o")
    cmake_path(GET object PARENT_PATH folder)
    file(MAKE_DIRECTORY "${folder}")
    if(source MATCHES "\\.cc$")
      set(compile "${WASINN_GUEST_CXX}" -std=c++23 -fno-exceptions -fno-rtti)
    else()
      set(compile "${WASINN_GUEST_CC}" -std=c11)
    endif()
    add_custom_command(
      OUTPUT "${object}"
      COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${compile} ${flags} ${arg_INCLUDE} ${arg_DEFINE} -MD -MF "${object}.d"
              -c "${source}" -o "${object}"
      DEPENDS "${source}"
      DEPFILE "${object}.d"
      COMMENT "Guest ${name}: ${label}"
      VERBATIM)
    list(APPEND objects "${object}")
  endforeach()

  set(output "${CMAKE_CURRENT_BINARY_DIR}/${name}.wasm")
  set(module "${output}")
  if(arg_COMPONENT)
    set(module "${CMAKE_CURRENT_BINARY_DIR}/objects/${name}/core.wasm")
  endif()
  add_custom_command(
    OUTPUT "${module}"
    COMMAND "${WASINN_GUEST_CXX}" --target=wasm32-wasi -Wno-deprecated ${objects} ${link_flags} -o "${module}"
    DEPENDS ${objects}
    COMMENT "Guest module ${module}"
    VERBATIM)
  if(arg_COMPONENT)
    set(world "")
    if(arg_WIT)
      list(APPEND world WIT "${arg_WIT}")
    endif()
    if(arg_WORLD)
      list(APPEND world WORLD ${arg_WORLD})
    endif()
    wasinn_guest_component("${module}" ${arg_COMPONENT} "${output}" ${world})
  endif()
  set_property(DIRECTORY APPEND PROPERTY WASINN_GUEST_FILES "${output}")
endfunction()
