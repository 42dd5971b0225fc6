# The guests for components as WebAssembly.
include(component_list.cmake)
foreach(guest IN LISTS WASINN_COMPONENT_GUESTS)
  foreach(snapshot IN LISTS WASINN_COMPONENT_SNAPSHOTS)
    wasinn_guest(${guest}-${snapshot} SOURCES wit/${guest}.c common/guest.c COMPONENT ${snapshot}
                 INCLUDE "${CMAKE_CURRENT_SOURCE_DIR}/include")
  endforeach()
endforeach()
