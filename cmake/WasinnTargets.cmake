# Functions with which the folders' CMakeLists.txt declare their targets.

include(GoogleTest)

# wasinn_add_part(FOLDER [IF OPTION]): adds a folder when the option is on and the folder has a CMakeLists.txt.
function(wasinn_add_part folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "IF" "")
  if(arg_IF AND NOT ${arg_IF})
    return()
  endif()
  if(EXISTS "${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt")
    add_subdirectory("${PROJECT_SOURCE_DIR}/${folder}" "${PROJECT_BINARY_DIR}/${folder}")
  endif()
endfunction()

# An untested compiler may have other warnings, which must not fail its builds.
set(tried OFF)
if((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
   OR (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 23))
  set(tried ON)
endif()
option(WASINN_WARNINGS_AS_ERRORS "A warning ends the build" ${tried})

# wasinn_target_defaults(TARGET): the project's warnings, and the include folders of the tree.
# Only for the project's own targets; nothing here affects a consumer of the installed package.
function(wasinn_target_defaults target)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/include")
  set(common -Wall -Wextra -Wpedantic -Wshadow)
  if(WASINN_WARNINGS_AS_ERRORS)
    list(APPEND common -Werror)
  endif()
  set(cxx -Wnon-virtual-dtor -Woverloaded-virtual)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    list(APPEND cxx -Wthread-safety)
  elseif(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
    # g++ 12 and 13 wrongly report overlapping copies in std::string code.
    list(APPEND cxx -Wno-restrict)
  endif()
  target_compile_options(${target} PRIVATE ${common} "$<$<COMPILE_LANGUAGE:CXX>:${cxx}>")
endfunction()

# wasinn_backend_defaults(TARGET): a plug-in, built in the folder where the program searches for
# plug-ins.
function(wasinn_backend_defaults target)
  wasinn_target_defaults(${target})
  set_target_properties(
    ${target}
    PROPERTIES PREFIX ""
               LIBRARY_OUTPUT_DIRECTORY "${WASINN_BACKEND_OUTPUT_DIR}"
               INSTALL_RPATH "$ORIGIN/..")
  set_property(GLOBAL APPEND PROPERTY WASINN_BACKENDS ${target})
endfunction()

# wasinn_discover_tests(TARGET LABEL label [TIMEOUT seconds]): every case of a GoogleTest program becomes a ctest test.
# Labels: unit golden abi guest cli install sanitizer.
function(wasinn_discover_tests target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT" "")
  if(NOT arg_LABEL)
    message(FATAL_ERROR "wasinn_discover_tests(${target}): expected LABEL one of unit golden abi guest cli install")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  gtest_discover_tests(
    ${target}
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT})
endfunction()

# wasinn_add_fuzzer(NAME SOURCE...): the libFuzzer program bin/fuzz_NAME. Its seeds are the files of fuzz/seeds/NAME.
function(wasinn_add_fuzzer name)
  add_executable(fuzz_${name} ${ARGN})
  wasinn_target_defaults(fuzz_${name})
  target_link_libraries(fuzz_${name} PRIVATE wasinn)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
endfunction()
