// tmp
#include "strata/core/cpu_isa.hpp"
namespace strata {
Isa cpu_isa() {
  return __builtin_cpu_supports("avx512f") ? Isa::avx512 : __builtin_cpu_supports("avx2") ? Isa::avx2 : Isa::baseline;
}
}  // namespace strata
