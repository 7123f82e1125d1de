// Slices of tensors on a GPU: geometry for the kernels of ops/cuda/slices.cu and scatter.cu. Boxes are strided copies.
// Called through backend(x).slices.
#include "strata/ops/backend/slices.hpp"

#include <algorithm>
#include <cstring>

#include "strata/ops/backend/elements.hpp"
#include "strata/ops/cpu/strided.hpp"
#include "strata/ops/cuda/tensors.hpp"

namespace strata::gpu {
namespace {

const std::int64_t* int64s(const Tensor& x) { return reinterpret_cast<const std::int64_t*>(dense(x).data); }

void put_strides(const Strides& from, std::int64_t* to) { std::copy(from.begin(), from.end(), to); }

/// The axes of `shape`, neighbours merged where these strides allow it.
Axes merged(const Shape& shape, const Strides& strides, std::int64_t* out) {
  Axes a = axes_of(shape);
  put_strides(strides, out);
  std::int64_t* all[] = {out};
  a.rank = merge_axes(a.rank, a.shape, all, 1);
  return a;
}

Tensor resolve(const SliceGeometry& g, const Tensor& index) {
  const Tensor offsets = empty_dense({g.batch.elements() * g.positions.elements()}, Dtype::int64, dense(index).device);
  ResolveCall c;
  c.axes = axes_of(g.batch + g.positions);
  Strides x = g.x_batch;
  x.resize(c.axes.rank, 0);
  put_strides(x, c.x);
  put_strides(g.index_batch + g.index_positions, c.index);
  c.depth = g.depth;
  c.index_step = g.index_step;
  std::copy_n(g.x_step, g.depth, c.x_step);
  std::copy_n(g.size, g.depth, c.size);
  std::copy_n(g.last, g.depth, c.last);
  c.mode = g.mode;
  c.from_end = g.from_end;
  c.wide = index.dtype() == Dtype::int64;
  c.indices = dense(index).data;
  c.offsets = reinterpret_cast<std::int64_t*>(dense(offsets).data);
  if (offsets.size() > 0) check("gather", index, kernels(index).slices.resolve(index_of(index), c));
  return offsets;
}

SlicesCall slices_of(const SliceGeometry& g, const Tensor& offsets, Dtype dtype) {
  SlicesCall s;
  s.offsets = int64s(offsets);
  s.batch = g.batch.elements();
  s.positions = g.positions.elements();
  s.before = merged(g.before, g.x_before, s.x_before);
  s.after = merged(g.after, g.x_after, s.x_after);
  s.dtype = dtype;
  return s;
}

bool empty(const SlicesCall& s) { return s.batch == 0 || s.positions == 0 || s.before.size == 0 || s.after.size == 0; }

void gather(const SliceGeometry& g, const Tensor& offsets, const Tensor& x, const Tensor& y, const void* fill) {
  GatherCall c{slices_of(g, offsets, x.dtype()), dense(x).data, dense(y).data, {}};
  std::memcpy(c.fill, fill, static_cast<std::size_t>(itemsize(x.dtype())));
  if (!empty(c.s)) check("gather", x, kernels(x).slices.gather(index_of(x), c));
}

/// One more than the greatest offset that an index can mean.
std::int64_t extent(const SliceGeometry& g) {
  std::int64_t n = 1;
  for (int i = 0; i < g.batch.size(); ++i) n += (g.batch[i] - 1) * g.x_batch[i];
  for (int k = 0; k < g.depth; ++k) n += std::max<std::int64_t>(g.last[k], 0) * g.x_step[k];
  return n;
}

void scatter(const SliceGeometry& g, const Tensor& offsets, const Tensor& x, const Tensor& u, ScatterKind kind) {
  ScatterCall c;
  c.s = slices_of(g, offsets, x.dtype());
  if (empty(c.s)) return;
  c.extent = extent(g);
  c.kind = x.dtype() == Dtype::bool_ ? of_bools(kind) : kind;
  c.overlapping = false;
  for (int k = 0; k < g.depth; ++k) c.overlapping |= g.last[k] + 1 != g.size[k];
  c.distinct = c.s.positions == 1;
  c.x = dense(x).data;
  c.u = dense(u).data;
  check("scatter", x, kernels(x).slices.scatter(index_of(x), c));
}

void keep_winners(const SliceGeometry& g, const Tensor& offsets) {
  const WinnersCall c{reinterpret_cast<std::int64_t*>(dense(offsets).data), offsets.size(), extent(g)};
  if (c.n > 0) check("gather", offsets, kernels(offsets).slices.keep_winners(index_of(offsets), c));
}

// ---- boxes and lanes

void write(const Tensor& x, const Tensor& y, const Strides& strides, std::int64_t offset) {
  cuda_elements.copy(x, view_of(y, x.shape(), strides, offset));
}

void write_row(const Tensor& x, const Tensor& y, std::int64_t t) { write(x, y, row_major(x.shape()), t * x.size()); }

/// Slices of x along an axis that begin at positions known on the host; the offsets, on the GPU, live in `offsets`.
SlicesCall lanes_of(const Tensor& x, int axis, std::span<const std::int64_t> positions, Tensor& offsets) {
  const Dense& d = dense(x);
  const Tensor host = empty_dense({positions.size()}, Dtype::int64);
  auto* to = reinterpret_cast<std::int64_t*>(dense(host).data);
  for (std::size_t i = 0; i < positions.size(); ++i) to[i] = positions[i] * d.strides[axis];
  offsets = copy_to_device("take_lanes", host, d.device);
  SliceGeometry g;
  const int rank = d.shape.size();
  g.positions = {positions.size()};
  g.before = d.shape.slice(0, axis), g.x_before = d.strides.slice(0, axis);
  g.after = d.shape.slice(axis + 1, rank), g.x_after = d.strides.slice(axis + 1, rank);
  return slices_of(g, offsets, d.dtype);
}

void take(const Tensor& x, int axis, std::span<const std::int64_t> positions, const Tensor& y) {
  if (y.size() == 0) return;
  Tensor offsets;
  const GatherCall c{lanes_of(x, axis, positions, offsets), dense(x).data, dense(y).data, {}};
  check("take_lanes", x, kernels(x).slices.gather(index_of(x), c));
}

void put(const Tensor& x, int axis, std::span<const std::int64_t> positions, const Tensor& y) {
  if (x.size() == 0) return;
  const Tensor packed = empty_dense(x.shape(), x.dtype(), dense(x).device);
  cuda_elements.copy(x, packed);
  Tensor offsets;
  ScatterCall c;
  c.s = lanes_of(y, axis, positions, offsets);
  c.extent = y.size();
  c.kind = ScatterKind::set;
  c.overlapping = false;
  c.distinct = true;
  c.x = dense(y).data;
  c.u = dense(packed).data;
  check("put_lanes", y, kernels(y).slices.scatter(index_of(y), c));
}

void triangle(const Tensor& y, std::int64_t k, bool upper) {
  const Shape& s = y.shape();
  const TriangleCall c{dense(y).data, itemsize(y.dtype()), y.size(), s[s.size() - 2], s.back(), k, upper};
  if (c.n > 0) check("triangle", y, kernels(y).slices.triangle(index_of(y), c));
}

}  // namespace
}  // namespace strata::gpu

namespace strata {
const SlicesKernels cuda_slices{&gpu::resolve,   &gpu::gather, &gpu::scatter, &gpu::keep_winners, &gpu::write,
                                &gpu::write_row, &gpu::take,   &gpu::put,     &gpu::triangle};
}
