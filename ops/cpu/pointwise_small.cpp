// The short way of a pointwise call of few elements: no promotion, no plan, no walk. Called by apply_pointwise and the
// operators before anything else (eval_small), and by ops/pointwise.cpp (eval_medium); refuses whatever is not plain.
#include "strata/ops/cpu/pointwise_small.hpp"

#include <algorithm>
#include <cstring>

#include "strata/core/convert.hpp"
#include "strata/core/debug.hpp"

namespace strata {
namespace {

/// The number's value as an element of dtype d. False where meeting d, it would not become a d.
bool number_as(const Dense& number, Dtype d, std::byte* to) {
  if (d == Dtype::float32) {
    const auto f = number.is_real ? static_cast<float>(number.real) : static_cast<float>(number.whole);
    std::memcpy(to, &f, sizeof f);
    return true;
  }
  if (d == Dtype::bool_ || is_half(d) || (number.is_real && !is_float(d))) return false;
  if (number.is_real)
    convert_element(&number.real, Dtype::float64, to, d);
  else
    convert_element(&number.whole, Dtype::int64, to, d);
  return true;
}

constexpr std::int64_t run_elements = 64, medium_run_elements = 512;

/// The loop of an op for operands of this dtype; null when they need conversion first.
PointwiseLoop direct_loop(const PointwiseInfo& info, Dtype dtype) {
  if (info.typing == Typing::logical || (info.typing == Typing::inexact && !is_float(dtype))) return nullptr;
  return info.cpu().loop[static_cast<int>(dtype)];
}

/// d repeats over the last elements of model: its shape is the end of model's.
bool repeats_over(const Dense& d, const Dense& model) {
  const int offset = model.shape.size() - d.shape.size();
  if (offset < 0) return false;
  for (int i = 0; i < d.shape.size(); ++i) {
    if (d.shape[i] != model.shape[i + offset]) return false;
  }
  return true;
}

/// A small call of N operands: each advances by `jump` bytes from one run of `period` elements to the next.
template <int N, std::int64_t Most, std::int64_t Run>
struct SmallCall {
  const Dense* x[N];
  const Dense* model = nullptr;  // has the result's shape
  const Dense* value = nullptr;  // has the dtype of the operands, but for the condition of a selection
  const void* p[N];
  std::int64_t step[N], jump[N], period;
  bool weak = true;
  alignas(8) std::byte numbers[N][8];
  std::byte repeated[N][Run * 8];

