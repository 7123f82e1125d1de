// The Pointwise family out of line: typing, the rules that all its ops share, and the choice between computing at once
// and waiting (ops/pending.hpp). The walks over memory are the devices'.
#include "strata/ops/pointwise.hpp"

#include "strata/core/convert.hpp"
#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/cpu/pointwise_small.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/pending.hpp"

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

bool accepts(const PointwiseInfo& info, Dtype d) {
  const Accepts a = is_float(d) ? floats : is_integer(d) ? integers : bools;
  return (info.accepts & a) != 0;
}

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
    if (x[k].is_dense() && dense(x[k]).number)
      x[k] = number_as(dense(x[k]), d);
    else
      x[k] = x[k].weak() ? astype_weak(std::move(x[k]), d) : astype(std::move(x[k]), d);
  }
}

}  // namespace

Shape common_shape(std::string_view op, In x) {
  Shape shape = x[0].shape();
  for (std::size_t k = 1; k < x.size(); ++k) {
    if (!(x[k].shape() == shape)) shape = broadcast_shapes(op, shape, x[k].shape());
  }
  return shape;
}

void apply_broadcast(const Op& op, const void* params, Out x, Out y) {
  bool plain = true;
  for (const Tensor& t : x) plain &= t.is_dense();
  if (plain) [[likely]]
    return op.eval(params, x, y);
  const Shape shape = common_shape(op.name, x);
  for (Tensor& t : x) {
    if (t.is_wrapped() && !(t.shape() == shape)) t = broadcast_to(std::move(t), shape);
  }
  dispatch({op, params, x, y});
}

Tensor apply_pointwise(const Op& op, const PointwiseInfo& info, const void* params, Out x) {
  const Impl* in[max_arity];
  for (std::size_t k = 0; k < x.size(); ++k) in[k] = x[k].impl();
  Tensor y;
  if (quick(op, params, in, y)) return y;
  settle_types(info, x);
  apply_broadcast(op, params, x, Out(&y, 1));
  return y;
}

void eval_pointwise(const PointwiseInfo& info, const void* params, Out x, Out y) {
  const Impl* operands[max_arity];
  for (std::size_t k = 0; k < x.size(); ++k) operands[k] = x[k].impl();
  if (eval_small(info, params, operands, y[0])) return;  // under transforms calls come here at once
  if (eval_medium(info, params, x, y[0])) return;
  Shape shape = x[0].shape();
  bool weak = true;
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (!(x[k].shape() == shape)) shape = broadcast_shapes(info.name, shape, x[k].shape());
    if (info.typing != Typing::select || k > 0) weak &= x[k].weak();
  }
  const Dtype stored = result_dtype(info.typing, x[x.size() - 1].dtype());
  weak = weak && stored != Dtype::bool_;
  y[0] = defer_pointwise(info, params, x, shape, {stored, weak});
  if (!y[0].defined()) y[0] = eval_pointwise_now(info, params, x, shape, weak);
}

Tensor eval_pointwise_now(const PointwiseInfo& info, const void* params, Out x, const Shape& shape, bool weak) {
  for (Tensor& t : x) t = materialize(t);
  return backend(device_of(x)).elements.pointwise(info, params, x, shape, weak);
}

int align_lanes(std::span<Lane> x, Out in) {
  int axis = -1, rank = 0;
  for (const Lane& l : x) {
    if (!l.mapped()) continue;
    axis = l.axis;
    rank = l.value.ndim() - 1;
    break;
  }
  for (std::size_t k = 0; k < x.size(); ++k) {
    Lane& l = x[k];
    if (l.mapped()) {
      in[k] = l.axis == axis ? std::move(l.value) : moveaxis(std::move(l.value), l.axis, axis);
    } else {
      const int position = axis - (rank - l.value.ndim());  // where the lanes fall among this operand's own axes
      in[k] = position > 0 ? expand_dims(std::move(l.value), position) : std::move(l.value);
    }
  }
  return axis;
}

void batch_pointwise(const Op& op, const void* params, std::span<Lane> x, std::span<Lane> y) {
  Tensor in[max_arity];
  const int axis = align_lanes(x, in);
  y[0].axis = axis;
  apply_broadcast(op, params, Out(in, x.size()), Out(&y[0].value, 1));
}

Tensor scale_cotangent(const Tensor& partial, const Tensor& g) {
  if (partial.impl() == one().impl()) return g;
  if (partial.impl() == minus_one().impl()) return neg(g);
  return mul(g, partial);
}

bool fusible(const Tensor& x) {
  const Tensor* t = &x;
  while (t->kind() == Kind::batched) t = &wrapper(*t).value;
  return t->is_dense() || t->kind() == Kind::pending;
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
