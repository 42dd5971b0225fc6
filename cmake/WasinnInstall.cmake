# cmake --install: headers, the core library, the Wasmtime adapter, plug-ins with their framework, the program, and
# the package files for find_package(wasinn).

include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/wasinn")
set(plugin_dir "${CMAKE_INSTALL_LIBDIR}/wasinn")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/wasinn" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

if(TARGET wasinn)
  # The echo backend is part of the library: a separate static archive on the consumer's link line.
  set(libraries wasinn wasinn_backend_echo)
  foreach(library IN LISTS libraries)
    get_target_property(folders ${library} INTERFACE_INCLUDE_DIRECTORIES)
    set_target_properties(
      ${library} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES
                            "$<BUILD_INTERFACE:${folders}>;$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  endforeach()
  install(TARGETS ${libraries} EXPORT wasinnTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT wasinnTargets NAMESPACE wasinn:: DESTINATION "${package_dir}")
  configure_package_config_file(
    "${CMAKE_CURRENT_LIST_DIR}/wasinnConfig.cmake.in" "${PROJECT_BINARY_DIR}/cmake/wasinnConfig.cmake"
    INSTALL_DESTINATION "${package_dir}"
    PATH_VARS CMAKE_INSTALL_LIBDIR plugin_dir)
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/cmake/wasinnConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
  install(FILES "${PROJECT_BINARY_DIR}/cmake/wasinnConfig.cmake" "${PROJECT_BINARY_DIR}/cmake/wasinnConfigVersion.cmake"
          DESTINATION "${package_dir}")
endif()

if(TARGET wasinn_adapter_wasmtime)
  install(FILES "$<TARGET_FILE:wasinn_adapter_wasmtime>" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endif()

get_property(backends GLOBAL PROPERTY WASINN_BACKENDS)
if(backends)
  install(TARGETS ${backends} LIBRARY DESTINATION "${plugin_dir}/backends")
endif()
if(TARGET wasinn_backend_onnx)
  # The framework is installed with its plug-in, whose run path is its parent folder.
  get_target_property(onnxruntime_library onnxruntime::onnxruntime IMPORTED_LOCATION)
  install(PROGRAMS "${onnxruntime_library}" DESTINATION "${plugin_dir}" RENAME libonnxruntime.so.1)
  install(FILES "${WASINN_ONNXRUNTIME_DIR}/LICENSE" "${WASINN_ONNXRUNTIME_DIR}/ThirdPartyNotices.txt"
          DESTINATION "${CMAKE_INSTALL_DOCDIR}/onnxruntime")
endif()
if(TARGET wasinn_backend_ggml)
  get_property(ggml_builds GLOBAL PROPERTY WASINN_GGML_BUILDS)
  install(
    TARGETS ${ggml_builds} wasinn_ggml_check
    LIBRARY DESTINATION "${plugin_dir}/backends/ggml"
    RUNTIME DESTINATION "${plugin_dir}/backends/ggml")
  install(DIRECTORY "${WASINN_LLAMA_DIR}/licenses/" DESTINATION "${CMAKE_INSTALL_DOCDIR}/llama.cpp")
  install(FILES "${WASINN_LLAMA_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}/llama.cpp")
endif()
if(TARGET wasinn_cli)
  install(TARGETS wasinn_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
if(TARGET wasinn_conformance)
  install(TARGETS wasinn_conformance RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT conformance)
endif()
