# strata_isa_sources(target files...): compiles each kernel file once per instruction set and adds the objects to the target.
# A kernel file (ops/cpu/NAME.isa.cpp) puts its code into namespace STRATA_ISA, which is baseline, avx2 or avx512; the ordinary
# code chooses one of the namespaces at run time. Such a file must emit no inline function outside that namespace: the linker
# could keep the AVX-512 copy of it for everybody (tests/isa_symbols.cmake checks the objects).

set(STRATA_ISAS baseline)
set(STRATA_ISA_FLAGS_baseline "")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  list(APPEND STRATA_ISAS avx2 avx512)
  set(STRATA_ISA_FLAGS_avx2 -mavx2 -mfma -mf16c)
  set(STRATA_ISA_FLAGS_avx512 -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma -mf16c -mprefer-vector-width=512)
endif()

# No errno, no traps, fused multiply-add: what loops need to become vectors. NaN, infinities and signed zeros stay exact.
# Builds for developing compile kernels quickly instead.
set(STRATA_KERNEL_FLAGS $<IF:$<CONFIG:Release>,-O3,-O1> -fno-math-errno -fno-trapping-math -ffp-contract=fast -fwrapv)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND STRATA_KERNEL_FLAGS -fno-signaling-nans)
endif()

function(strata_isa_sources target)
  if("avx512" IN_LIST STRATA_ISAS)
    target_compile_definitions(${target} PRIVATE STRATA_X86_ISAS=1)
  else()
    target_compile_definitions(${target} PRIVATE STRATA_X86_ISAS=0)
  endif()
  if(NOT ARGN)
    return()
  endif()
  foreach(isa IN LISTS STRATA_ISAS)
    set(objects ${target}_${isa})
    add_library(${objects} OBJECT ${ARGN})
    target_compile_features(${objects} PRIVATE cxx_std_20)
    target_include_directories(${objects} PRIVATE $<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>)
    target_compile_definitions(${objects} PRIVATE $<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS> STRATA_ISA=${isa})
    target_compile_options(${objects} PRIVATE ${STRATA_KERNEL_FLAGS} ${STRATA_ISA_FLAGS_${isa}})
    strata_compile_options(${objects})
    set_target_properties(${objects} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
  endforeach()
endfunction()
