// The menu's choices between values.
#include "strata/ops/select.hpp"

#include "strata/core/error.hpp"
#include "strata/ops/registry.hpp"

namespace strata {

Tensor sign(Tensor x) { return pointwise<Sign>(std::move(x)); }
Tensor maximum(Tensor a, Tensor b) { return pointwise<Maximum>(std::move(a), std::move(b)); }
Tensor minimum(Tensor a, Tensor b) { return pointwise<Minimum>(std::move(a), std::move(b)); }
Tensor fmax(Tensor a, Tensor b) { return pointwise<Fmax>(std::move(a), std::move(b)); }
Tensor fmin(Tensor a, Tensor b) { return pointwise<Fmin>(std::move(a), std::move(b)); }
Tensor copysign(Tensor a, Tensor b) { return pointwise<CopySign>(std::move(a), std::move(b)); }
Tensor nextafter(Tensor a, Tensor b) { return pointwise<NextAfter>(std::move(a), std::move(b)); }
Tensor heaviside(Tensor a, Tensor b) { return pointwise<Heaviside>(std::move(a), std::move(b)); }

Tensor abs(Tensor x) { return x.dtype() == Dtype::bool_ ? x : pointwise<Abs>(std::move(x)); }

Tensor where(Tensor condition, Tensor a, Tensor b) {
  return pointwise<Where>(std::move(condition), std::move(a), std::move(b));
}

Tensor select_n(Tensor which, std::vector<Tensor> cases) {
  if (cases.empty()) throw ValueError("select_n: there are no cases to choose from" + level_context());
  if (is_float(which.dtype())) {
    throw DtypeError("select_n: the selector is " + std::string(name(which.dtype())) +
                     ", only bool and integers choose" + level_context());
  }
  Tensor y = std::move(cases.back());
  if (which.dtype() == Dtype::bool_ && cases.size() == 2) return where(std::move(which), std::move(y), cases[0]);
  for (std::size_t k = cases.size() - 1; k-- > 0;) y = where(which <= k, std::move(cases[k]), std::move(y));
  return y;
}

Tensor clip(Tensor x, Tensor low, Tensor high) {
  if (low.defined() && high.defined()) return pointwise<Clip>(std::move(x), std::move(low), std::move(high));
  if (low.defined()) return maximum(std::move(x), std::move(low));
  return high.defined() ? minimum(std::move(x), std::move(high)) : x;
}

Tensor clamp(Tensor low, Tensor x, Tensor high) {
  return pointwise<Clamp>(std::move(low), std::move(x), std::move(high));
}

Tensor lerp(Tensor a, Tensor b, Tensor t) { return pointwise<Lerp>(std::move(a), std::move(b), std::move(t)); }

namespace {

double largest(Dtype d) {
  return d == Dtype::float16    ? 65504.0
         : d == Dtype::bfloat16 ? 0x1.fep127
         : d == Dtype::float32  ? 0x1.fffffep127
                                : 0x1.fffffffffffffp1023;
}

}  // namespace

Tensor nan_to_num(Tensor x, Replacements p) {
  if (!is_float(x.dtype())) return x;
  const double most = largest(x.dtype());
  return pointwise_with<NanToNum>({p.nan, p.posinf.value_or(most), p.neginf.value_or(-most)}, std::move(x));
}

namespace {

struct Range {
  Dtype dtype = Dtype::float32;
  double low = -2, high = 2;
};
Samples ternary_samples(Tensor (*f)(Tensor, Tensor, Tensor), Range first = {}, Range second = {}, Range third = {}) {
  const auto call = [f](std::span<const Tensor> x) { return std::vector<Tensor>{f(x[0], x[1], x[2])}; };
  const auto of = [](const Shape& shape, const Range& r) { return Argument{shape, r.dtype, r.low, r.high}; };
  const auto sample = [&](const char* label, const Shape& a, const Shape& b, const Shape& c) {
    return Sample{label, {of(a, first), of(b, second), of(c, third)}, call};
  };
  return {sample("[4], [4], [4]", {4}, {4}, {4}), sample("[2, 1], [3], []", {2, 1}, {3}, {}),
          sample("[3], [], [2, 3]", {3}, {}, {2, 3}), sample("[0, 2], [2], [1]", {0, 2}, {2}, {1})};
}

constexpr Range below{Dtype::float32, -2, -0.5}, above{Dtype::float32, 0.5, 2};

}  // namespace

Samples Where::samples() { return ternary_samples(&where, {Dtype::bool_, 0, 2}); }
Samples Wins::samples() { return ternary_samples(&Wins::of); }
Samples Clip::samples() { return ternary_samples(&clip, {}, below, above); }
Samples Clamp::samples() { return ternary_samples(&clamp, below, {}, above); }
Samples Lerp::samples() { return ternary_samples(&lerp); }
Samples NanToNum::samples() {
  return unary_samples([](Tensor x) { return nan_to_num(std::move(x)); });
}

std::vector<Entry> select_entries() {
  return {entry<row<Where>>(),     entry<row<Wins>>(),      entry<row<Maximum>>(), entry<row<Minimum>>(),
          entry<row<Fmax>>(),      entry<row<Fmin>>(),      entry<row<Clip>>(),    entry<row<Clamp>>(),
          entry<row<Lerp>>(),      entry<row<Abs>>(),       entry<row<Sign>>(),    entry<row<CopySign>>(),
          entry<row<NextAfter>>(), entry<row<Heaviside>>(), entry<row<NanToNum>>()};
}

}  // namespace strata
