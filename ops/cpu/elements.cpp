// Copies, fills and counting on the CPU, and the row of its element kernels. Called through backend(x).elements.
#include "strata/ops/cpu/elements.hpp"

#include <cstring>

#include "strata/core/convert.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/backend/elements.hpp"
#include "strata/ops/counting.hpp"
#include "strata/ops/cpu/strided.hpp"

namespace strata {
namespace {

constexpr std::int64_t grain = 32 * 1024;  // elements

Tensor packed(const Tensor& x) {
  if (dense(x).contiguous) return x;
  const Dense& d = dense(x);
  Tensor y = empty_dense(d.shape, d.dtype, cpu, d.weak);
  copy_strided(d.data, itemsize(d.dtype), d.shape, d.strides, dense(y).data);
  return y;
}

/// Row-major into row-major of another dtype.
void convert_dense(const Dense& from, const Dense& to) {
  parallel_for(from.size, grain, [&](std::int64_t b, std::int64_t e) {
    convert_run(from.data + b * itemsize(from.dtype), from.dtype, to.data + b * itemsize(to.dtype), to.dtype, e - b);
  });
}

void copy(const Tensor& from, const Tensor& to) {
  const Dense &a = dense(from), &b = dense(to);
  if (a.dtype != b.dtype) {
    const Tensor source = packed(from);
    if (b.contiguous) return convert_dense(dense(source), b);
    const Tensor converted = empty_dense(b.shape, b.dtype);
    convert_dense(dense(source), dense(converted));
    return copy(converted, to);
  }
  if (b.contiguous) return copy_strided(a.data, itemsize(a.dtype), a.shape, a.strides, b.data);
  copy_box(a.data, a.strides, b.data, b.strides, a.shape, itemsize(a.dtype));
}

void fill(const Tensor& to, const void* value) {
  const Dense& d = dense(to);
  const auto* bytes = static_cast<const std::byte*>(value);
  if (d.contiguous) return fill_memory(d.data, bytes, itemsize(d.dtype), d.size);
  alignas(8) std::byte one[8];
  std::memcpy(one, value, static_cast<std::size_t>(itemsize(d.dtype)));
  const Strides still = Strides::filled(d.shape.size(), 0);
  copy_box(one, still, d.data, d.strides, d.shape, itemsize(d.dtype));
}

void count(const Tensor& to, const Counting& c) {
  const Dense& d = dense(to);
  visit(d.dtype, [&]<class T>(T) {
    auto* y = reinterpret_cast<T*>(d.data);
    parallel_for(d.size, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) y[i] = counted<T>(c, i);
    });
  });
}

}  // namespace

const ElementKernels cpu_elements{&pointwise_dense, &copy, &fill, &count};

}  // namespace strata
