// Detects the instruction sets of this CPU, once, and obeys STRATA_ISA. See cpu_isa.hpp.
#include "strata/core/cpu_isa.hpp"

#include <cstdlib>
#include <string>
#include <string_view>

#include "strata/core/error.hpp"

#if STRATA_X86_ISAS
#include <cpuid.h>
#endif

namespace strata {

const char* isa_name(Isa isa) noexcept {
  switch (isa) {
    case Isa::avx512:
      return "avx512";
    case Isa::avx2:
      return "avx2";
    case Isa::baseline:
      break;
  }
  return "baseline";
}

Isa best_cpu_isa() noexcept {
#if STRATA_X86_ISAS
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool f16c = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;  // clang's builtin knows no "f16c"
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && f16c;
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
    return Isa::avx512;
  }
  if (avx2) return Isa::avx2;
#endif
  return Isa::baseline;
}

namespace {

Isa choose() {
  const Isa best = best_cpu_isa();
  const char* const asked = std::getenv("STRATA_ISA");
  if (asked == nullptr || *asked == '\0') return best;
  for (const Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    if (std::string_view(asked) != isa_name(isa)) continue;
    if (isa <= best) return isa;
    throw DeviceError("STRATA_ISA=" + std::string(asked) + ": this CPU has no such instructions, its best set is " +
                      isa_name(best) + "; unset STRATA_ISA or ask for that");
  }
  throw ValueError("STRATA_ISA=" + std::string(asked) + ": no such instruction set; baseline, avx2 and avx512 exist");
}

}  // namespace

Isa cpu_isa() {
  static const Isa isa = choose();
  return isa;
}

}  // namespace strata
