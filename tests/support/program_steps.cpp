// See program_steps.hpp.
#include "strata/tests/support/program_steps.hpp"

#include <algorithm>

#include "strata/strata.hpp"

namespace strata::programs {
namespace {

using Kinds = std::vector<StepKind>;
using T = const Tensor&;

bool always(const Shape&, const Shape&) { return true; }
bool ranked(const Shape& a, const Shape&) { return a.size() > 0; }
bool matrix(const Shape& a, const Shape&) { return a.size() >= 2; }
bool one_matrix(const Shape& a, const Shape&) { return a.size() == 2; }
bool products(const Shape& a, const Shape& b) { return a.size() == 2 && b.size() == 2 && a[1] == b[0]; }
bool same(const Shape& a, const Shape& b) { return a == b; }
bool joinable(const Shape& a, const Shape& b) { return a == b && a.size() > 0; }
bool same_rows(const Shape& a, const Shape& b) { return a.size() == 2 && b.size() == 2 && a[0] == b[0]; }
bool kernel(const Shape& a, const Shape& b) { return same_rows(a, b) && b[1] <= a[1]; }
/// b broadcasts to a.
bool fits_into(const Shape& a, const Shape& b) {
  if (a.size() == 0 || b.size() > a.size()) return false;
  for (int i = 1; i <= b.size(); ++i) {
    if (b[b.size() - i] != a[a.size() - i] && b[b.size() - i] != 1) return false;
  }
  return true;
}
bool broadcasts(const Shape& a, const Shape& b) {
  for (int i = 1; i <= std::min(a.size(), b.size()); ++i) {
    const auto p = a[a.size() - i], q = b[b.size() - i];
    if (p != q && p != 1 && q != 1) return false;
  }
  return true;
}
int axis_of(T x, int choice) { return choice % x.ndim() - (choice & 8 ? x.ndim() : 0); }

/// 0.3, 0.7, ... along `axis`: no two elements equal, nothing constant.
Tensor ramp(T x, int axis) {
  const int at = axis < 0 ? axis + x.ndim() : axis;
  Shape shape = Shape::filled(x.ndim(), 1);
  shape[at] = x.size(at);
  return reshape(0.3 + 0.4 * arange(static_cast<double>(x.size(at)), {.dtype = float64}), shape);
}

/// Positive definite and far from singular, from any matrix.
Tensor definite(T a) { return matmul(a, mT(a)) + 2 * eye(a.size(0), {.dtype = float64}); }

/// Small integers [n] made of a choice, each below `below`.
Tensor places(std::int64_t n, std::int64_t below, int choice) { return (arange(n) * 3 + choice) % below; }

void add_arithmetic(Kinds& k) {
  k.push_back({"add", 2, broadcasts, [](T a, T b, int) { return a + b; }});
  k.push_back({"sub", 2, broadcasts, [](T a, T b, int) { return a - b; }});
  k.push_back({"mul", 2, broadcasts, [](T a, T b, int) { return a * b; }});
  k.push_back({"div", 2, broadcasts, [](T a, T b, int) { return a / (1 + square(b)); }});
  k.push_back({"scale", 1, always, [](T a, T, int c) { return a * (0.5 + c % 3); }});
  k.push_back({"square", 1, always, [](T a, T, int) { return square(a); }});
  k.push_back({"neg", 1, always, [](T a, T, int) { return -a; }});
  k.push_back({"reciprocal", 1, always, [](T a, T, int) { return reciprocal(2 + square(a)); }});
  k.push_back({"detached weight", 2, same, [](T a, T b, int) { return a * squash(b) + b; }});
  k.push_back({"a function", 1, always, [](T a, T, int c) {
                 using F = Tensor (*)(Tensor);
                 static constexpr F functions[] = {&sin, &tanh, &erf, &softplus, &sigmoid, &atan, &silu, &expm1};
                 return functions[c % 8](squash(a));
               }});
  k.push_back({"a function of two", 2, broadcasts, [](T a, T b, int c) {
                 switch (c % 4) {
                   case 0:
                     return pow(1 + square(squash(a)), b);
                   case 1:
                     return logaddexp(a, b);
                   case 2:
                     return atan2(a, 2 + square(b));
                   default:
                     return hypot(a, 1 + square(b));
                 }
               }});
}

void add_choices(Kinds& k) {
  k.push_back({"maximum", 2, broadcasts, [](T a, T b, int c) { return c & 1 ? maximum(a, b) : minimum(a, b); }});
  k.push_back({"where", 2, broadcasts, [](T a, T b, int c) { return where(a > 0.1 * (c % 3), a * b, sin(b)); }});
  k.push_back({"clip", 1, always, [](T a, T, int) { return clip(a, -0.31, 0.17); }});
  k.push_back({"abs", 1, always, [](T a, T, int) { return abs(a - 0.21); }});
  k.push_back({"relu", 1, always, [](T a, T, int c) { return c & 1 ? relu(a - 0.07) : leaky_relu(a + 0.03, 0.2); }});
}

void add_reductions(Kinds& k) {
  k.push_back({"sum of one axis", 1, ranked,
               [](T a, T, int c) { return sum(a, {.axes = {axis_of(a, c)}, .keepdims = (c & 16) != 0}); }});
  k.push_back({"sum", 1, always, [](T a, T, int) { return sum(a); }});
  k.push_back({"sum of rows", 2, joinable, [](T a, T b, int) { return sum(a * b, {.axes = {0}}); }});
  k.push_back({"mean", 1, ranked, [](T a, T, int c) { return mean(a, {.axes = {axis_of(a, c)}}); }});
  k.push_back({"extremum", 1, ranked, [](T a, T, int c) {
                 const Tensor x = a + ramp(a, axis_of(a, c));
                 const ReduceFrom along{.axes = {axis_of(a, c)}, .keepdims = (c & 16) != 0};
                 return c & 4 ? max(x, along) : min(x, along);
               }});
  k.push_back({"prod", 1, ranked, [](T a, T, int c) { return prod(a, {.axes = {axis_of(a, c)}}); }});
  k.push_back({"var", 1, ranked, [](T a, T, int c) { return var(a, {.axes = {axis_of(a, c)}}); }});
  k.push_back({"std", 1, [](const Shape& a, const Shape&) { return a.size() > 0 && a[0] > 1; },
               [](T a, T, int) { return std(0.2 * squash(a) + ramp(a, 0), {.axes = {0}, .ddof = 1}); }});
  k.push_back({"norm", 1, ranked, [](T a, T, int c) { return norm(squash(a) + 1, {.axes = {axis_of(a, c)}}); }});
  k.push_back({"logsumexp", 1, ranked,
               [](T a, T, int c) { return logsumexp(a, {.axes = {axis_of(a, c)}, .keepdims = (c & 16) != 0}); }});
}

void add_rows(Kinds& k) {
  k.push_back({"softmax", 1, ranked, [](T a, T, int c) {
                 return c & 4 ? softmax(a, {.axis = axis_of(a, c)}) : log_softmax(a, {.axis = axis_of(a, c)});
               }});
  k.push_back({"softmax with a mask", 2, joinable,
               [](T a, T b, int c) { return softmax(a, {.axis = axis_of(a, c), .where = b < 0.2}); }});
  k.push_back({"layer_norm", 2, fits_into,
               [](T a, T b, int c) { return layer_norm(a, b, Tensor(), {.axis = axis_of(a, c), .eps = 0.3}); }});
  k.push_back({"rms_norm", 1, ranked,
               [](T a, T, int c) { return rms_norm(a, Tensor(), {.axis = axis_of(a, c), .eps = 0.3}); }});
  k.push_back(
      {"cumsum", 1, ranked, [](T a, T, int c) { return cumsum(a, {.axis = axis_of(a, c), .reverse = (c & 4) != 0}); }});
  k.push_back({"cumprod", 1, ranked,
               [](T a, T, int c) { return cumprod(1 + squash(a), {.axis = axis_of(a, c), .reverse = (c & 4) != 0}); }});
  k.push_back({"cummax", 1, ranked,
               [](T a, T, int c) { return cummax(a + 0.1 * ramp(a, axis_of(a, c)), {.axis = axis_of(a, c)}); }});
  k.push_back({"linear_recurrence", 2, joinable, [](T a, T b, int c) {
                 return linear_recurrence(squash(a), b, {.axis = axis_of(a, c), .reverse = (c & 4) != 0});
               }});
}

void add_orders(Kinds& k) {
  k.push_back({"sort", 1, ranked, [](T a, T, int c) { return sort(a, {.axis = axis_of(a, c)}); }});
  k.push_back({"top_k", 1, ranked, [](T a, T, int c) {
                 const int axis = axis_of(a, c);
                 return top_k(a, static_cast<int>(std::min<std::int64_t>(2, a.size(axis))), {.axis = axis})[0];
               }});
  k.push_back({"take_along_axis", 2, joinable, [](T a, T b, int c) {
                 return take_along_axis(a, argsort(b, {.axis = axis_of(a, c)}), {.axis = axis_of(a, c)});
               }});
  k.push_back({"take", 1, ranked, [](T a, T, int c) {
                 const int axis = axis_of(a, c);
                 return take(a, places(4, a.size(axis), c), {.axis = axis});
               }});
  k.push_back({"the row with the largest sum", 2,
               [](const Shape& a, const Shape& b) { return a.size() == 2 && b.size() > 0 && a[0] == b[0]; },
               [](T a, T b, int) { return b[argmax(sum(a, {.axes = {1}}))]; }});
  k.push_back({"gather by data", 2, joinable, [](T a, T b, int) { return b[argsort(a, {.axis = 0})] * 0.5; }});
  k.push_back({"at add", 2, joinable, [](T a, T b, int c) { return a.at({places(a.size(0), a.size(0), c)}).add(b); }});
  k.push_back(
      {"at set", 1, ranked, [](T a, T, int c) { return a.at({c % static_cast<int>(a.size(0))}).set(0.5 * sum(a)); }});
  k.push_back({"at set by data", 2, joinable, [](T a, T b, int) {
                 return a.at({argmax(reshape(b, {b.size(0), -1})[{all, 0}])}).set(square(b[0]));
               }});
  k.push_back({"segment_sum", 1, ranked,
               [](T a, T, int c) { return segment_sum(a, places(a.size(0), 3, c), {.num_segments = 3}); }});
}

void add_shapes(Kinds& k) {
  k.push_back({"transpose", 1, matrix, [](T a, T, int) { return transpose(a); }});
  k.push_back({"moveaxis", 1, matrix, [](T a, T, int c) { return moveaxis(a, axis_of(a, c), -1); }});
  k.push_back({"flatten", 1, always, [](T a, T, int) { return reshape(a, {-1}); }});
  k.push_back(
      {"expand_dims", 1, always, [](T a, T, int c) { return a.ndim() < 3 ? expand_dims(a, c % (a.ndim() + 1)) : a; }});
  k.push_back({"broadcast_to", 1, always,
               [](T a, T, int) { return a.ndim() < 3 ? broadcast_to(a, Shape{2} + a.shape()) : a; }});
  k.push_back({"join", 2, joinable, [](T a, T b, int c) {
                 return c & 4 ? concatenate({a, b}, {.axis = axis_of(a, c)}) : stack({a, b}, {.axis = axis_of(a, c)});
               }});
  k.push_back({"turn", 1, ranked, [](T a, T, int c) {
                 return c & 4 ? flip(a, {.axes = {axis_of(a, c)}}) : roll(a, c, {.axes = {axis_of(a, c)}});
               }});
  k.push_back({"pad", 1, ranked, [](T a, T, int) { return pad(a, 1); }});
  k.push_back({"slice", 1, ranked, [](T a, T, int c) { return a[{ellipsis, range({}, {}, c & 4 ? -1 : 2)}]; }});
  k.push_back({"triangle", 1, matrix, [](T a, T, int c) { return c & 4 ? tril(a) : triu(a, c % 2); }});
  k.push_back({"tile", 1, ranked, [](T a, T, int c) { return repeat(a, 2, {.axis = axis_of(a, c)}); }});
}

void add_products(Kinds& k) {
  k.push_back({"matmul", 2, products, [](T a, T b, int) { return matmul(a, b); }});
  k.push_back({"outer product", 2, [](const Shape& a, const Shape& b) { return a.size() <= 1 && b.size() <= 1; },
               [](T a, T b, int) {
                 return reshape(a, {-1, 1}) * reshape(b, {1, -1});
               }});
  k.push_back({"einsum of rows", 2, same_rows,
               [](T a, T b, int c) { return c & 4 ? einsum("ij,ik->jk", a, b) : einsum("ij,ik->i", a, b); }});
  k.push_back({"einsum of three", 2, products, [](T a, T b, int) { return einsum("ij,jk,ij->ki", a, b, a); }});
  k.push_back({"conv", 2, kernel, [](T a, T b, int c) {
                 const Padding padding = c & 4 ? "VALID" : "SAME";
                 return conv_general(expand_dims(a, 0), expand_dims(b, 0), {.padding = padding})[{0, 0}];
               }});
  k.push_back({"attention", 2, same_rows, [](T a, T b, int c) {
                 const Tensor q = expand_dims(a, 1), v = expand_dims(b, 1);
                 return reshape(dot_product_attention(q, q, v, {.is_causal = (c & 4) != 0}), {a.size(0), -1});
               }});
  k.push_back({"max_pool", 1, matrix, [](T a, T, int) {
                 return max_pool(a + 0.1 * ramp(a, -1), {.window = {2}, .strides = {1}, .padding = "SAME"});
               }});
  k.push_back({"solve", 2, same_rows, [](T a, T b, int) { return linalg::solve(definite(a), b); }});
  k.push_back({"cholesky", 1, one_matrix, [](T a, T, int) { return linalg::cholesky(definite(a)); }});
  k.push_back({"triangular_solve", 2, same_rows, [](T a, T b, int c) {
                 return linalg::triangular_solve(definite(a), b, {.lower = (c & 4) != 0, .transpose_a = (c & 2) != 0});
               }});
  k.push_back({"determinant", 1, one_matrix, [](T a, T, int c) {
                 return c & 4 ? linalg::slogdet(definite(a)).logabsdet : linalg::det(0.3 * definite(a));
               }});
  k.push_back({"inv", 1, one_matrix, [](T a, T, int) { return linalg::inv(definite(a)); }});
}

void add_loops(Kinds& k) {
  k.push_back({"scan of both", 2, joinable, [](T a, T b, int c) {
                 const auto step = [](T carry, const std::pair<Tensor, Tensor>& x) {
                   const Tensor next = squash(carry * x.first + x.second);
                   return std::pair{next, next * x.first};
                 };
                 const auto [last, ys] = scan(step, squash(b[0]), std::pair{a, b}, {.reverse = (c & 4) != 0});
                 return ys + last;
               }});
  k.push_back({"fori_loop", 1, always, [](T a, T, int c) {
                 return fori_loop(
                     0, 1 + c % 3, [](T i, T x) { return sin(x) + 0.1 * astype(i, float64); }, a);
               }});
  k.push_back({"cond on data", 2, same, [](T a, T b, int) {
                 return cond(
                     sum(a) > 0.05, [](T x, T y) { return sin(x) * y; }, [](T x, T y) { return x - y; }, a, b);
               }});
  k.push_back(
      {"switch on data", 1, ranked, [](T a, T, int) {
         const std::tuple branches{[](T x) { return tanh(x); }, [](T x) { return 0.5 * x; }, [](T x) { return x * x; }};
         return switch_case(argmax(reshape(a, {-1})) % 3, branches, a);
       }});
}

}  // namespace

Tensor squash(const Tensor& x) { return x / (1 + square(x)); }

const std::vector<StepKind>& kinds() {
  static const Kinds all = [] {
    Kinds k;
    for (const auto add : {&add_arithmetic, &add_choices, &add_reductions, &add_rows, &add_orders, &add_shapes,
                           &add_products, &add_loops}) {
      add(k);
    }
    return k;
  }();
  return all;
}

}  // namespace strata::programs
