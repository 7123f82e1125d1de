# Compiles each case of refused.cpp and demands that it fail with its words; case 0 must compile. Run by ctest as
#   cmake -DCXX=compiler -DINCLUDE=build/include -DSOURCE=refused.cpp -P refused.cmake
file(STRINGS "${SOURCE}" lines REGEX "CASE == [0-9]+ +// words:")
set(failed "")
foreach(line IN LISTS lines)
  string(REGEX MATCH "CASE == ([0-9]+) +// words: *(.*)$" _ "${line}")
  set(case "${CMAKE_MATCH_1}")
  set(words "${CMAKE_MATCH_2}")
  execute_process(
    COMMAND "${CXX}" -std=c++20 -fsyntax-only "-I${INCLUDE}" -DCASE=${case} "${SOURCE}"
    RESULT_VARIABLE status
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  string(FIND "${output}" "${words}" found)
  if(words STREQUAL "")
    if(NOT status EQUAL 0)
      string(APPEND failed "case ${case} does not compile:\n${output}\n")
    endif()
  elseif(status EQUAL 0)
    string(APPEND failed "case ${case} compiles\n")
  elseif(found EQUAL -1)
    string(APPEND failed "case ${case} is not refused with \"${words}\":\n${output}\n")
  endif()
endforeach()
if(failed)
  message(FATAL_ERROR "${failed}")
endif()
list(LENGTH lines count)
if(count LESS 16)
  message(FATAL_ERROR "only ${count} cases found in ${SOURCE}")
endif()
message(STATUS "${count} cases")
