// See onednn.hpp.
#include "strata/ops/cpu/onednn.hpp"

#include <dlfcn.h>

#include <oneapi/dnnl/dnnl.hpp>

#include "strata/core/error.hpp"

namespace strata::onednn {
namespace {

// oneDNN asks OpenMP how many threads the calling thread may start. Which OpenMP that is, its own build decided: found
// by name, null when oneDNN was built without.
struct OpenMp {
  int (*max_threads)();
  void (*set_threads)(int);
  OpenMp()
      : max_threads(reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_max_threads"))),
        set_threads(reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"))) {}
};

/// While it lives, OpenMP regions of this thread have one thread; the user's own setting comes back.
class OneThread {
 public:
  OneThread() {
    if (openmp().max_threads && openmp().set_threads && (before_ = openmp().max_threads()) != 1)
      openmp().set_threads(1);
  }
  ~OneThread() {
    if (before_ > 1) openmp().set_threads(before_);
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  static const OpenMp& openmp() {
    static const OpenMp o;
    return o;
  }
  int before_ = 1;
};

}  // namespace

void sgemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
           std::int64_t lda, const float* b, std::int64_t ldb, float* c, std::int64_t ldc, bool accumulate) {
  const OneThread guard;
  const dnnl_status_t status = dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, 1, a, lda, b, ldb,
                                          accumulate ? 1.f : 0.f, c, ldc);
  if (status != dnnl_success) throw Error("matmul: oneDNN's sgemm ended with status " + std::to_string(status));
}

}  // namespace strata::onednn
