// The loops behind core/convert.hpp: one per pair of dtypes.
#include "strata/core/convert.hpp"

#include <cstddef>
#include <cstring>

#include "strata/core/convert_half.hpp"

namespace strata {

void convert_run(const void* from, Dtype from_dtype, void* to, Dtype to_dtype, std::int64_t n) {
  if (from_dtype == to_dtype) {
    if (n > 0) std::memcpy(to, from, static_cast<std::size_t>(n) * static_cast<std::size_t>(itemsize(to_dtype)));
    return;
  }
  const std::int64_t done = convert_half_run(from, from_dtype, to, to_dtype, n);
  visit(from_dtype, [&]<class From>(From) {
    visit(to_dtype, [&]<class To>(To) {
      const auto* f = static_cast<const From*>(from);
      auto* t = static_cast<To*>(to);
      for (std::int64_t i = done; i < n; ++i) t[i] = convert<To>(f[i]);
    });
  });
}

void convert_element(const void* from, Dtype from_dtype, void* to, Dtype to_dtype) {
  convert_run(from, from_dtype, to, to_dtype, 1);
}

namespace {

struct Walk {
  const std::byte* from;
  Dtype from_dtype;
  const Shape& shape;
  const Strides& strides;
  std::byte* to;
  Dtype to_dtype;

  void axis(int a, std::int64_t offset) {
    const int rank = shape.size();
    if (a == rank || (a == rank - 1 && strides[a] == 1)) {
      const std::int64_t n = a == rank ? 1 : shape[a];
      convert_run(from + offset * itemsize(from_dtype), from_dtype, to, to_dtype, n);
      to += n * itemsize(to_dtype);
      return;
    }
    for (std::int64_t i = 0; i < shape[a]; ++i) axis(a + 1, offset + i * strides[a]);
  }
};

}  // namespace

void convert_strided(const void* from, Dtype from_dtype, const Shape& shape, const Strides& strides, void* to,
                     Dtype to_dtype) {
  if (is_row_major(shape, strides)) return convert_run(from, from_dtype, to, to_dtype, shape.elements());
  Walk{static_cast<const std::byte*>(from), from_dtype, shape, strides, static_cast<std::byte*>(to), to_dtype}.axis(0,
                                                                                                                    0);
}

}  // namespace strata
