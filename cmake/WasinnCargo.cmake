# wasinn_cargo_dir(OUT): cargo's target folder.
function(wasinn_cargo_dir out)
  if(DEFINED ENV{WASINN_CARGO_TARGET_DIR})
    set(${out} "$ENV{WASINN_CARGO_TARGET_DIR}" PARENT_SCOPE)
  else()
    wasinn_dep_folder(cache cache)
    set(${out} "${cache}/cargo" PARENT_SCOPE)
  endif()
endfunction()

# wasinn_cargo_staticlib(TARGET FOLDER LIBRARY): builds the crate in FOLDER with cargo, copies LIBRARY into the
# build tree and declares TARGET for it. The crate's objects stay in the cache, where every build folder shares them.
function(wasinn_cargo_staticlib target folder library)
  execute_process(
    COMMAND "${PROJECT_SOURCE_DIR}/scripts/deps.sh" cargo
    OUTPUT_VARIABLE cargo
    OUTPUT_STRIP_TRAILING_WHITESPACE
    RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${target}: expected a cargo as new as scripts/versions.txt says, found none; "
                        "Debian's packages rustc-web and cargo-web have one")
  endif()
  wasinn_cargo_dir(cargo_dir)
  # cargo would run the first rustc on PATH, which may not be its own.
  cmake_path(GET cargo PARENT_PATH bin)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${folder}/src/*.rs")
  set(archive "${CMAKE_ARCHIVE_OUTPUT_DIRECTORY}/${library}")
  add_custom_command(
    OUTPUT "${archive}"
    COMMAND ${CMAKE_COMMAND} -E env "CARGO_TARGET_DIR=${cargo_dir}" "RUSTC=${bin}/rustc" --unset=RUSTFLAGS
            "${cargo}" build --release --locked --manifest-path "${folder}/Cargo.toml"
    COMMAND ${CMAKE_COMMAND} -E copy "${cargo_dir}/release/${library}" "${archive}"
    DEPENDS ${sources} "${folder}/Cargo.toml" "${folder}/Cargo.lock"
    COMMENT "Building ${library} with cargo (the first time takes many CPU-minutes)"
    USES_TERMINAL VERBATIM)
  add_custom_target(${target}_crate DEPENDS "${archive}")
  add_library(${target} STATIC IMPORTED GLOBAL)
  add_dependencies(${target} ${target}_crate)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${archive}")
  if(WASINN_BUILD_TESTS)
    add_test(NAME ${target}_crate
             COMMAND ${CMAKE_COMMAND} -E env "CARGO_TARGET_DIR=${cargo_dir}" "RUSTC=${bin}/rustc" --unset=RUSTFLAGS
                     "${cargo}" test --release --locked --quiet --manifest-path "${folder}/Cargo.toml")
    set_tests_properties(${target}_crate PROPERTIES LABELS unit TIMEOUT 900)
  endif()
  # The system libraries that Rust's standard library needs.
  target_link_libraries(${target} INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m rt util gcc_s)
endfunction()
