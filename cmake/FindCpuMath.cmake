# Finds the CPU libraries behind the kernels: CpuMath::dnnl (oneDNN 2.6 or 3.x), CpuMath::openblas, CpuMath::lapacke.
# Used by the build and, installed beside the package, by its users. oneDNN's own package file is not used: it insists on
# OpenCL, which we never touch; OpenBLAS's and LAPACKE's define no targets.
include(FindPackageHandleStandardArgs)

find_path(CpuMath_dnnl_INCLUDE_DIR dnnl.hpp)
find_library(CpuMath_dnnl_LIBRARY dnnl)
find_path(CpuMath_openblas_INCLUDE_DIR cblas.h PATH_SUFFIXES openblas openblas-pthread)
find_library(CpuMath_openblas_LIBRARY openblas)
find_path(CpuMath_lapacke_INCLUDE_DIR lapacke.h)
find_library(CpuMath_lapacke_LIBRARY lapacke)

find_package_handle_standard_args(
  CpuMath
  REQUIRED_VARS CpuMath_dnnl_LIBRARY CpuMath_dnnl_INCLUDE_DIR CpuMath_openblas_LIBRARY CpuMath_openblas_INCLUDE_DIR
                CpuMath_lapacke_LIBRARY CpuMath_lapacke_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "Run ./dev setup, or install libdnnl-dev, libopenblas-dev and liblapacke-dev.")

foreach(name IN ITEMS dnnl openblas lapacke)
  if(CpuMath_FOUND AND NOT TARGET CpuMath::${name})
    add_library(CpuMath::${name} UNKNOWN IMPORTED)
    set_target_properties(
      CpuMath::${name} PROPERTIES IMPORTED_LOCATION "${CpuMath_${name}_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${CpuMath_${name}_INCLUDE_DIR}")
  endif()
  mark_as_advanced(CpuMath_${name}_INCLUDE_DIR CpuMath_${name}_LIBRARY)
endforeach()
