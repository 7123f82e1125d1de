# cmake -DISA=avx2 -DNM=nm -DOBJECTS=a.o;b.o -P CheckIsaSymbols.cmake: fails when a kernel object exports a function outside its
# instruction set's namespace. Such a function (an inline one from a shared header) exists in ordinary objects too, the linker
# keeps one copy, and with the wrong one the program dies on machines without that instruction set.
execute_process(COMMAND "${NM}" --defined-only --extern-only ${OBJECTS} OUTPUT_VARIABLE listing RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${NM} ended with ${status}")
endif()
string(REGEX MATCHALL "[0-9a-f]+ [A-Za-z] [^\n]+" symbols "${listing}")
list(FILTER symbols EXCLUDE REGEX "${ISA}|DW\\.ref\\.")
list(FILTER symbols INCLUDE REGEX " [TWi] ")
list(REMOVE_DUPLICATES symbols)
if(symbols)
  list(JOIN symbols "\n  " text)
  message(FATAL_ERROR "These ${ISA} functions lie outside namespace ${ISA}: make them part of it, or always inline:\n  ${text}")
endif()
