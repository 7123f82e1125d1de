# Finds the packages that what is built here needs, and says in one error everything that is missing: CMake's names, and
# Debian's in brackets. Included once by the top CMakeLists.txt, so that tests, examples and benchmarks have them too.
set(strata_missing "")

macro(strata_need package debian)
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    list(APPEND strata_missing "${package} (${debian})")
  endif()
endmacro()

find_package(Threads REQUIRED)
strata_need(fmt libfmt-dev)
strata_need(nlohmann_json nlohmann-json3-dev)
if(STRATA_TESTS)
  strata_need(Catch2 catch2)
endif()
if(STRATA_EXAMPLES OR STRATA_BENCH)
  strata_need(CLI11 libcli11-dev)
endif()
find_package(CpuMath QUIET)
foreach(part IN ITEMS dnnl openblas lapacke)
  if(NOT CpuMath_${part}_LIBRARY OR NOT CpuMath_${part}_INCLUDE_DIR)
    list(APPEND strata_missing "${part} (lib${part}-dev)")
  endif()
endforeach()

if(strata_missing)
  list(JOIN strata_missing ", " strata_missing)
  message(FATAL_ERROR "missing: ${strata_missing}\n./dev setup installs them where there is apt. Elsewhere install or unpack them, and say where with "
                      "CMAKE_PREFIX_PATH in the environment; -DSTRATA_TESTS=OFF, -DSTRATA_EXAMPLES=OFF and -DSTRATA_BENCH=OFF need less.")
endif()
