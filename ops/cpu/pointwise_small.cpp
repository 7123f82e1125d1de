// The short way of a pointwise call of a few elements: no promotion, no plan, no walk. Called by apply_pointwise and
// the operators before anything else; refuses (and leaves the call to ops/cpu/pointwise_eval.cpp) whatever is not
// plain.
#include <cstring>

#include "strata/core/convert.hpp"
#include "strata/ops/pointwise.hpp"

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

/// d repeats over the last elements of model: its shape is the end of model's.
bool repeats_over(const Dense& d, const Dense& model) {
  const int offset = model.shape.size() - d.shape.size();
  if (!d.contiguous || offset < 0 || d.device != model.device) return false;
  for (int i = 0; i < d.shape.size(); ++i) {
    if (d.shape[i] != model.shape[i + offset]) return false;
  }
  return true;
}

/// The operands of a small call: each advances by `jump` bytes from one run of `period` elements to the next.
struct SmallCall {
  const Dense* model = nullptr;  // has the result's shape
  const Dense* value = nullptr;  // has the dtype of the operands, but for the condition of a selection
  const void* p[max_arity];
  std::int64_t step[max_arity], jump[max_arity], period;
  bool weak;
  alignas(8) std::byte numbers[max_arity][8];
};

bool find_model(const PointwiseInfo& info, const Impl* const* x, SmallCall& c) {
  for (int k = 0; k < info.arity; ++k) {
    if (!x[k] || x[k]->kind != Kind::dense) return false;
    const auto* d = static_cast<const Dense*>(x[k]);
    if (d->number) continue;
    if (!c.model || d->size > c.model->size) c.model = d;
    if (!c.value && (k > 0 || info.typing != Typing::select)) c.value = d;
  }
  return c.value && c.model->size <= small_pointwise && c.model->contiguous && c.model->device == cpu;
}

bool place_operands(const PointwiseInfo& info, const Impl* const* x, SmallCall& c) {
  const Dense& model = *c.model;
  c.period = model.size;
  c.weak = true;
  for (int k = 0; k < info.arity; ++k) {
    const auto* d = static_cast<const Dense*>(x[k]);
    const bool condition = k == 0 && info.typing == Typing::select;
    const Dtype dtype = condition ? Dtype::bool_ : c.value->dtype;
    if (!condition) c.weak &= d->weak;
    c.p[k] = d->data;
    c.step[k] = 1;
    c.jump[k] = 0;
    if (d->number) {
      if (condition || !number_as(*d, dtype, c.numbers[k])) return false;
      c.p[k] = c.numbers[k];
      c.step[k] = 0;
      continue;
    }
    if (d->dtype != dtype || (d != &model && !repeats_over(*d, model))) return false;
    if (d->size == 1 && model.size != 1) {
      c.step[k] = 0;
    } else if (d->size < model.size) {
      if (c.period != model.size && c.period != d->size) return false;
      c.period = d->size;
    } else {
      c.jump[k] = itemsize(dtype);
    }
  }
  for (int k = 0; k < info.arity; ++k) c.jump[k] *= c.period;
  return true;
}

}  // namespace

bool eval_small(const PointwiseInfo& info, const void* params, const Impl* const* x, Tensor& y) {
  SmallCall c;
  if (!find_model(info, x, c)) return false;
  const Dtype dtype = c.value->dtype;
  const PointwiseLoop loop = info.cpu().loop[static_cast<int>(dtype)];
  if (!loop || info.typing == Typing::logical || (info.typing == Typing::inexact && !is_float(dtype))) return false;
  if (!place_operands(info, x, c)) return false;
  const Dtype stored = result_dtype(info.typing, dtype);
  y = empty_like_dense(*c.model, stored, c.weak && stored != Dtype::bool_);
  std::byte* to = dense(y).data;
  for (std::int64_t at = 0; at < c.model->size; at += c.period) {
    loop(params, to + at * itemsize(stored), c.p, c.step, c.period);
    for (int k = 0; k < info.arity; ++k) c.p[k] = static_cast<const std::byte*>(c.p[k]) + c.jump[k];
  }
  return true;
}

}  // namespace strata
