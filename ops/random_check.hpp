// What every random function checks first. Called by ops/random*.cpp; messages name the function as the user wrote it.
#pragma once
#include "strata/core/tensor.hpp"

namespace strata::random {

/// A single key: DtypeError or ShapeError otherwise.
void check_key(const char* function, const Tensor& key);
/// No negative sizes: ShapeError otherwise.
void check_shape(const char* function, const Shape& shape);
/// A float dtype: DtypeError otherwise.
void check_float(const char* function, Dtype dtype);

}  // namespace strata::random
