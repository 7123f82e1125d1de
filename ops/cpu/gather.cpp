// Gather and scatter on the CPU: first every position's offset, then slices, run by run.
// NOTE [scatter in parallel]  Batches and slice axes before the positions write to different places, so they are shared
// out among threads. Where there are too few of them, threads share out the targets: each walks all positions in order
// and takes those whose offset lies in its own range. Either way the updates of one place are combined in their order.
#include "strata/ops/cpu/gather.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/strided.hpp"
#include "strata/ops/cpu/widths.hpp"

namespace strata {
namespace {

constexpr std::int64_t grain = 16 * 1024;  // elements

/// Walks a shape in row-major order with offsets of two operands.
class Walk {
 public:
  Walk(const Shape& shape, const Strides& a, const Strides& b, std::int64_t begin) : shape_(shape), a_(a), b_(b) {
    for (int i = shape.size() - 1; i >= 0; --i) {
      index_[i] = shape[i] ? begin % shape[i] : 0;
      begin = shape[i] ? begin / shape[i] : 0;
      first += index_[i] * a[i];
      second += index_[i] * b[i];
    }
  }
  void next() {
    for (int i = shape_.size() - 1; i >= 0; --i) {
      first += a_[i];
      second += b_[i];
      if (++index_[i] < shape_[i]) return;
      first -= a_[i] * shape_[i];
      second -= b_[i] * shape_[i];
      index_[i] = 0;
    }
  }
  std::int64_t first = 0, second = 0;

 private:
  const Shape &shape_, &a_, &b_;
  std::int64_t index_[max_rank];
};

template <class T>
void resolve(const SliceGeometry& g, const T* index, std::int64_t* offsets) {
  const Shape shape = g.batch + g.positions;
  Strides x = g.x_batch, at = g.index_batch + g.index_positions;
  x.resize(shape.size(), 0);
  parallel_for(shape.elements(), grain, [&](std::int64_t begin, std::int64_t end) {
    Walk walk(shape, x, at, begin);
    for (std::int64_t p = begin; p < end; ++p, walk.next()) {
      std::int64_t offset = walk.first;
      for (int k = 0; k < g.depth; ++k) {
        auto i = static_cast<std::int64_t>(index[walk.second + k * g.index_step]);
        if (!settle_index(g.size[k], g.last[k], g.mode, g.from_end, i)) {
          offset = outside;
          break;
        }
        offset += i * g.x_step[k];
      }
      offsets[p] = offset;
    }
  });
}

/// The axes behind the positions, merged: runs of equal stride.
struct Runs {
  int outer = 0;  // axes other than the innermost
  Shape shape, strides;
  std::int64_t length = 1, step = 1, count = 1, elements = 1;

  explicit Runs(const SliceGeometry& g) {
    std::int64_t size[max_rank], stride[max_rank];
    std::copy(g.after.begin(), g.after.end(), size);
    std::copy(g.x_after.begin(), g.x_after.end(), stride);
    std::int64_t* strides_of[] = {stride};
    const int rank = merge_axes(g.after.size(), size, strides_of, 1);
    elements = g.after.elements();
    if (rank > 0) {
      length = size[rank - 1];
      step = stride[rank - 1];
      outer = rank - 1;
    }
    for (int i = 0; i < outer; ++i) {
      shape.push_back(size[i]);
      strides.push_back(stride[i]);
      count *= size[i];
    }
  }
  /// f(offset in x, offset in the packed slice) for each run.
  template <class F>
  void each(std::int64_t offset, F f) const {
    if (outer == 0) return f(offset, std::int64_t{0});
    Walk walk(shape, strides, strides, 0);
    for (std::int64_t i = 0; i < count; ++i, walk.next()) f(offset + walk.first, i * length);
  }
};

template <class T>
void gather_typed(const SliceGeometry& g, const std::int64_t* offsets, const T* x, T* y, T fill) {
  const Runs runs(g);
  const std::int64_t positions = g.positions.elements(), before = g.before.elements(), n = runs.elements;
  const std::int64_t rows = g.batch.elements() * before * positions;
  if (n == 0) return;
  parallel_for(rows, std::max<std::int64_t>(1, grain / n), [&](std::int64_t begin, std::int64_t end) {
    std::int64_t row = begin;
    while (row < end) {  // one batch and one place before the positions at a time
      const std::int64_t group = row / positions, p = row % positions;
      const std::int64_t count = std::min(end - row, positions - p);
      const std::int64_t* at = offsets + group / before * positions + p;
      const T* from = x + Walk(g.before, g.x_before, g.x_before, group % before).first;
      T* to = y + row * n;
      for (std::int64_t i = 0; i < count; ++i, to += n) {
        if (at[i] == outside)
          std::fill(to, to + n, fill);
        else if (n == 1)
          *to = from[at[i]];
        else
          runs.each(at[i], [&](std::int64_t offset, std::int64_t packed) {
            if (runs.step == 1)
              std::memcpy(to + packed, from + offset, static_cast<std::size_t>(runs.length) * sizeof(T));
            else
              for (std::int64_t k = 0; k < runs.length; ++k) to[packed + k] = from[offset + k * runs.step];
          });
      }
      row += count;
    }
  });
}

/// One group's positions whose offset is in [low, high).
template <class F, class T>
void scatter_group(const Runs& runs, const std::int64_t* offsets, std::int64_t positions, std::int64_t low,
                   std::int64_t high, T* x, const T* u) {
  const std::int64_t n = runs.elements;
  for (std::int64_t p = 0; p < positions; ++p, u += n) {
    if (offsets[p] == outside || offsets[p] < low || offsets[p] >= high) continue;
    runs.each(offsets[p], [&](std::int64_t offset, std::int64_t packed) {
      T* to = x + offset;
      const T* from = u + packed;
      if (runs.step == 1)
        for (std::int64_t k = 0; k < runs.length; ++k) to[k] = F::of(to[k], from[k]);
      else
        for (std::int64_t k = 0; k < runs.length; ++k) to[k * runs.step] = F::of(to[k * runs.step], from[k]);
    });
  }
}

template <class F, class T>
void scatter_typed(const SliceGeometry& g, const std::int64_t* offsets, T* x, const T* u) {
  const Runs runs(g);
  const std::int64_t positions = g.positions.elements(), before = g.before.elements(), n = runs.elements;
  const std::int64_t groups = g.batch.elements() * before, work = positions * n;
  bool windows = false;  // slices at different offsets may overlap
  for (int k = 0; k < g.depth; ++k) windows |= g.last[k] + 1 != g.size[k];
  const auto run = [&](std::int64_t group, std::int64_t low, std::int64_t high) {
    T* to = x + Walk(g.before, g.x_before, g.x_before, group % before).first;
    scatter_group<F>(runs, offsets + group / before * positions, positions, low, high, to, u + group * work);
  };
  if (groups == 0 || work == 0) return;
  if (windows || groups * work <= grain || groups >= 2 * num_threads()) {  // See NOTE [scatter in parallel].
    return parallel_for(groups, std::max<std::int64_t>(1, grain / work), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) run(i, outside + 1, INT64_MAX);
    });
  }
  std::int64_t low = INT64_MAX, high = outside;
  for (std::int64_t p = 0; p < g.batch.elements() * positions; ++p) {
    if (offsets[p] == outside) continue;
    low = std::min(low, offsets[p]);
    high = std::max(high, offsets[p]);
  }
  if (low > high) return;
  const std::int64_t parts = std::min<std::int64_t>(num_threads(), high - low + 1), width = (high - low) / parts + 1;
  parallel_chunks(groups * parts, [&](std::int64_t i) {
    const std::int64_t from = low + i % parts * width;
    run(i / parts, from, from + width);
  });
}

