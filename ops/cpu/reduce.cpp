// The walk of a reduction over strided memory: which axes are rows, which are columns, how work is cut and shared out.
// Three ways, chosen by strides: rows in place (the reduced elements are contiguous), columns in place (the kept ones
// are), and rows gathered (and converted) a tile at a time.
#include "strata/ops/cpu/reduce.hpp"

#include <algorithm>
#include <cstring>

#include "strata/core/convert.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/backend/reductions.hpp"
#include "strata/ops/cpu/axes.hpp"
#include "strata/ops/cpu/normalize.hpp"
#include "strata/ops/cpu/reduce_scan.hpp"
#include "strata/ops/cpu/reduce_table.hpp"
#include "strata/ops/cpu/scratch.hpp"
#include "strata/ops/cpu/strided.hpp"
#include "strata/ops/pending.hpp"

namespace strata {

namespace {

template <template <Isa> class Set>
const auto& table_of() {
#if STRATA_X86_ISAS
  if (cpu_isa() == Isa::avx512) return Set<Isa::avx512>::table;
  if (cpu_isa() == Isa::avx2) return Set<Isa::avx2>::table;
#endif
  return Set<Isa::baseline>::table;
}

}  // namespace

const ReduceKernel& reduce_kernel(Reducer r, Dtype compute) {
  if (r == Reducer::moments) return table_of<StatisticSet>().moments[compute == Dtype::float64];
  if (r == Reducer::logsumexp) return table_of<StatisticSet>().logsumexp[compute == Dtype::float64];
  return table_of<ReduceSet>().of[static_cast<int>(r)][static_cast<int>(compute)];
}

namespace {

constexpr std::int64_t piece = 4096;        // elements that add up in registers before a state is merged
constexpr std::int64_t part = 64 * 1024;    // elements of one result that one thread takes
constexpr std::int64_t gather_tile = 1024;  // elements of one row of a gathered tile
constexpr std::int64_t tile_rows = 16;      // rows of a gathered tile: a cache line of floats
constexpr std::int64_t state_group = 64;    // results whose states are made at once
constexpr std::int64_t piece_rows = 256;    // rows that add up in columns before states are merged
constexpr std::int64_t column_group = 1024;
constexpr std::int64_t grain = 32 * 1024;  // elements below which one thread is faster

struct Job {
  const ReduceKernel& kernel;
  Dtype dtype, compute;
  const std::byte* x;
  AxisRun kept, reduced;
  std::int64_t outputs = 1, length = 1;
  const ReduceResults& results;

