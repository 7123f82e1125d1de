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

/// Every offset in x that `g` can name is a multiple of n elements, and so is where x begins.
bool multiples_of(const SliceGeometry& g, const GatherCall& c, std::int64_t n) {
  const auto divides = [n](std::int64_t step) { return step % n == 0; };
  const auto begin = reinterpret_cast<std::uintptr_t>(c.x);
  return std::all_of(g.x_batch.begin(), g.x_batch.end(), divides) &&
         std::all_of(g.x_step, g.x_step + g.depth, divides) &&
         std::all_of(c.s.x_before, c.s.x_before + c.s.before.rank, divides) &&
         std::all_of(c.s.x_after, c.s.x_after + c.s.after.rank - 1, divides) &&
         begin % static_cast<std::uintptr_t>(n * itemsize(c.s.dtype)) == 0;
}

/// Larger units, up to 16 bytes, where slices are made of them.
void widen(const SliceGeometry& g, GatherCall& c) {
  Axes& after = c.s.after;
  if (after.rank == 0 || c.s.x_after[after.rank - 1] != 1) return;
  std::int64_t& run = after.shape[after.rank - 1];
  while (c.unit < 16 && run % 2 == 0 && multiples_of(g, c, std::int64_t{2} << c.shift)) {
    std::memcpy(c.fill + c.unit, c.fill, static_cast<std::size_t>(c.unit));
    c.unit *= 2;
    ++c.shift;
    run /= 2;
    after.size /= 2;
  }
  for (int k = 0; k < c.s.before.rank; ++k) c.s.x_before[k] >>= c.shift;
  for (int k = 0; k + 1 < after.rank; ++k) c.s.x_after[k] >>= c.shift;
}

void gather_as(const SliceGeometry& g, const SlicesCall& s, const Tensor& x, const Tensor& y, const void* fill) {
  GatherCall c{s, dense(x).data, dense(y).data, itemsize(s.dtype), 0, {}};
  if (fill) std::memcpy(c.fill, fill, static_cast<std::size_t>(c.unit));
  widen(g, c);
  check("gather", x, kernels(x).slices.gather(index_of(x), c));
}

void gather(const SliceGeometry& g, const Tensor& offsets, const Tensor& x, const Tensor& y, const void* fill) {
  const SlicesCall s = slices_of(g, offsets, x.dtype());
  if (!empty(s)) gather_as(g, s, x, y, fill);
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

/// Slices of x along an axis that begin at positions known on the host.
SliceGeometry lanes_of(const Tensor& x, int axis, std::int64_t positions) {
  const Dense& d = dense(x);
  const int rank = d.shape.size();
  SliceGeometry g;
  g.positions = {positions};
  g.depth = 1;
  g.x_step[0] = d.strides[axis];
  g.before = d.shape.slice(0, axis), g.x_before = d.strides.slice(0, axis);
  g.after = d.shape.slice(axis + 1, rank), g.x_after = d.strides.slice(axis + 1, rank);
  return g;
}

/// Their offsets, on the GPU.
Tensor offsets_of(const Tensor& x, int axis, std::span<const std::int64_t> positions) {
  const Dense& d = dense(x);
  const Tensor host = empty_dense({positions.size()}, Dtype::int64);
  auto* to = reinterpret_cast<std::int64_t*>(dense(host).data);
  for (std::size_t i = 0; i < positions.size(); ++i) to[i] = positions[i] * d.strides[axis];
  return copy_to_device("take_lanes", host, d.device);
}

void take(const Tensor& x, int axis, std::span<const std::int64_t> positions, const Tensor& y) {
  if (y.size() == 0) return;
  const Tensor offsets = offsets_of(x, axis, positions);
  const SliceGeometry g = lanes_of(x, axis, offsets.size());
  gather_as(g, slices_of(g, offsets, x.dtype()), x, y, nullptr);
}

void put(const Tensor& x, int axis, std::span<const std::int64_t> positions, const Tensor& y) {
  if (x.size() == 0) return;
  const Tensor packed = empty_dense(x.shape(), x.dtype(), dense(x).device);
  cuda_elements.copy(x, packed);
  const Tensor offsets = offsets_of(y, axis, positions);
  ScatterCall c;
  c.s = slices_of(lanes_of(y, axis, offsets.size()), offsets, y.dtype());
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