template <class F>
void scatter_numbers(const SliceGeometry& g, const std::int64_t* offsets, std::byte* x, const std::byte* u, Dtype d) {
  visit(d, [&]<class T>(T) {
    if constexpr (std::is_same_v<T, bool>)
      scatter_typed<F>(g, offsets, reinterpret_cast<std::uint8_t*>(x), reinterpret_cast<const std::uint8_t*>(u));
    else if constexpr (std::is_arithmetic_v<T>)
      scatter_typed<F>(g, offsets, reinterpret_cast<T*>(x), reinterpret_cast<const T*>(u));
  });
}

}  // namespace

namespace cpu_kernel {
namespace {

const std::int64_t* int64s(const Tensor& x) { return reinterpret_cast<const std::int64_t*>(dense(x).data); }

}  // namespace

Tensor resolve_positions(const SliceGeometry& g, const Tensor& index) {
  const Tensor offsets = empty_dense({g.batch.elements() * g.positions.elements()}, Dtype::int64);
  auto* to = reinterpret_cast<std::int64_t*>(dense(offsets).data);
  if (index.dtype() == Dtype::int32)
    resolve(g, reinterpret_cast<const std::int32_t*>(dense(index).data), to);
  else
    resolve(g, int64s(index), to);
  return offsets;
}

void gather_slices(const SliceGeometry& g, const Tensor& offsets, const Tensor& x, const Tensor& y, const void* fill) {
  visit_width(itemsize(x.dtype()), [&]<class T>(T) {
    T value;
    std::memcpy(&value, fill, sizeof value);
    gather_typed(g, int64s(offsets), reinterpret_cast<const T*>(dense(x).data), reinterpret_cast<T*>(dense(y).data),
                 value);
  });
}

void scatter_slices(const SliceGeometry& g, const Tensor& offsets, const Tensor& x, const Tensor& u, ScatterKind kind) {
  const Dtype d = x.dtype();
  const std::int64_t* at = int64s(offsets);
  std::byte* to = dense(x).data;
  const std::byte* from = dense(u).data;
  switch (d == Dtype::bool_ ? of_bools(kind) : kind) {
    case ScatterKind::set:
      return visit_width(itemsize(d), [&]<class T>(T) {
        scatter_typed<combine::Set>(g, at, reinterpret_cast<T*>(to), reinterpret_cast<const T*>(from));
      });
    case ScatterKind::add:
      return scatter_numbers<combine::Add>(g, at, to, from, d);
    case ScatterKind::mul:
      return scatter_numbers<combine::Mul>(g, at, to, from, d);
    case ScatterKind::max:
      return scatter_numbers<combine::Max>(g, at, to, from, d);
    default:
      return scatter_numbers<combine::Min>(g, at, to, from, d);
  }
}

void keep_winners(const SliceGeometry& g, const Tensor& where) {
  auto* offsets = reinterpret_cast<std::int64_t*>(dense(where).data);
  const std::int64_t n = g.positions.elements();
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  for (std::int64_t b = 0; b < g.batch.elements(); ++b, offsets += n) {
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(),
              [&](auto i, auto j) { return offsets[i] != offsets[j] ? offsets[i] < offsets[j] : i < j; });
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
      if (offsets[order[i]] == offsets[order[i + 1]])
        order[i] = -order[i] - 1;  // settled below: offsets are still read
    }
    for (std::int64_t i : order) {
      if (i < 0) offsets[-i - 1] = outside;
    }
  }
}

}  // namespace cpu_kernel
}  // namespace strata
