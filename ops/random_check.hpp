// What every random function checks first. Called by ops/random*.cpp; messages name the function as the user wrote it.
#pragma once
#include <initializer_list>
#include <utility>

#include "strata/ops/menu/create.hpp"
#include "strata/ops/menu/random.hpp"

namespace strata::random {

/// A single key: DtypeError or ShapeError otherwise.
void check_key(const char* function, const Tensor& key);
/// A parameter that may be a scalar of the CPU, on the key's device.
inline Tensor beside(const Tensor& key, Tensor x) {
  if (x.ndim() > 0 || x.device() == key.device()) return x;
  const bool known = x.is_dense() && x.device() == cpu;  // goes along with a kernel, so that st::capture can record it
  return known ? full({}, std::move(x), {.device = key.device()}) : x.to(key.device());
}
/// No negative sizes: ShapeError otherwise.
void check_shape(const char* function, const Shape& shape);
/// A float dtype: DtypeError otherwise.
void check_float(const char* function, Dtype dtype);
/// An integer dtype: DtypeError otherwise.
void check_integer(const char* function, Dtype dtype);
/// The shape that was given, to which the parameters must broadcast, or else theirs: ShapeError otherwise.
Shape draw_shape(const char* function, const DrawShape& given,
                 std::initializer_list<std::pair<const char*, const Tensor*>> parameters);
/// int32 places along `axis` of a tensor of this shape, each vector of it in an order of its own.
Tensor order(const char* function, Tensor key, const Shape& shape, int axis);

}  // namespace strata::random