  bool converts() const { return dtype != compute; }
  std::int64_t bytes() const { return itemsize(dtype); }
  const std::byte* at(std::int64_t offset) const { return x + offset * itemsize(dtype); }
  void done(const std::byte* states, std::int64_t first, std::int64_t n) const { results.store(states, first, n); }
};

/// Where the order of the reduced elements is free (not for argmax): largest strides outside, negative ones walked
/// backwards, neighbours merged.
void order_reduced(Job& job) {
  AxisRun& r = job.reduced;
  for (int i = 0; i < r.rank; ++i) {
    if (r.stride[i] >= 0) continue;
    job.x += (r.shape[i] - 1) * r.stride[i] * job.bytes();
    r.stride[i] = -r.stride[i];
  }
  for (int i = 1; i < r.rank; ++i) {
    for (int j = i; j > 0 && r.stride[j - 1] < r.stride[j]; --j) {
      std::swap(r.stride[j - 1], r.stride[j]);
      std::swap(r.shape[j - 1], r.shape[j]);
    }
  }
}

void make_axes(Job& job, const Dense& x, AxisSet axes, bool ordered) {
  for (int i = 0; i < x.shape.size(); ++i) {
    const bool reduces = axes.has(i);
    (reduces ? job.length : job.outputs) *= x.shape[i];
    (reduces ? job.reduced : job.kept).push(x.shape[i], x.strides[i]);
  }
  if (job.outputs == 0 || job.length == 0) return;
  if (!ordered) order_reduced(job);
  std::int64_t* strides[] = {job.reduced.stride};
  job.reduced.rank = merge_axes(job.reduced.rank, job.reduced.shape, strides, 1);
  std::int64_t step = 1;
  for (int i = job.kept.rank - 1; i >= 0; --i) {
    job.kept.out[i] = step;
    step *= job.kept.shape[i];
  }
  std::int64_t* both[] = {job.kept.stride, job.kept.out};
  job.kept.rank = merge_axes(job.kept.rank, job.kept.shape, both, 2);
  if (job.reduced.rank == 0) job.reduced.push(1, 1);
  if (job.kept.rank == 0) {
    job.kept.out[0] = 1;
    job.kept.push(1, 0);
  }
}

// ---- rows -----------------------------------------------------------------------------------------------------------

/// The elements [begin, begin + n) of `rows` neighbouring results as contiguous rows of `compute` elements,
/// `gather_tile` apart. `raw` is as large as `tile`.
void fill_tile(const Job& job, const std::byte* x, std::int64_t row_step, std::int64_t rows, std::int64_t begin,
               std::int64_t n, std::byte* tile, std::byte* raw) {
  const AxisRun& axes = job.reduced;
  const int inner = axes.rank - 1;
  std::byte* to = job.converts() ? raw : tile;
  for (std::int64_t i = 0; i < n;) {
    const std::int64_t at = (begin + i) % axes.shape[inner], run = std::min(n - i, axes.shape[inner] - at);
    gather_rows(job.bytes(), x + axes.offset(begin + i) * job.bytes(), axes.stride[inner], run, row_step, rows,
                to + i * job.bytes(), gather_tile);
    i += run;
  }
  if (!job.converts()) return;
  for (std::int64_t r = 0; r < rows; ++r) {
    convert_run(raw + r * gather_tile * job.bytes(), job.dtype, tile + r * gather_tile * itemsize(job.compute),
                job.compute, n);
  }
}

/// Rows can be read where they lie.
bool rows_in_place(const Job& job) {
  const AxisRun& r = job.reduced;
  return !job.converts() && r.stride[r.rank - 1] == 1 && (r.rank == 1 || r.shape[r.rank - 1] >= 32);
}

/// States of `rows` neighbouring results over the reduced elements [begin, end).
void reduce_group(const Job& job, const std::byte* x, std::int64_t row_step, std::int64_t rows, std::int64_t begin,
                  std::int64_t end, bool in_place, std::byte* states) {
  const ReduceKernel& k = job.kernel;
  const AxisRun& axes = job.reduced;
  const std::int64_t inner = axes.shape[axes.rank - 1];
  if (in_place && axes.rank == 1 && begin == 0 && end <= piece) {
    k.rows(x, row_step, rows, end, states);
    return;
  }
  k.rows(x, 0, rows, 0, states);
  if (in_place) {
    for (std::int64_t r = 0; r < rows; ++r) {
      alignas(16) std::byte state[32];
      for (std::int64_t i = begin; i < end;) {
        const std::int64_t n = std::min({end - i, piece, inner - i % inner});
        k.rows(x + (r * row_step + axes.offset(i)) * job.bytes(), 0, 1, n, state);
        k.merge(states + r * k.state_bytes, state, 1, i);
        i += n;
      }
    }
    return;
  }
  const std::int64_t most = std::min(rows, tile_rows);
  const Scratch<std::byte> tile(most * gather_tile * itemsize(job.compute));
  const Scratch<std::byte> raw(job.converts() ? most * gather_tile * job.bytes() : 0);
  alignas(16) std::byte state[tile_rows * 32];
  for (std::int64_t r = 0; r < rows; r += tile_rows) {
    const std::int64_t m = std::min(rows - r, tile_rows);
    for (std::int64_t i = begin; i < end; i += gather_tile) {
      const std::int64_t n = std::min(end - i, gather_tile);
      fill_tile(job, x + r * row_step * job.bytes(), row_step, m, i, n, tile.get(), raw.get());
      k.rows(tile.get(), gather_tile, m, n, state);
      k.merge(states + r * k.state_bytes, state, m, i);
    }
  }
}

void reduce_rows(const Job& job) {
  const bool in_place = rows_in_place(job);
  const AxisRun& kept = job.kept;
  const std::int64_t inner = kept.shape[kept.rank - 1], step = kept.stride[kept.rank - 1];
  parallel_for(job.outputs, std::max<std::int64_t>(1, grain / job.length), [&](std::int64_t begin, std::int64_t end) {
    alignas(16) std::byte states[state_group * 32];
    for (std::int64_t i = begin; i < end;) {
      const std::int64_t n = std::min({end - i, state_group, inner - i % inner});
      reduce_group(job, job.at(kept.offset(i)), step, n, 0, job.length, in_place, states);
      job.done(states, i, n);
      i += n;
    }
  });
}

/// Few results of many elements each: parts of one result go to several threads.
void reduce_long_rows(const Job& job) {
  const bool in_place = rows_in_place(job);
  const std::int64_t parts = (job.length + part - 1) / part, bytes = job.kernel.state_bytes;
  const Scratch<std::byte> states(job.outputs * parts * bytes);
  const auto reduce_part = [&](std::int64_t u) {
    const std::int64_t i = u / parts, begin = u % parts * part, end = std::min(job.length, begin + part);
    reduce_group(job, job.at(job.kept.offset(i)), 0, 1, begin, end, in_place, states.get() + u * bytes);
  };
  parallel_chunks(job.outputs * parts, reduce_part, job.outputs * job.length / grain * 5);
  for (std::int64_t i = 0; i < job.outputs; ++i) {
    std::byte* first = states.get() + i * parts * bytes;
    for (std::int64_t p = 1; p < parts; ++p) job.kernel.merge(first, first + p * bytes, 1, 0);
    job.done(first, i, 1);
  }
}

// ---- columns --------------------------------------------------------------------------------------------------------

/// Kept axis whose elements are neighbours in memory, if reading along it is the better way; -1 otherwise.
int column_axis(const Job& job) {
  if (!job.kernel.columns || job.reduced.stride[job.reduced.rank - 1] == 1) return -1;
  for (int a = job.kept.rank - 1; a >= 0; --a) {
    if (job.kept.stride[a] == 1 && job.kept.shape[a] > 1) return a;
  }
  return -1;
}

/// Narrow rows that touch: so many make one wide row, whose groups then join.
std::int64_t rows_in_one(std::int64_t stride, std::int64_t columns) {
  return stride == columns && columns < 64 ? 128 / columns : 1;
}

/// States of `columns` neighbouring results over `rows` rows `stride` apart.
void column_states(const Job& job, const std::byte* x, std::int64_t stride, std::int64_t rows, std::int64_t columns,
                   std::byte* states, std::byte* tile) {
  const ReduceKernel& k = job.kernel;
  if (job.converts()) {
    for (std::int64_t r = 0; r < rows; ++r) {
      convert_run(x + r * stride * job.bytes(), job.dtype, tile + r * columns * itemsize(job.compute), job.compute,
                  columns);
    }
    x = tile;
    stride = columns;
  }
  const std::int64_t fold = std::min(rows, rows_in_one(stride, columns));
  if (fold < 2) return k.columns(x, stride, rows, columns, states);
  alignas(16) std::byte wide[128 * 32];
  const std::int64_t whole = rows / fold;
  k.columns(x, fold * columns, whole, fold * columns, wide);
  for (std::int64_t f = 1; f < fold; ++f) k.merge(wide, wide + f * columns * k.state_bytes, columns, 0);
  std::memcpy(states, wide, static_cast<std::size_t>(columns * k.state_bytes));
  if (whole * fold == rows) return;
  k.columns(x + whole * fold * columns * itemsize(job.compute), columns, rows - whole * fold, columns, wide);
  k.merge(states, wide, columns, 0);
}

/// A piece of the work: `columns` results from element `x` on, reduced elements [begin, end).
void reduce_column_group(const Job& job, const std::byte* x, std::int64_t columns, std::int64_t begin, std::int64_t end,
                         std::byte* states) {
  const AxisRun& axes = job.reduced;
  const std::int64_t inner = axes.shape[axes.rank - 1], stride = axes.stride[axes.rank - 1];
  const std::int64_t most = job.converts() ? 64 : piece_rows * rows_in_one(stride, columns);
  const Scratch<std::byte> scratch(columns * job.kernel.state_bytes + (job.converts() ? most * columns * 8 : 0));
  std::byte* tile = scratch.get() + columns * job.kernel.state_bytes;
  for (std::int64_t i = begin; i < end;) {
    const std::int64_t n = std::min({end - i, most, inner - i % inner});
    std::byte* to = i == begin ? states : scratch.get();
    column_states(job, x + axes.offset(i) * job.bytes(), stride, n, columns, to, tile);
    if (i != begin) job.kernel.merge(states, to, columns, 0);
    i += n;
  }
}

void reduce_columns(const Job& job, int axis) {
  const std::int64_t width = job.kept.shape[axis], out_step = job.kept.out[axis], bytes = job.kernel.state_bytes;
  AxisRun outer = job.kept, outer_out = job.kept;  // the other kept axes
  std::copy(outer.out, outer.out + outer.rank, outer_out.stride);
  outer.shape[axis] = outer_out.shape[axis] = 1;
  const std::int64_t group = std::min(width, job.converts() ? std::int64_t{128} : column_group);
  const std::int64_t groups = (width + group - 1) / group;
  const std::int64_t rows = std::max(piece_rows, (part / group + piece_rows - 1) / piece_rows * piece_rows);
  const std::int64_t parts = (job.length + rows - 1) / rows, count = job.outputs / width;
  const Scratch<std::byte> states(parts > 1 ? count * parts * width * bytes : 0);
  const auto finish = [&](std::byte* s, std::int64_t o, std::int64_t c, std::int64_t n) {
    const std::int64_t first = outer_out.offset(o) + c * out_step;
    if (out_step == 1) return job.done(s, first, n);
    for (std::int64_t i = 0; i < n; ++i) job.done(s + i * bytes, first + i * out_step, 1);
  };
  const std::int64_t units = count * parts * groups;
  const auto unit = [&](std::int64_t u) {
    const std::int64_t g = u % groups, p = u / groups % parts, o = u / groups / parts;
    const std::int64_t c = g * group, n = std::min(group, width - c);
    const std::int64_t begin = p * rows, end = std::min(job.length, begin + rows);
    const std::byte* x = job.at(outer.offset(o) + c);
    if (parts > 1) {
      reduce_column_group(job, x, n, begin, end, states.get() + ((o * parts + p) * width + c) * bytes);
    } else {
      alignas(16) std::byte own[column_group * 32];
      reduce_column_group(job, x, n, begin, end, own);
      finish(own, o, c, n);
    }
  };
  parallel_for(units, std::max<std::int64_t>(1, grain / (group * std::min(job.length, rows))),
               [&](std::int64_t b, std::int64_t e) {
                 for (std::int64_t u = b; u < e; ++u) unit(u);
               });
  if (parts == 1) return;
  for (std::int64_t o = 0; o < count; ++o) {
    std::byte* first = states.get() + o * parts * width * bytes;
    for (std::int64_t p = 1; p < parts; ++p) job.kernel.merge(first, first + p * width * bytes, width, 0);
    finish(first, o, 0, width);
  }
}

void empty_states(const Job& job) {
  alignas(16) std::byte states[state_group * 32];
  for (std::int64_t i = 0; i < job.outputs; i += state_group) {
    const std::int64_t n = std::min(state_group, job.outputs - i);
    job.kernel.rows(nullptr, 0, n, 0, states);
    job.done(states, i, n);
  }
}

/// The common small case: short rows of a contiguous tensor, no conversion.
bool reduce_short_rows(const ReduceKernel& k, const Dense& d, AxisSet axes, const ReduceResults& results) {
  const int rank = d.shape.size(), first = rank - axes.count();
  if (axes.bits != ((1u << rank) - 1) >> first << first) return false;  // not the last axes
  std::int64_t outputs = 1, length = 1;
  for (int i = 0; i < rank; ++i) (i < first ? outputs : length) *= d.shape[i];
  if (length > piece || d.size > grain || d.size == 0) return false;
  alignas(16) std::byte states[state_group * 32];
  for (std::int64_t i = 0; i < outputs; i += state_group) {
    const std::int64_t n = std::min(state_group, outputs - i);
    k.rows(d.data + i * length * itemsize(d.dtype), length, n, length, states);
    results.store(states, i, n);
  }
  return true;
}

}  // namespace

void reduce_dense(const Reduction& r, const Tensor& x, const Tensor& y) {
  const ReduceKernel& kernel = reduce_kernel(r.reducer, r.compute);
  const ReduceResults results{r, dense(y).data, y.dtype()};
  if (x.kind() == Kind::pending) {
    if (reduce_pending(kernel, x, results)) return;
    return reduce_dense(r, materialize(x), y);
  }
  const Dense& d = dense(x);
  if (d.contiguous && d.dtype == r.compute && reduce_short_rows(kernel, d, r.axes, results)) return;
  Job job{kernel, d.dtype, r.compute, d.data, {}, {}, 1, 1, results};
  const bool ordered = r.reducer == Reducer::argmax || r.reducer == Reducer::argmin;
  make_axes(job, d, r.axes, ordered);
  if (job.outputs == 0) return;
  if (job.length == 0) return empty_states(job);
  const int column = column_axis(job);
  if (column >= 0) return reduce_columns(job, column);
  if (job.length > part) return reduce_long_rows(job);
  reduce_rows(job);
}

const ReductionsKernels cpu_reductions{&reduce_dense, &map_rows, &scan_dense};

}  // namespace strata
