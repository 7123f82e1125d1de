# cmake -DPROGRAM=... -DEXPECTED=... -P RunAndCompare.cmake: runs a program and compares what it prints with a file, byte by byte.
# Used by the tests of examples; what was printed is kept beside the program's working directory for a diff.
execute_process(COMMAND "${PROGRAM}" OUTPUT_VARIABLE printed RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} ended with ${status}; it had printed:\n${printed}")
endif()
file(READ "${EXPECTED}" expected)
if(NOT printed STREQUAL expected)
  get_filename_component(name "${EXPECTED}" NAME_WE)
  file(WRITE "${name}.printed" "${printed}")
  execute_process(COMMAND diff -u "${EXPECTED}" "${name}.printed" OUTPUT_VARIABLE difference)
  message(FATAL_ERROR "${PROGRAM} printed something else than ${EXPECTED}:\n${difference}")
endif()
