# How everything here is compiled: strata_compile_options(target) gives a target the project's warnings and private flags.
# Nothing of this is exported to users of the library. Included once by the top CMakeLists.txt.
# ccache and mold are used when they are found (top project only); sanitizers apply to all targets.

set(CMAKE_CXX_EXTENSIONS OFF)

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  find_program(STRATA_CCACHE ccache)
  if(STRATA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${STRATA_CCACHE}")
  endif()
  find_program(STRATA_MOLD mold)
  # g++ before 12.1 does not know -fuse-ld=mold.
  if(STRATA_MOLD AND NOT (CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12.1))
    add_link_options(-fuse-ld=mold)
  endif()
endif()

if(STRATA_SANITIZE)
  add_compile_options(-fsanitize=${STRATA_SANITIZE} -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${STRATA_SANITIZE})
  if(STRATA_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

# Warnings, and thread-locals reached without a call: every op reads the level stack, so it must not cost a __tls_get_addr.
# Kernels (strata_isa_sources) go without -Wold-style-cast: vectors are reinterpreted by C-style casts alone.
function(strata_compile_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi -ftls-model=initial-exec)
  # g++ 12 sees uninitialised reads where there are none: beyond a Shape's rank, inside std::function.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
  else()
    target_compile_options(${target} PRIVATE -Wno-sign-conversion)
  endif()
  if(STRATA_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()
