// Pointwise evaluation on the CPU: how the operands of one call are walked. Calls the loops that ops/cpu/*.isa.cpp
// compile; called through ops/cpu/elements.cpp only. Four walks, cheapest first: straight through, row by row, block by
// block (an operand lies transposed), and tile by tile with everything gathered. None depends on the number of threads.
#include <algorithm>
#include <cstring>

#include "strata/core/convert.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/elements.hpp"
#include "strata/ops/cpu/strided.hpp"
#include "strata/ops/cpu/widths.hpp"
#include "strata/ops/pointwise.hpp"

namespace strata {
namespace {

constexpr std::int64_t tile = 1024;        // elements; three float tiles fit in L1
constexpr std::int64_t grain = 16 * 1024;  // elements below which one thread is faster
constexpr std::int64_t short_row = 16;     // rows below this are gathered, several to a tile,
constexpr std::int64_t few_rows = 32;      // unless there are no more than these
constexpr std::int64_t block_rows = 16, block_columns = 128;

/// What one evaluation computes.
struct Plan {
  PointwiseLoop loop;
  const void* params;
  int arity;
  Dtype from[max_arity];     // dtypes of the operands
  Dtype compute[max_arity];  // dtypes the loop reads
  Dtype result;              // dtype the loop writes
  Dtype stored;              // dtype of the result tensor
  bool converts;             // from != compute or result != stored: half types
};

Plan make_plan(const PointwiseInfo& info, const void* params, In x) {
  Plan plan{};
  plan.params = params;
  plan.arity = info.arity;
  const Dtype d = x[x.size() - 1].dtype();
  const Dtype compute = is_half(d) ? Dtype::float32 : d;
  plan.loop = info.cpu().loop[static_cast<int>(compute)];
  for (int k = 0; k < info.arity; ++k) {
    plan.from[k] = x[static_cast<std::size_t>(k)].dtype();
    plan.compute[k] = info.typing == Typing::select && k == 0 ? Dtype::bool_ : compute;
  }
  plan.stored = result_dtype(info.typing, d);
  plan.result = result_dtype(info.typing, compute);
  plan.converts = is_half(d);
  return plan;
}

/// The operands of one evaluation over merged axes, row-major; the result has the same order.
struct Walk {
  int rank = 0;
  std::int64_t shape[max_rank];
  std::int64_t strides[max_arity][max_rank];
  const std::byte* data[max_arity];
  std::byte* result;

