// Which instruction set the CPU kernels of this process use. Kernels exist once per set, in namespaces of these names; whoever
// calls one asks cpu_isa(), which is decided once and never changes.
#pragma once

namespace strata {

/// The sets kernels are compiled for, smallest first: x86-64 with SSE2 (or any other machine); AVX2, FMA and F16C;
/// AVX-512 F, DQ, BW and VL.
enum class Isa { baseline, avx2, avx512 };

/// The largest set this CPU has, or the smaller one that the environment variable STRATA_ISA (baseline, avx2, avx512) asks for.
/// Throws ValueError if it names something else, DeviceError if it names a set that the CPU lacks.
///     if (cpu_isa() == Isa::avx512) avx512::run(x); else ...
Isa cpu_isa();

/// The largest set this CPU has, whatever the environment says.
Isa best_cpu_isa() noexcept;

/// "baseline", "avx2" or "avx512".
const char* isa_name(Isa isa) noexcept;

}  // namespace strata
