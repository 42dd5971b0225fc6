# The guests for components as WebAssembly.
include(component_list.cmake)
foreach(snapshot IN LISTS WASINN_COMPONENT_SNAPSHOTS)
  set(common common/guest.c COMPONENT ${snapshot} INCLUDE "${CMAKE_CURRENT_SOURCE_DIR}/include")
  foreach(guest IN LISTS WASINN_COMPONENT_GUESTS)
    wasinn_guest(${guest}-${snapshot} SOURCES wit/${guest}.c ${common})
  endforeach()
  foreach(guest IN LISTS WASINN_DRAFT_GUESTS)
    wasinn_guest(${guest}-${snapshot} SOURCES wit/${guest}.c ${common}
                 WIT "${PROJECT_SOURCE_DIR}/guests/wit/drafts/${snapshot}")
  endforeach()
  foreach(guest IN LISTS WASINN_EXTENSION_GUESTS)
    wasinn_guest(${guest}-${snapshot} SOURCES wit/${guest}.c ${common}
                 WIT "${WASINN_EXTENSIONS_WIT}/${snapshot}" WORLD extensions)
  endforeach()
endforeach()
