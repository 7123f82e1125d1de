// Products of integers, which wrap around, and of bool: "or of ands". Plain loops that the compiler vectorises. In the
// table of gemm.isa.cpp.
#include "strata/ops/cpu/gemm_kernels.hpp"
#include "strata/ops/cpu/simd.hpp"

namespace strata::kernel {
inline namespace STRATA_ISA {

using Int = std::int64_t;

template <class T>
void integers(const GemmArgs<T>& g) {
  for (Int i = 0; i < g.m; ++i) {
    T* c = g.c + i * g.c_row;
    if (!g.accumulate) {
      for (Int j = 0; j < g.n; ++j) c[j] = T(0);
    }
    for (Int l = 0; l < g.k; ++l) {
      const T x = g.a[i * g.a_row + l * g.a_col];
      const T* b = g.b + l * g.b_row;
      const auto add = [&](Int j, T y) __attribute__((always_inline)) {
        if constexpr (sizeof(T) < 4)
          c[j] = static_cast<T>(c[j] + std::uint32_t{x} * y);  // int would overflow
        else
          c[j] += x * y;
      };
      if (g.b_col == 1) {
        for (Int j = 0; j < g.n; ++j) add(j, b[j]);
      } else {
        for (Int j = 0; j < g.n; ++j) add(j, b[j * g.b_col]);
      }
    }
  }
}

void booleans(const GemmArgs<bool>& g) {
  for (Int i = 0; i < g.m; ++i) {
    bool* c = g.c + i * g.c_row;
    if (!g.accumulate) {
      for (Int j = 0; j < g.n; ++j) c[j] = false;
    }
    for (Int l = 0; l < g.k; ++l) {
      if (!g.a[i * g.a_row + l * g.a_col]) continue;
      const bool* b = g.b + l * g.b_row;
      for (Int j = 0; j < g.n; ++j) c[j] |= b[j * g.b_col];
    }
  }
}

template void integers(const GemmArgs<std::uint8_t>&);
template void integers(const GemmArgs<std::uint16_t>&);
template void integers(const GemmArgs<std::uint32_t>&);
template void integers(const GemmArgs<std::uint64_t>&);

}  // namespace STRATA_ISA
}  // namespace strata::kernel
