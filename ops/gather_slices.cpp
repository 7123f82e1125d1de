// How slices lie in a tensor: the arithmetic of Slices, which the gather and scatter ops and their batching rules use.
#include <algorithm>

#include "strata/ops/gather.hpp"

namespace strata {
namespace {

/// Position of x's axis among the indexed ones, -1 when it is not.
int which(const Slices& s, int axis) {
  for (int k = 0; k < s.axes.size(); ++k) {
    if (s.axes[k] == axis) return k;
  }
  return -1;
}

}  // namespace

Slices Slices::along(const Shape& from, int axis, IndexMode mode) {
  Slices s;
  s.from = from;
  s.axes = {axis};
  s.window = {1};
  s.mode = mode;
  return s;
}

Shape Slices::rest() const {
  Shape shape;
  for (int i = batch; i < from.size(); ++i) {
    const int k = which(*this, i);
    if (k < 0)
      shape.push_back(from[i]);
    else if (keep)
      shape.push_back(window[k]);
  }
  return shape;
}

Shape Slices::shape(const Shape& index) const {
  const Shape r = rest();
  return from.slice(0, batch) + r.slice(0, place) + index.slice(batch, index.size() - 1) + r.slice(place, r.size());
}

SliceGeometry Slices::geometry(const Strides& x, const Dense& index) const {
  SliceGeometry g;
  const int rank = index.shape.size() - 1;
  g.batch = from.slice(0, batch);
  g.x_batch = x.slice(0, batch);
  g.index_batch = index.strides.slice(0, batch);
  g.positions = index.shape.slice(batch, rank);
  g.index_positions = index.strides.slice(batch, rank);
  g.depth = axes.size();
  g.index_step = index.strides[rank];
  for (int k = 0; k < g.depth; ++k) {
    const int axis = static_cast<int>(axes[k]);
    g.x_step[k] = x[axis];
    g.size[k] = from[axis];
    g.last[k] = from[axis] - window[k];
  }
  int at = 0;
  for (int i = batch; i < from.size(); ++i) {
    const int k = which(*this, i);
    if (k >= 0 && !keep) continue;
    const bool before = at++ < place;
    (before ? g.before : g.after).push_back(k < 0 ? from[i] : window[k]);
    (before ? g.x_before : g.x_after).push_back(x[i]);
  }
  g.mode = mode;
  g.from_end = from_end;
  return g;
}

bool Slices::windows_overlap() const {
  return std::any_of(window.begin(), window.end(), [](std::int64_t w) { return w > 1; });
}

Slices Slices::reading_zero() const {
  Slices s = *this;
  s.fill = 0;
  if (s.mode == IndexMode::promised) s.mode = IndexMode::fill;
  return s;
}

Slices Slices::with_slice_axis(int axis, std::int64_t size, int& lane) const {
  Slices t = *this;
  lane = 0;
  for (int i = batch; i < axis; ++i) lane += keep || which(*this, i) < 0 ? 1 : 0;
  t.from.insert(axis, size);
  for (std::int64_t& a : t.axes) a += a >= axis ? 1 : 0;
  return t;
}

Slices Slices::with_batch_axis(std::int64_t size) const {
  Slices t = *this;
  t.from.insert(0, size);
  for (std::int64_t& a : t.axes) ++a;
  ++t.batch;
  ++t.lanes;
  return t;
}

}  // namespace strata
