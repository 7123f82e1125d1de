// Boxes, lanes and triangles on the CPU, and the row of its slice kernels. Called through backend(x).slices; gather and
// scatter are in gather.cpp.
#include <algorithm>
#include <cstring>

#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/gather.hpp"
#include "strata/ops/cpu/strided.hpp"

namespace strata {
namespace {

constexpr std::int64_t small_bytes = 64 * 1024;  // of a row-major slice that one thread copies as it lies

void write(const Tensor& x, const Tensor& y, const Strides& strides, std::int64_t offset) {
  const Dense& d = dense(x);
  const int size = itemsize(d.dtype);
  copy_box(d.data, d.strides, dense(y).data + offset * size, strides, d.shape, size);
}

void write_row(const Tensor& x, const Tensor& y, std::int64_t t) {
  const Dense& d = dense(x);
  const std::int64_t bytes = d.size * itemsize(d.dtype);
  std::byte* to = dense(y).data + t * bytes;
  if (d.contiguous && bytes <= small_bytes)
    std::memcpy(to, d.data, static_cast<std::size_t>(bytes));
  else
    copy_strided(d.data, itemsize(d.dtype), d.shape, d.strides, to);
}

// ---- lanes

/// Row-major memory seen as [outer, n, inner bytes].
struct Slabs {
  std::byte* data;
  std::int64_t outer, n, inner;
  Slabs(const Tensor& x, int axis) : data(dense(x).data), outer(1), n(x.shape()[axis]), inner(itemsize(x.dtype())) {
    for (int i = 0; i < axis; ++i) outer *= x.shape()[i];
    for (int i = axis + 1; i < x.ndim(); ++i) inner *= x.shape()[i];
  }
  std::byte* at(std::int64_t o, std::int64_t i) const { return data + (o * n + i) * inner; }
};

template <std::size_t bytes, class From, class To>
void copy_fixed(std::int64_t o, std::int64_t begin, std::int64_t end, From from, To to) {
  for (std::int64_t i = begin; i < end; ++i) std::memcpy(to(o, i), from(o, i), bytes);
}

/// Copies k slices of `inner` bytes for each outer index; from(o, i) and to(o, i) say where.
template <class From, class To>
void copy_slices(std::int64_t outer, std::int64_t k, std::int64_t inner, From from, To to) {
  if (inner == 0) return;
  const std::int64_t grain = std::max<std::int64_t>(1, (64 << 10) / inner);
  parallel_for(outer * k, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t at = begin; at < end;) {
      const std::int64_t o = at / k, first = at % k, last = std::min(k, first + end - at);
      if (inner == 4) {
        copy_fixed<4>(o, first, last, from, to);
      } else if (inner == 8) {
        copy_fixed<8>(o, first, last, from, to);
      } else {
        for (std::int64_t i = first; i < last; ++i) std::memcpy(to(o, i), from(o, i), static_cast<std::size_t>(inner));
      }
      at += last - first;
    }
  });
}

Tensor row_major_of(const Tensor& x) {
  const Dense& d = dense(x);
  if (d.contiguous) return x;
  Tensor y = empty_dense(d.shape, d.dtype);
  copy_strided(d.data, itemsize(d.dtype), d.shape, d.strides, dense(y).data);
  return y;
}

void take(const Tensor& x, int axis, std::span<const std::int64_t> at, const Tensor& y) {
  const Tensor packed = row_major_of(x);
  const Slabs from(packed, axis), to(y, axis);
  copy_slices(
      to.outer, to.n, to.inner,
      [&](std::int64_t o, std::int64_t i) { return from.at(o, at[static_cast<std::size_t>(i)]); },
      [&](std::int64_t o, std::int64_t i) { return to.at(o, i); });
}

void put(const Tensor& x, int axis, std::span<const std::int64_t> at, const Tensor& y) {
  const Tensor packed = row_major_of(x);
  const Slabs from(packed, axis), to(y, axis);
  copy_slices(
      from.outer, from.n, from.inner, [&](std::int64_t o, std::int64_t i) { return from.at(o, i); },
      [&](std::int64_t o, std::int64_t i) { return to.at(o, at[static_cast<std::size_t>(i)]); });
}

// ---- triangles

void triangle(const Tensor& y, std::int64_t k, bool upper) {
  const Shape& shape = y.shape();
  const std::int64_t columns = shape.back(), rows = shape[shape.size() - 2], size = itemsize(y.dtype());
  std::byte* data = dense(y).data;
  const std::int64_t all_rows = columns > 0 ? y.size() / columns : 0;
  const std::int64_t grain = std::max<std::int64_t>(1, 65536 / std::max<std::int64_t>(1, columns));
  parallel_for(all_rows, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t edge = std::clamp<std::int64_t>(i % rows + k + (upper ? 0 : 1), 0, columns);
      const std::int64_t from = upper ? 0 : edge, to = upper ? edge : columns;
      std::memset(data + (i * columns + from) * size, 0, static_cast<std::size_t>((to - from) * size));
    }
  });
}

}  // namespace

const SlicesKernels cpu_slices{&cpu_kernel::resolve_positions,
                               &cpu_kernel::gather_slices,
                               &cpu_kernel::scatter_slices,
                               &cpu_kernel::keep_winners,
                               &write,
                               &write_row,
                               &take,
                               &put,
                               &triangle};

}  // namespace strata