  std::int64_t inner(int k) const { return strides[k][rank - 1]; }
  std::int64_t length() const { return shape[rank - 1]; }
  std::int64_t rows() const {
    std::int64_t r = 1;
    for (int i = 0; i < rank - 1; ++i) r *= shape[i];
    return r;
  }
};

Walk make_walk(const Shape& shape, In x, std::byte* result) {
  Walk w;
  std::int64_t* strides[max_arity];
  std::copy(shape.begin(), shape.end(), w.shape);
  for (std::size_t k = 0; k < x.size(); ++k) {
    const Dense& d = dense(x[k]);
    strides[k] = w.strides[k];
    w.data[k] = d.data;
    const int offset = shape.size() - d.shape.size();
    for (int i = 0; i < shape.size(); ++i) {
      w.strides[k][i] = i < offset || d.shape[i - offset] == 1 ? 0 : d.strides[i - offset];
    }
  }
  w.result = result;
  w.rank = merge_axes(shape.size(), w.shape, strides, static_cast<int>(x.size()));
  if (w.rank == 0) {
    w.rank = 1;
    w.shape[0] = 1;
    for (std::size_t k = 0; k < x.size(); ++k) w.strides[k][0] = 0;
  }
  return w;
}

/// Room to gather and convert one tile of each operand.
struct Buffers {
  alignas(64) std::byte tiles[max_arity + 1][tile * 8];
  alignas(64) std::byte raw[tile * 8];
};

/// n elements of the result at `y`; operand k begins at p[k] and has stride 0 or 1.
void run_segment(const Plan& plan, Buffers& buffers, std::byte* y, const std::byte* const* p, const std::int64_t* step,
                 std::int64_t n) {
  if (!plan.converts) {
    const void* x[max_arity];
    for (int k = 0; k < plan.arity; ++k) x[k] = p[k];
    return plan.loop(plan.params, y, x, step, n);
  }
  for (std::int64_t at = 0; at < n; at += tile) {
    const std::int64_t m = std::min(tile, n - at);
    const void* x[max_arity];
    for (int k = 0; k < plan.arity; ++k) {
      x[k] = p[k] + at * step[k] * itemsize(plan.from[k]);
      if (plan.from[k] == plan.compute[k]) continue;
      convert_run(x[k], plan.from[k], buffers.tiles[k], plan.compute[k], step[k] == 0 ? 1 : m);
      x[k] = buffers.tiles[k];
    }
    std::byte* out = y + at * itemsize(plan.stored);
    const bool convert = plan.result != plan.stored;
    plan.loop(plan.params, convert ? buffers.tiles[max_arity] : out, x, step, m);
    if (convert) convert_run(buffers.tiles[max_arity], plan.result, out, plan.stored, m);
  }
}

/// Every operand is contiguous or one element: elements [begin, end).
void run_straight(const Plan& plan, const Walk& w, std::int64_t begin, std::int64_t end) {
  Buffers buffers;
  const std::byte* p[max_arity];
  std::int64_t step[max_arity];
  for (int k = 0; k < plan.arity; ++k) {
    step[k] = w.inner(k);
    p[k] = w.data[k] + begin * step[k] * itemsize(plan.from[k]);
  }
  run_segment(plan, buffers, w.result + begin * itemsize(plan.stored), p, step, end - begin);
}

/// Where the rows of all operands begin, one row after the other: an index over the first `axes` axes.
class RowCursor {
 public:
  RowCursor(const Plan& plan, const Walk& w, int axes, std::int64_t row) : plan_(plan), w_(w), axes_(axes) {
    std::int64_t offset[max_arity] = {};
    for (int i = axes - 1; i >= 0; --i) {
      index_[i] = row % w.shape[i];
      row /= w.shape[i];
      for (int k = 0; k < plan.arity; ++k) offset[k] += index_[i] * w.strides[k][i];
    }
    for (int k = 0; k < plan.arity; ++k) p[k] = w.data[k] + offset[k] * itemsize(plan.from[k]);
  }
  void next() {
    for (int i = axes_ - 1; i >= 0; --i) {
      const bool wraps = ++index_[i] == w_.shape[i];
      if (wraps) index_[i] = 0;
      const std::int64_t steps = wraps ? 1 - w_.shape[i] : 1;
      for (int k = 0; k < plan_.arity; ++k) p[k] += steps * w_.strides[k][i] * itemsize(plan_.from[k]);
      if (!wraps) return;
    }
  }
  const std::byte* p[max_arity];

