// What functions that take indices ask of them. Called by ops/index*.cpp.
#pragma once
#include <optional>

#include "strata/core/tensor.hpp"

namespace strata {

/// DtypeError that names `op` unless the indices are integers.
void check_indices(const char* op, const Tensor& index);
/// The value of an integer scalar; absent when vmap maps it.
std::optional<std::int64_t> host_integer(const Tensor& x);

}  // namespace strata
