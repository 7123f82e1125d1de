// The walk of rows to rows: rows that are contiguous are used where they lie, others are gathered, converted and put
// back a few at a time.
#include "strata/ops/cpu/normalize.hpp"

#include <algorithm>
#include <optional>

#include "strata/core/convert.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/axes.hpp"
#include "strata/ops/cpu/scratch.hpp"
#include "strata/ops/cpu/strided.hpp"

namespace strata {
namespace {

constexpr int max_operands = 4;            // the result among them
constexpr std::int64_t grain = 8 * 1024;   // elements worth a thread
constexpr std::int64_t row_group = 16;     // rows gathered at once: a cache line of floats
constexpr std::int64_t tile = 256 * 1024;  // elements a gathered group may have

RowLoop row_loop(RowOp op, Dtype compute) {
  const auto pick = [&](const RowKernels& t) { return t.of[static_cast<int>(op)][compute == Dtype::float64]; };
#if STRATA_X86_ISAS
  if (cpu_isa() == Isa::avx512) return pick(RowSet<Isa::avx512>::table);
  if (cpu_isa() == Isa::avx2) return pick(RowSet<Isa::avx2>::table);
#endif
  return pick(RowSet<Isa::baseline>::table);
}

/// One operand's rows.
struct Rows1 {
  std::byte* data;
  Dtype dtype;
  std::int64_t bytes;
  AxisRun row;  // the axes within a row
  bool in_place;
};

struct RowJob {
  RowLoop loop;
  int operands;  // the result last
  Rows1 x[max_operands];
  AxisRun kept[max_operands];  // the axes between rows, merged alike for all operands
  std::int64_t rows = 1, n = 1;
  Dtype compute;
  double eps;
  bool flag;
};

AxisRun merged(AxisRun axes) {
  std::int64_t* strides[] = {axes.stride};
  axes.rank = merge_axes(axes.rank, axes.shape, strides, 1);
  if (axes.rank == 0) axes.push(1, 1);
  return axes;
}

void merge_kept(RowJob& job) {
  std::int64_t* strides[max_operands];
  for (int k = 0; k < job.operands; ++k) strides[k] = job.kept[k].stride;
  const int rank = merge_axes(job.kept[0].rank, job.kept[0].shape, strides, job.operands);
  for (int k = 0; k < job.operands; ++k) {
    std::copy(job.kept[0].shape, job.kept[0].shape + max_rank, job.kept[k].shape);
    job.kept[k].rank = rank;
    if (rank == 0) job.kept[k].push(1, 0);
  }
}

RowJob make_job(RowOp op, std::span<const Tensor> x, const Tensor& y, AxisSet axes) {
  RowJob job{};
  job.rows = job.n = 1;
  job.compute = y.dtype() == Dtype::float64 ? Dtype::float64 : Dtype::float32;
  job.loop = row_loop(op, job.compute);
  job.operands = static_cast<int>(x.size()) + 1;
  for (int k = 0; k < job.operands; ++k) {
    const Dense& d = dense(k + 1 < job.operands ? x[static_cast<std::size_t>(k)] : y);
    AxisRun row;
    for (int i = 0; i < d.shape.size(); ++i) (axes.has(i) ? row : job.kept[k]).push(d.shape[i], d.strides[i]);
    row = merged(row);
    const bool in_place = d.dtype == job.compute && row.rank == 1 && (row.stride[0] == 1 || row.shape[0] == 1);
    job.x[k] = {d.data, d.dtype, itemsize(d.dtype), row, in_place};
  }
  for (int i = 0; i < y.ndim(); ++i) (axes.has(i) ? job.n : job.rows) *= y.shape()[i];
  merge_kept(job);
  return job;
}

/// Contiguous rows of one operand, for a group of neighbouring rows at a time.
class RowBuffer {
 public:
  RowBuffer(const RowJob& job, int operand, std::int64_t group) : job_(job), x_(job.x[operand]), operand_(operand) {
    if (x_.in_place) return;
    wide_.emplace(group * job.n * itemsize(job.compute));
    if (x_.dtype != job.compute) raw_.emplace(group * job.n * x_.bytes);
  }
  /// Row r of the group that starts at row `first`.
  std::byte* row(std::int64_t first, std::int64_t r) {
    if (x_.in_place) return at(first) + r * step() * x_.bytes;
    return wide_->get() + r * job_.n * itemsize(job_.compute);
  }
  void load(std::int64_t first, std::int64_t rows) {
    if (x_.in_place) return;
    std::byte* to = raw_ ? raw_->get() : wide_->get();
    for_runs([&](std::int64_t i, std::int64_t run, std::int64_t offset) {
      gather_rows(x_.bytes, at(first) + offset * x_.bytes, inner_step(), run, step(), rows, to + i * x_.bytes, job_.n);
    });
    if (raw_) convert_run(to, x_.dtype, wide_->get(), job_.compute, rows * job_.n);
  }
  void store(std::int64_t first, std::int64_t rows) {
    if (x_.in_place) return;
    std::byte* from = wide_->get();
    if (raw_) {
      convert_run(from, job_.compute, raw_->get(), x_.dtype, rows * job_.n);
      from = raw_->get();
    }
    for_runs([&](std::int64_t i, std::int64_t run, std::int64_t offset) {
      scatter_rows(x_.bytes, from + i * x_.bytes, job_.n, run, rows, at(first) + offset * x_.bytes, inner_step(),
                   step());
    });
  }

 private:
  std::byte* at(std::int64_t row) const { return x_.data + job_.kept[operand_].offset(row) * x_.bytes; }
  std::int64_t step() const { return job_.kept[operand_].stride[job_.kept[operand_].rank - 1]; }
  std::int64_t inner_step() const { return x_.row.stride[x_.row.rank - 1]; }
  template <class F>
  void for_runs(F&& f) {
    const std::int64_t run = x_.row.shape[x_.row.rank - 1];
    for (std::int64_t i = 0; i < job_.n; i += run) f(i, run, x_.row.offset(i));
  }

  const RowJob& job_;
  const Rows1& x_;
  int operand_;
  std::optional<Scratch<std::byte>> wide_, raw_;
};

void run_rows(const RowJob& job, std::int64_t begin, std::int64_t end) {
  const AxisRun& kept = job.kept[0];
  const std::int64_t side = kept.shape[kept.rank - 1];
  const std::int64_t group = std::clamp<std::int64_t>(tile / job.n, 1, row_group);
  std::optional<RowBuffer> buffer[max_operands];
  for (int k = 0; k < job.operands; ++k) buffer[k].emplace(job, k, group);
  const int last = job.operands - 1;
  for (std::int64_t i = begin; i < end;) {
    const std::int64_t m = std::min({group, end - i, side - i % side});
    for (int k = 0; k < last; ++k) buffer[k]->load(i, m);
    for (std::int64_t r = 0; r < m; ++r) {
      RowCall call{{}, buffer[last]->row(i, r), job.n, job.eps, job.flag};
      for (int k = 0; k < last; ++k) call.x[k] = buffer[k]->row(i, r);
      job.loop(call);
    }
    buffer[last]->store(i, m);
    i += m;
  }
}

}  // namespace

void map_rows(RowOp op, std::span<const Tensor> x, const Tensor& y, AxisSet axes, double eps, bool flag) {
  if (y.size() == 0) return;
  RowJob job = make_job(op, x, y, axes);
  job.eps = eps;
  job.flag = flag;
  parallel_for(job.rows, std::max<std::int64_t>(1, grain / job.n),
               [&](std::int64_t begin, std::int64_t end) { run_rows(job, begin, end); });
}

}  // namespace strata
