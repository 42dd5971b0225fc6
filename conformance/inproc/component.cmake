# The suite's component guests, natively: each snapshot is a guest of its own.
include("${guests_dir}/component_list.cmake")
target_sources(wasinn_conformance_inproc PRIVATE component.cc component_more.cc component_poll.cc)
target_include_directories(wasinn_conformance_inproc PRIVATE "${PROJECT_SOURCE_DIR}/guests/include")
foreach(guest IN LISTS WASINN_COMPONENT_GUESTS WASINN_DRAFT_GUESTS WASINN_EXTENSION_GUESTS)
  foreach(snapshot IN LISTS WASINN_COMPONENT_SNAPSHOTS)
    wasinn_native_guest(${guest}-${snapshot} SOURCES "${guests_dir}/wit/${guest}.c"
                        DEFINE "WASI_NN_SNAPSHOT=\"${snapshot}\"")
  endforeach()
endforeach()
foreach(guest IN LISTS WASINN_POLLABLE_GUESTS)
  wasinn_native_guest(${guest}-2024-10-28 SOURCES "${guests_dir}/wit/${guest}.c" DEFINE "WASI_NN_SNAPSHOT=\"2024-10-28\"")
endforeach()
