// Half types to and from float32, eight at a time where the machine can (AVX2 and F16C). Called by convert_run only;
// the results are those of BFloat16 and Float16 in core/dtype.hpp, bit for bit except for payloads of NaN.
#pragma once
#include <cstdint>

#include "strata/core/dtype.hpp"

namespace strata {

/// Converts the first elements of a run between float32 and a half type and returns how many: a multiple of eight, 0
/// for other dtypes and other machines.
std::int64_t convert_half_run(const void* from, Dtype from_dtype, void* to, Dtype to_dtype, std::int64_t n);

}  // namespace strata