 private:
  const Plan& plan_;
  const Walk& w_;
  int axes_;
  std::int64_t index_[max_rank];
};

/// Rows of a matrix, each at once: rows [begin, end).
void run_matrix(const Plan& plan, const Walk& w, std::int64_t begin, std::int64_t end) {
  const std::int64_t length = w.length(), out = length * itemsize(plan.stored);
  const void* p[max_arity];
  std::int64_t step[max_arity], jump[max_arity];
  for (int k = 0; k < plan.arity; ++k) {
    step[k] = w.inner(k);
    jump[k] = w.strides[k][0] * itemsize(plan.from[k]);
    p[k] = w.data[k] + begin * jump[k];
  }
  std::byte* y = w.result + begin * out;
  for (std::int64_t row = begin; row < end; ++row, y += out) {
    plan.loop(plan.params, y, p, step, length);
    for (int k = 0; k < plan.arity; ++k) p[k] = static_cast<const std::byte*>(p[k]) + jump[k];
  }
}

/// Every operand's inner stride is 0 or 1. A long row is cut into pieces of `piece` elements: units [begin, end) of
/// these.
void run_rows(const Plan& plan, const Walk& w, std::int64_t piece, std::int64_t begin, std::int64_t end) {
  Buffers buffers;
  const std::int64_t length = w.length(), pieces = (length + piece - 1) / piece;
  std::int64_t step[max_arity];
  for (int k = 0; k < plan.arity; ++k) step[k] = w.inner(k);
  std::int64_t row = begin / pieces, column = begin % pieces * piece;
  RowCursor rows(plan, w, w.rank - 1, row);
  std::byte* y = w.result + (row * length + column) * itemsize(plan.stored);
  for (std::int64_t unit = begin; unit < end; ++unit) {
    const std::int64_t n = std::min(piece, length - column);
    const std::byte* p[max_arity];
    for (int k = 0; k < plan.arity; ++k) p[k] = rows.p[k] + column * step[k] * itemsize(plan.from[k]);
    run_segment(plan, buffers, y, p, step, n);
    y += n * itemsize(plan.stored);
    column += n;
    if (column == length) rows.next(), column = 0;
  }
}

/// to[r][c] = from[r * row_stride + c * column_stride], walking down the columns.
template <class T>
void transpose_block(const T* from, std::int64_t row_stride, std::int64_t column_stride, std::int64_t rows,
                     std::int64_t columns, T* to) {
  for (std::int64_t c = 0; c < columns; ++c) {
    for (std::int64_t r = 0; r < rows; ++r) to[r * block_columns + c] = from[r * row_stride + c * column_stride];
  }
}
void transpose_block(int size, const std::byte* from, std::int64_t row_stride, std::int64_t column_stride,
                     std::int64_t rows, std::int64_t columns, std::byte* to) {
  visit_width(size, [&]<class T>(T) {
    transpose_block(reinterpret_cast<const T*>(from), row_stride, column_stride, rows, columns,
                    reinterpret_cast<T*>(to));
  });
}

/// Some operand's inner stride is neither 0 nor 1: blocks of 16 x 128 over the last two axes, transposed where they
/// must be. Units [begin, end) are blocks.
void run_blocks(const Plan& plan, const Walk& w, std::int64_t begin, std::int64_t end) {
  Buffers buffers;
  const int r_axis = w.rank - 2;
  const std::int64_t height = w.shape[r_axis], width = w.length();
  const std::int64_t down = (height + block_rows - 1) / block_rows,
                     across = (width + block_columns - 1) / block_columns;
  std::byte block[max_arity][block_rows * block_columns * 8];
  for (std::int64_t unit = begin; unit < end; ++unit) {
    const std::int64_t c0 = unit % across * block_columns, r0 = unit / across % down * block_rows;
    const std::int64_t rows = std::min(block_rows, height - r0), columns = std::min(block_columns, width - c0);
    const std::int64_t outer = unit / across / down;
    std::int64_t step[max_arity], row_bytes[max_arity];
    const RowCursor start(plan, w, r_axis, outer);
    const std::byte* p[max_arity];
    for (int k = 0; k < plan.arity; ++k) {
      const int size = itemsize(plan.from[k]);
      const std::int64_t rs = w.strides[k][r_axis], cs = w.inner(k);
      p[k] = start.p[k] + (r0 * rs + c0 * cs) * size;
      step[k] = cs == 0 ? 0 : 1;
      row_bytes[k] = rs * size;
      if (cs == 0 || cs == 1) continue;
      transpose_block(size, p[k], rs, cs, rows, columns, block[k]);
      p[k] = block[k];
      row_bytes[k] = block_columns * size;
    }
    std::byte* y = w.result + ((outer * height + r0) * width + c0) * itemsize(plan.stored);
    for (std::int64_t r = 0; r < rows; ++r) {
      run_segment(plan, buffers, y, p, step, columns);
      y += width * itemsize(plan.stored);
      for (int k = 0; k < plan.arity; ++k) p[k] += row_bytes[k];
    }
  }
}

/// Anything: elements [begin, end), tile by tile, operands gathered where they are not contiguous.
void run_gathered(const Plan& plan, const Walk& w, std::int64_t begin, std::int64_t end) {
  Buffers buffers;
  StridedCursor cursor[max_arity];
  Shape shape(std::span<const std::int64_t>(w.shape, static_cast<std::size_t>(w.rank)));
  for (int k = 0; k < plan.arity; ++k) {
    const Strides strides(std::span<const std::int64_t>(w.strides[k], static_cast<std::size_t>(w.rank)));
    cursor[k] = StridedCursor(w.data[k], itemsize(plan.from[k]), shape, strides, begin);
  }
  alignas(64) std::byte gathered[max_arity][tile * 8];
  const std::int64_t step[max_arity] = {1, 1, 1, 1};
  for (std::int64_t at = begin; at < end; at += tile) {
    const std::int64_t n = std::min(tile, end - at);
    const std::byte* p[max_arity];
    for (int k = 0; k < plan.arity; ++k) p[k] = static_cast<const std::byte*>(cursor[k].next(n, gathered[k]));
    run_segment(plan, buffers, w.result + at * itemsize(plan.stored), p, step, n);
  }
}

void run(const Plan& plan, const Walk& w) {
  bool unit_strides = true;
  for (int k = 0; k < plan.arity; ++k) unit_strides &= w.inner(k) == 0 || w.inner(k) == 1;
  const std::int64_t length = w.length(), rows = w.rows(), n = rows * length;
  const auto loop = [&](std::int64_t units, std::int64_t elements, auto run_range) {
    if (n <= grain) return run_range(0, units);
    parallel_for(units, std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, elements)), run_range);
  };
  if (unit_strides && w.rank == 1) {
    loop(n, 1, [&](std::int64_t b, std::int64_t e) { run_straight(plan, w, b, e); });
  } else if (unit_strides && w.rank == 2 && !plan.converts && length >= short_row && length <= grain) {
    loop(rows, length, [&](std::int64_t b, std::int64_t e) { run_matrix(plan, w, b, e); });
  } else if (unit_strides && (length >= short_row || rows <= few_rows)) {
    const std::int64_t piece = std::min(length, grain), pieces = (length + piece - 1) / piece;
    loop(rows * pieces, piece, [&](std::int64_t b, std::int64_t e) { run_rows(plan, w, piece, b, e); });
  } else if (w.rank >= 2 && length >= short_row && w.shape[w.rank - 2] >= short_row) {
    const std::int64_t height = w.shape[w.rank - 2];
    const std::int64_t blocks =
        rows / height * ((height + block_rows - 1) / block_rows) * ((length + block_columns - 1) / block_columns);
    loop(blocks, block_rows * block_columns, [&](std::int64_t b, std::int64_t e) { run_blocks(plan, w, b, e); });
  } else {
    loop(n, 1, [&](std::int64_t b, std::int64_t e) { run_gathered(plan, w, b, e); });
  }
}

/// A buffer for the result: an argument's own, where nobody else sees it.
Tensor result_buffer(const Plan& plan, Out x, const Shape& shape, bool weak) {
  if (shape.elements() > small_pointwise) {
    for (Tensor& t : x) {
      if (donatable(t) && t.dtype() == plan.stored && t.shape() == shape) {
        dense(t).weak = weak;
        return t;  // a second handle for the while of this call
      }
    }
  }
  return empty_dense(shape, plan.stored, dense(x[0]).device, weak);
}

}  // namespace

Tensor pointwise_dense(const PointwiseInfo& info, const void* params, Out x, const Shape& shape, bool weak) {
  const Plan plan = make_plan(info, params, x);
  Tensor result = result_buffer(plan, x, shape, weak);
  if (dense(result).size > 0) run(plan, make_walk(shape, x, dense(result).data));
  return result;
}

}  // namespace strata
