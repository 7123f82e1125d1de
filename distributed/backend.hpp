// What moves bytes between processes: collectives on plain memory, without derivatives, names or checks. Implemented
// for one process (here), MPI (mpi_backend.cpp) and NCCL (nccl_backend.cpp); called by Group, which first makes sure
// that all ranks mean the same call. Counts are in elements; memory is row-major; a call returns when `out` is ready.
#pragma once
#include <cstring>

#include "strata/core/dtype.hpp"

namespace strata::distributed {

enum class Reduction { sum, max, min };

class Backend {
 public:
  virtual ~Backend() = default;
  /// out = reduction over the ranks of `in`, the same bytes on all of them. in == out is allowed. Half types are
  /// accumulated in float32 and rounded once.
  virtual void all_reduce(const void* in, void* out, std::int64_t count, Dtype dtype, Reduction r) = 0;
  /// out [size, count]: all ranks' `in` [count].
  virtual void all_gather(const void* in, void* out, std::int64_t count, Dtype dtype) = 0;
  /// out [count] = the sum over the ranks of row `rank` of `in` [size, count].
  virtual void reduce_scatter(const void* in, void* out, std::int64_t count, Dtype dtype) = 0;
  /// Row j of `in` [size, count] goes to row `rank` of rank j's `out`.
  virtual void all_to_all(const void* in, void* out, std::int64_t count, Dtype dtype) = 0;
  /// Sends `in` to rank `to` and receives `out` from rank `from`; -1: neither. Without `from`, out is not touched.
  virtual void permute(const void* in, void* out, std::int64_t count, Dtype dtype, int to, int from) = 0;
  /// Rank `root`'s data on all ranks.
  virtual void broadcast(void* data, std::int64_t count, Dtype dtype, int root) = 0;
};

/// One process.
class LocalBackend final : public Backend {
 public:
  void all_reduce(const void* in, void* out, std::int64_t n, Dtype d, Reduction) override { copy(in, out, n, d); }
  void all_gather(const void* in, void* out, std::int64_t n, Dtype d) override { copy(in, out, n, d); }
  void reduce_scatter(const void* in, void* out, std::int64_t n, Dtype d) override { copy(in, out, n, d); }
  void all_to_all(const void* in, void* out, std::int64_t n, Dtype d) override { copy(in, out, n, d); }
  void permute(const void* in, void* out, std::int64_t n, Dtype d, int, int from) override {
    if (from == 0) copy(in, out, n, d);
  }
  void broadcast(void*, std::int64_t, Dtype, int) override {}

 private:
  static void copy(const void* in, void* out, std::int64_t n, Dtype d) {
    if (in != out && n > 0) std::memcpy(out, in, static_cast<std::size_t>(n) * static_cast<std::size_t>(itemsize(d)));
  }
};

}  // namespace strata::distributed