  bool find_model(const Impl* const* operands, bool select) {
    for (int k = 0; k < N; ++k) {
      if (!operands[k] || operands[k]->kind != Kind::dense) return false;
      x[k] = static_cast<const Dense*>(operands[k]);
      if (x[k]->number) continue;
      if (!x[k]->contiguous || !(x[k]->device == cpu)) return false;
      if (!model || x[k]->size > model->size) model = x[k];
      if (!value && (k > 0 || !select)) value = x[k];
    }
    return value && model->size <= Most;
  }
  __attribute__((always_inline)) bool place(bool select) {
    period = model->size;
    for (int k = 0; k < N; ++k) {
      const bool condition = k == 0 && select;
      const Dtype dtype = condition ? Dtype::bool_ : value->dtype;
      if (!condition) weak &= x[k]->weak;
      p[k] = x[k]->data;
      step[k] = 1;
      jump[k] = 0;
      if (x[k]->number) {
        if (condition || !number_as(*x[k], dtype, numbers[k])) return false;
        p[k] = numbers[k];
        step[k] = 0;
      } else if (x[k]->dtype != dtype || (x[k] != model && !repeats_over(*x[k], *model))) {
        return false;
      } else if (x[k]->size == model->size) {
        jump[k] = 1;
      } else if (x[k]->size == 1) {
        step[k] = 0;
      } else {
        if (period != model->size && period != x[k]->size) return false;
        period = x[k]->size;
      }
    }
    return true;
  }
  /// A short operand that repeats is written out a few times, for fewer and longer runs.
  void lengthen_runs() {
    const std::int64_t run = period * (Run / period);
    for (int k = 0; k < N; ++k) {
      if (jump[k] != 0 || step[k] == 0) continue;
      const auto size = static_cast<std::size_t>(itemsize(x[k]->dtype)), bytes = static_cast<std::size_t>(run) * size;
      std::size_t done = static_cast<std::size_t>(period) * size;
      std::memcpy(repeated[k], p[k], done);
      for (; done < bytes; done *= 2) std::memcpy(repeated[k] + done, repeated[k], std::min(done, bytes - done));
      p[k] = repeated[k];
    }
    period = run;
  }
  void run(PointwiseLoop loop, const void* params, std::byte* to, Dtype stored) {
    if (period == model->size) return loop(params, to, p, step, period);
    if (2 * period <= Run && 4 * period < model->size) lengthen_runs();
    const std::int64_t out = period * itemsize(stored);
    for (int k = 0; k < N; ++k) jump[k] *= period * itemsize(x[k]->dtype);
    for (std::int64_t left = model->size; left > 0; left -= period, to += out) {
      loop(params, to, p, step, std::min(period, left));
      for (int k = 0; k < N; ++k) p[k] = static_cast<const std::byte*>(p[k]) + jump[k];
    }
  }
};

/// Contiguous operands of one shape and dtype: nothing to find out.
template <int N>
bool all_alike(const Impl* const* x) {
  const auto* a = static_cast<const Dense*>(x[0]);
  for (int k = 0; k < N; ++k) {
    if (!x[k] || x[k]->kind != Kind::dense) return false;
    const auto* d = static_cast<const Dense*>(x[k]);
    if (d->number || !d->contiguous || d->dtype != a->dtype || !(d->device == cpu)) return false;
    if (k > 0 && !(d->shape == a->shape)) return false;
  }
  return a->size <= small_pointwise;
}

template <int N>
bool eval_alike(const PointwiseInfo& info, const void* params, const Impl* const* x, Tensor& y) {
  const auto* model = static_cast<const Dense*>(x[0]);
  const PointwiseLoop loop = direct_loop(info, model->dtype);
  if (!loop) return false;
  static constexpr std::int64_t steps[] = {1, 1, 1, 1};
  const void* p[N];
  bool weak = true;
  for (int k = 0; k < N; ++k) {
    p[k] = static_cast<const Dense*>(x[k])->data;
    weak &= x[k]->weak;
  }
  const Dtype stored = result_dtype(info.typing, model->dtype);
  y = empty_like_dense(*model, stored, weak && stored != Dtype::bool_);
  loop(params, dense(y).data, p, steps, model->size);
  return true;
}

template <int N>
bool eval_small_of(const PointwiseInfo& info, const void* params, const Impl* const* x, Tensor& y) {
  const bool select = info.typing == Typing::select;
  if (!select && all_alike<N>(x)) return eval_alike<N>(info, params, x, y);
  SmallCall<N, small_pointwise, run_elements> c;
  if (!c.find_model(x, select)) return false;
  const PointwiseLoop loop = direct_loop(info, c.value->dtype);
  if (!loop || !c.place(select)) return false;
  const Dtype stored = result_dtype(info.typing, c.value->dtype);
  y = empty_like_dense(*c.model, stored, c.weak && stored != Dtype::bool_);
  c.run(loop, params, dense(y).data, stored);
  return true;
}

template <int N>
bool eval_medium_of(const PointwiseInfo& info, const void* params, Out x, Tensor& y) {
  const Impl* operands[N];
  for (std::size_t k = 0; k < N; ++k) operands[k] = x[k].impl();
  SmallCall<N, medium_pointwise, medium_run_elements> c;
  if (!c.find_model(operands, info.typing == Typing::select)) return false;
  const debug::Chains chains = debug::chains();
  if (chains.on && c.model->size >= chains.grain) return false;
  const PointwiseLoop loop = direct_loop(info, c.value->dtype);
  if (!loop || !c.place(info.typing == Typing::select)) return false;
  const Dtype stored = result_dtype(info.typing, c.value->dtype);
  const bool weak = c.weak && stored != Dtype::bool_;
  for (const Tensor& t : x) {
    if (y.defined() || !donatable(t) || t.dtype() != stored || !(t.shape() == c.model->shape)) continue;
    y = t;  // a second handle for the while of this call
    dense(y).weak = weak;
  }
  if (!y.defined()) y = empty_like_dense(*c.model, stored, weak);
  c.run(loop, params, dense(y).data, stored);
  return true;
}

}  // namespace

bool eval_small(const PointwiseInfo& info, const void* params, const Impl* const* x, Tensor& y) {
  switch (info.arity) {
    case 1:
      return eval_small_of<1>(info, params, x, y);
    case 2:
      return eval_small_of<2>(info, params, x, y);
    case 3:
      return eval_small_of<3>(info, params, x, y);
    default:
      return eval_small_of<max_arity>(info, params, x, y);
  }
}

bool eval_medium(const PointwiseInfo& info, const void* params, Out x, Tensor& y) {
  switch (info.arity) {
    case 1:
      return eval_medium_of<1>(info, params, x, y);
    case 2:
      return eval_medium_of<2>(info, params, x, y);
    case 3:
      return eval_medium_of<3>(info, params, x, y);
    default:
      return eval_medium_of<max_arity>(info, params, x, y);
  }
}

}  // namespace strata
