// The Pointwise family out of line: typing, broadcasting, the tiled evaluation on the CPU, the rules that all its ops
// share.
#include "strata/ops/pointwise.hpp"

#include <algorithm>
#include <cstring>

#include "strata/core/convert.hpp"
#include "strata/core/error.hpp"
#include "strata/core/parallel.hpp"
#include "strata/ops/cpu/strided.hpp"
#include "strata/ops/ops.hpp"

namespace strata {

const Tensor& one() {
  static const Tensor t = 1;
  return t;
}
const Tensor& minus_one() {
  static const Tensor t = -1;
  return t;
}

namespace {

constexpr int max_arity = 4;
constexpr std::int64_t tile = 1024;        // elements; three float tiles fit in L1
constexpr std::int64_t grain = 16 * 1024;  // elements below which one thread is faster
constexpr std::int64_t donation_limit = 1024;

bool accepts(const PointwiseInfo& info, Dtype d) {
  const Accepts a = is_float(d) ? floats : is_integer(d) ? integers : bools;
  return (info.accepts & a) != 0;
}

Dtype result_dtype(const PointwiseInfo& info, Dtype d) {
  return info.typing == Typing::predicate || info.typing == Typing::logical ? Dtype::bool_ : d;
}

/// How the operands are walked for one evaluation.
struct Plan {
  PointwiseLoop loop;
  const void* params;
  int arity;
  Dtype compute[max_arity];  // dtype the loop reads
  Dtype result;              // dtype the loop writes
  Dtype stored;              // dtype of the result tensor
};

/// [begin, end) of the result when every operand is contiguous or a single element, and no dtype needs converting.
void run_direct(const Plan& plan, std::byte* y, const void* const* x, const std::int64_t* step, std::int64_t begin,
                std::int64_t end) {
  const void* p[max_arity];
  for (int k = 0; k < plan.arity; ++k) {
    p[k] = static_cast<const std::byte*>(x[k]) + begin * step[k] * itemsize(plan.compute[k]);
  }
  plan.loop(plan.params, y + begin * itemsize(plan.result), p, step, end - begin);
}

/// [begin, end) of the result, tile by tile: operands are gathered and converted into L1 first where they must be.
void run_tiled(const Plan& plan, std::byte* y, Out x, const Strides* strides, const Shape& shape, std::int64_t begin,
               std::int64_t end) {
  alignas(64) std::byte buffer[max_arity + 1][tile * 8];
  alignas(64) std::byte raw[tile * 8];
  StridedCursor cursor[max_arity];
  for (int k = 0; k < plan.arity; ++k) {
    const Dense& d = dense(x[static_cast<std::size_t>(k)]);
    cursor[k] = StridedCursor(d.data, itemsize(d.dtype), shape, strides[k], begin);
  }
  std::int64_t step[max_arity];
  for (std::int64_t at = begin; at < end; at += tile) {
    const std::int64_t n = std::min(tile, end - at);
    const void* p[max_arity];
    for (int k = 0; k < plan.arity; ++k) {
      const Dtype from = dense(x[static_cast<std::size_t>(k)]).dtype;
      const bool convert = from != plan.compute[k];
      p[k] = cursor[k].next(n, convert ? raw : buffer[k]);
      if (convert) {
        convert_run(p[k], from, buffer[k], plan.compute[k], n);
        p[k] = buffer[k];
      }
      step[k] = 1;
    }
    const bool convert = plan.result != plan.stored;
    std::byte* out = y + at * itemsize(plan.stored);
    plan.loop(plan.params, convert ? buffer[max_arity] : out, p, step, n);
    if (convert) convert_run(buffer[max_arity], plan.result, out, plan.stored, n);
  }
}

Plan make_plan(const PointwiseInfo& info, const void* params, Out x) {
  Plan plan{};
  plan.params = params;
  plan.arity = info.arity;
  const Dtype d = x[x.size() - 1].dtype();
  const Dtype compute = is_half(d) ? Dtype::float32 : d;
  plan.loop = info.cpu().loop[static_cast<int>(compute)];
  for (int k = 0; k < info.arity; ++k) plan.compute[k] = compute;
  if (info.typing == Typing::select) plan.compute[0] = Dtype::bool_;
  plan.stored = result_dtype(info, d);
  plan.result = result_dtype(info, compute);
  return plan;
}

/// A buffer for the result: an argument's own, where nobody else sees it.
Tensor result_buffer(const Plan& plan, Out x, const Shape& shape, bool weak) {
  if (shape.elements() >= donation_limit) {
    for (Tensor& t : x) {
      if (donatable(t) && t.dtype() == plan.stored && t.shape() == shape) {
        dense(t).weak = weak;
        return t;  // a second handle for the while of this call
      }
    }
  }
  return empty_dense(shape, plan.stored, dense(x[0]).device, weak);
}

Strides broadcast_strides(const Dense& d, const Shape& shape) {
  Strides s;
  s.resize(shape.size());
  const int offset = shape.size() - d.shape.size();
  for (int i = 0; i < shape.size(); ++i) {
    s[i] = i < offset || d.shape[i - offset] == 1 ? 0 : d.strides[i - offset];
  }
  return s;
}

Shape common_shape(std::string_view op, Out x) {
  Shape shape = x[0].shape();
  for (std::size_t k = 1; k < x.size(); ++k) {
    if (!(x[k].shape() == shape)) shape = broadcast_shapes(op, shape, x[k].shape());
  }
  return shape;
}

}  // namespace

void eval_pointwise(const PointwiseInfo& info, const void* params, Out x, Out y) {
  const Shape shape = common_shape(info.name, x);
  const Plan plan = make_plan(info, params, x);
  const std::int64_t n = shape.elements();
  bool weak = true, direct = !is_half(plan.stored) && plan.compute[info.arity - 1] == x[x.size() - 1].dtype();
  const void* p[max_arity];
  std::int64_t step[max_arity];
  alignas(64) std::byte fill[max_arity][broadcast_width * 8];
  for (int k = 0; k < info.arity; ++k) {
    const Tensor& t = x[static_cast<std::size_t>(k)];
    const Dense& d = dense(t);
    if (info.typing != Typing::select || k > 0) weak &= d.weak;
    p[k] = d.data;
    step[k] = 1;
    if (d.size == n && d.contiguous) continue;
    if (d.size != 1) {
      direct = false;
      continue;
    }
    step[k] = 0;
    const auto bytes = static_cast<std::size_t>(itemsize(d.dtype));
    for (std::size_t i = 0; i < broadcast_width; ++i) std::memcpy(fill[k] + i * bytes, d.data, bytes);
    p[k] = fill[k];
  }
  Tensor result = result_buffer(plan, x, shape, weak);
  std::byte* out = dense(result).data;
  if (direct) {
    if (n <= grain)
      run_direct(plan, out, p, step, 0, n);
    else
      parallel_for(n, grain, [&](std::int64_t b, std::int64_t e) { run_direct(plan, out, p, step, b, e); });
  } else {
    Strides strides[max_arity];
    for (int k = 0; k < info.arity; ++k) strides[k] = broadcast_strides(dense(x[static_cast<std::size_t>(k)]), shape);
    parallel_for(n, grain, [&](std::int64_t b, std::int64_t e) { run_tiled(plan, out, x, strides, shape, b, e); });
  }
  y[0] = std::move(result);
}

namespace {

[[noreturn]] void refuse_dtype(const PointwiseInfo& info, Dtype d) {
  const char* wanted = info.accepts == bits       ? "integer or bool"
                       : info.accepts == integers ? "integer"
                       : info.accepts == floats   ? "float"
                       : info.accepts == numbers  ? "number"
                                                  : "such a";
  throw DtypeError(std::string(info.name) + ": " + std::string(name(d)) + " is not a" + (*wanted == 'i' ? "n " : " ") +
                   wanted + " dtype; convert it with st::astype" + level_context());
}

void settle_types(const PointwiseInfo& info, Out x) {
  const std::size_t first = info.typing == Typing::select ? 1 : 0;
  if (first == 1 && x[0].dtype() != Dtype::bool_) x[0] = astype(std::move(x[0]), Dtype::bool_);
  Type type = x[first].type();
  bool same = true;
  for (std::size_t k = first + 1; k < x.size(); ++k) {
    const Type t = x[k].type();
    if (t == type) continue;
    same = same && t.dtype == type.dtype;
    type = promote(type, t);
  }
  Dtype d = type.dtype;
  if (info.typing == Typing::inexact) d = inexact(d);
  if (info.typing == Typing::logical) d = Dtype::bool_;
  if (!accepts(info, d)) refuse_dtype(info, d);
  if (same && d == x[first].dtype()) return;
  for (std::size_t k = first; k < x.size(); ++k) {
    if (x[k].dtype() == d) continue;
    x[k] = x[k].weak() ? astype_weak(std::move(x[k]), d) : astype(std::move(x[k]), d);
  }
}

}  // namespace

namespace {

/// Applies the op to arguments of settled dtypes; wrapped ones get the full shape first.
Tensor apply_broadcast(const Op& op, const void* params, Out x) {
  bool plain = true;
  for (const Tensor& t : x) plain &= t.is_dense();
  Tensor y;
  if (plain) [[likely]] {
    op.eval(params, x, Out(&y, 1));
    return y;
  }
  const Shape shape = common_shape(op.name, x);
  for (Tensor& t : x) {
    if (t.is_wrapped() && !(t.shape() == shape)) t = broadcast_to(std::move(t), shape);
  }
  dispatch({op, params, x, Out(&y, 1)});
  return y;
}

}  // namespace

Tensor apply_pointwise(const Op& op, const PointwiseInfo& info, const void* params, Out x) {
  settle_types(info, x);
  return apply_broadcast(op, params, x);
}

void batch_pointwise(const Op& op, const void* params, std::span<Lane> x, std::span<Lane> y) {
  int axis = -1, rank = 0;
  for (const Lane& l : x) {
    if (!l.mapped()) continue;
    axis = l.axis;
    rank = l.value.ndim() - 1;
    break;
  }
  Tensor in[max_arity];
  for (std::size_t k = 0; k < x.size(); ++k) {
    Lane& l = x[k];
    if (l.mapped()) {
      in[k] = l.axis == axis ? std::move(l.value) : moveaxis(std::move(l.value), l.axis, axis);
    } else {
      const int position = axis - (rank - l.value.ndim());  // where the lanes fall among this operand's own axes
      in[k] = position > 0 ? expand_dims(std::move(l.value), position) : std::move(l.value);
    }
  }
  y[0] = {apply_broadcast(op, params, Out(in, x.size())), axis};
}

Tensor scale_cotangent(const Tensor& partial, const Tensor& g) {
  if (partial.impl() == one().impl()) return g;
  if (partial.impl() == minus_one().impl()) return neg(g);
  return mul(g, partial);
}

Tensor combine_tangents(std::span<const Tensor> partials, In dx) {
  Tensor dy;
  for (std::size_t k = 0; k < partials.size(); ++k) {
    if (!dx[k].defined() || !partials[k].defined()) continue;
    dy = add_tangents(std::move(dy), scale_cotangent(partials[k], dx[k]));
  }
  return dy;
}

Tensor add_tangents(Tensor a, Tensor b) {
  if (!a.defined()) return b;
  if (!b.defined()) return a;
  return add(std::move(a), std::move(b));
}

Samples unary_samples(Tensor (*f)(Tensor), double low, double high, Dtype dtype) {
  const auto call = [f](std::span<const Tensor> x) { return std::vector<Tensor>{f(x[0])}; };
  Samples s;
  for (const Shape& shape : {Shape{5}, Shape{2, 3}, Shape{}, Shape{0, 2}}) {
    s.push_back({to_string(shape), {{shape, dtype, low, high}}, call});
  }
  return s;
}

Samples binary_samples(Tensor (*f)(Tensor, Tensor), double low, double high, Dtype dtype) {
  const auto call = [f](std::span<const Tensor> x) { return std::vector<Tensor>{f(x[0], x[1])}; };
  Samples s;
  const std::pair<Shape, Shape> shapes[] = {{{4}, {4}}, {{2, 3}, {3}}, {{3}, {2, 1}},
                                            {{}, {2}},  {{}, {}},      {{0, 3}, {3}}};
  for (const auto& [a, b] : shapes) {
    s.push_back({to_string(a) + " with " + to_string(b), {{a, dtype, low, high}, {b, dtype, low, high}}, call});
  }
  return s;
}

}  // namespace strata
