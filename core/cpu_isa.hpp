// tmp
#pragma once
namespace strata {
enum class Isa { baseline, avx2, avx512 };
Isa cpu_isa();
}  // namespace strata
