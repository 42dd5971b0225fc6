# Installs BUILD into an empty PREFIX, and empties the build folder CONSUMER that used the one before.
file(REMOVE_RECURSE "${PREFIX}" "${CONSUMER}")
execute_process(COMMAND ${CMAKE_COMMAND} --install "${BUILD}" --prefix "${PREFIX}" COMMAND_ERROR_IS_FATAL ANY)
