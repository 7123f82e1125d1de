// OpenBLAS on one thread: our pool shares the work out. Called before the first use of BLAS or LAPACK.
#pragma once
#include <cblas.h>

namespace strata {

inline void openblas_single_threaded() {
  static const bool done = (openblas_set_num_threads(1), true);
  (void)done;
}

}  // namespace strata
