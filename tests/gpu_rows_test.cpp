// Reductions, running reductions, rows to rows and sorts on a GPU against the CPU: every dtype, rows that are cut into
// parts, rows side by side, strided views, NaN, infinities and ties. On the double of a GPU where none is
// (STRATA_TEST_DEVICE=cuda with STRATA_CUDA_LIBRARY); without either these tests say SKIPPED.
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"

namespace st = strata;
using st::Tensor;

namespace {

using Function = std::function<Tensor(const Tensor&)>;
struct Named {
  const char* name;
  Function f;
};

bool gpu_here() {
  if (st::default_device() != st::cpu) return true;
  WARN("SKIPPED: no GPU (STRATA_TEST_DEVICE=cuda asks for one)");
  return false;
}

/// f of x on the GPU is f of x on the CPU: exactly for integers, within `tolerance` of the size of values for floats.
void agree(const Named& n, const Tensor& x, double tolerance) {
  const Tensor want = n.f(x), y = n.f(x.to(st::default_device()));
  INFO(n.name << " of " << st::name(x.dtype()) << st::to_string(x.shape()));
  CHECK(y.device() == st::default_device());
  CHECK(y.dtype() == want.dtype());
  REQUIRE(y.shape() == want.shape());
  const auto a = y.to_vector<double>(), b = want.to_vector<double>();
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool same = a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]));
    if (!same && !(std::fabs(a[i] - b[i]) <= tolerance * (1 + std::fabs(b[i])))) ++wrong;
  }
  CHECK(wrong == 0);
}

double tolerance_of(st::Dtype d) {
  if (d == st::float64) return 1e-11;
  if (d == st::bfloat16) return 2e-2;
  return d == st::float16 ? 3e-3 : st::is_float(d) ? 2e-5 : 0;
}

/// Few values, so that ties occur; negative ones where the dtype has them.
Tensor draw(const st::Shape& shape, st::Dtype dtype) {
  static std::mt19937 generator(11);
  std::vector<float> v(static_cast<std::size_t>(shape.elements()));
  const int low = st::is_unsigned_int(dtype) || dtype == st::bool_ ? 0 : -7;
  for (float& e : v) e = static_cast<float>(std::uniform_int_distribution<int>(low, 7)(generator)) / 4.f;
  const bool whole = !st::is_float(dtype);
  Tensor x = st::array(std::span<const float>(v), shape, {.device = st::cpu});
  if (dtype == st::bool_) return x > 1;
  return st::astype(whole ? st::round(x * 4) : x, dtype);
}

std::vector<Named> reductions(const st::AxesOrAll& axes) {
  return {{"sum", [=](const Tensor& x) { return st::sum(x, {.axes = axes}); }},
          {"mean", [=](const Tensor& x) { return st::mean(x, {.axes = axes}); }},
          {"prod", [=](const Tensor& x) { return st::prod(x, {.axes = axes}); }},
          {"max", [=](const Tensor& x) { return st::max(x, {.axes = axes}); }},
          {"min", [=](const Tensor& x) { return st::min(x, {.axes = axes}); }},
          {"any", [=](const Tensor& x) { return st::any(x, {.axes = axes}); }},
          {"all", [=](const Tensor& x) { return st::all(x, {.axes = axes}); }},
          {"count_nonzero", [=](const Tensor& x) { return st::count_nonzero(x, {.axes = axes}); }},
          {"var", [=](const Tensor& x) { return st::var(x, {.axes = axes, .ddof = 1}); }},
          {"std", [=](const Tensor& x) { return st::std(x, {.axes = axes}); }},
          {"logsumexp", [=](const Tensor& x) { return st::logsumexp(x, {.axes = axes}); }}};
}

std::vector<Named> along(int axis) {
  const Function flat = [](const Tensor& x) { return x; };
  return {{"argmax", [=](const Tensor& x) { return st::argmax(x, {.axis = axis}); }},
          {"argmin", [=](const Tensor& x) { return st::argmin(x, {.axis = axis}); }},
          {"cumsum", [=](const Tensor& x) { return st::cumsum(x, {.axis = axis}); }},
          {"cumsum, reverse, exclusive",
           [=](const Tensor& x) { return st::cumsum(x, {.axis = axis, .reverse = true, .exclusive = true}); }},
          {"cummax", [=](const Tensor& x) { return st::cummax(x, {.axis = axis}); }},
          {"cummin", [=](const Tensor& x) { return st::cummin(x, {.axis = axis, .reverse = true}); }},
          {"sort", [=](const Tensor& x) { return st::sort(x, {.axis = axis}); }},
          {"sort, descending", [=](const Tensor& x) { return st::sort(x, {.axis = axis, .descending = true}); }},
          {"argsort", [=](const Tensor& x) { return st::argsort(x, {.axis = axis}); }},
          {"argsort, descending", [=](const Tensor& x) { return st::argsort(x, {.axis = axis, .descending = true}); }}};
}

std::vector<Named> of_floats(int axis) {
  return {{"softmax", [=](const Tensor& x) { return st::softmax(x, {.axis = axis}); }},
          {"log_softmax", [=](const Tensor& x) { return st::log_softmax(x, {.axis = axis}); }},
          {"standardize", [=](const Tensor& x) { return st::standardize(x, {.axis = axis, .eps = 0.1}); }},
          {"cumlogsumexp", [=](const Tensor& x) { return st::cumlogsumexp(x, {.axis = axis}); }},
          {"norm", [=](const Tensor& x) { return st::norm(x, {.axes = axis}); }},
          {"slope of softmax",
           [=](const Tensor& x) {
             return st::grad([&](const Tensor& a) { return st::sum(st::softmax(a, {.axis = axis}) * x); })(x);
           }},
          {"slope of log_softmax",
           [=](const Tensor& x) {
             return st::grad([&](const Tensor& a) { return st::sum(st::log_softmax(a, {.axis = axis}) * x); })(x);
           }},
          {"slope of standardize",
           [=](const Tensor& x) {
             return st::grad(
                 [&](const Tensor& a) { return st::sum(st::standardize(a, {.axis = axis, .eps = 0.1}) * x * x); })(x);
           }},
          {"slope of max",
           [=](const Tensor& x) {
             return st::grad([&](const Tensor& a) { return st::sum(st::max(a, {.axes = axis})); })(x);
           }},
          {"slope of cummax", [=](const Tensor& x) {
             return st::grad([&](const Tensor& a) { return st::sum(st::cummax(a, {.axis = axis}) * x); })(x);
           }}};
}

constexpr st::Dtype all_dtypes[] = {st::bool_, st::uint8, st::uint16,   st::uint32,  st::uint64,  st::int8,   st::int16,
                                    st::int32, st::int64, st::bfloat16, st::float16, st::float32, st::float64};

}  // namespace

TEST_CASE("rows of every dtype", "[gpu]") {
  if (!gpu_here()) return;
  for (const st::Dtype d : all_dtypes) {
    const Tensor x = draw({5, 4, 7}, d);
    for (const st::AxesOrAll& axes : {st::AxesOrAll(0), st::AxesOrAll(-1), st::AxesOrAll({0, 2}), st::every_axis}) {
      for (const Named& n : reductions(axes))
        agree(n, x, tolerance_of(d == st::float64 || st::is_half(d) ? d : st::float32));
    }
    for (const int axis : {0, 1, 2}) {
      for (const Named& n : along(axis)) agree(n, x, tolerance_of(d));
      for (const Named& n : of_floats(axis)) {
        if (st::is_float(d)) agree(n, x, 4 * tolerance_of(d));
      }
    }
  }
}

TEST_CASE("long rows, in parts, and many rows side by side", "[gpu]") {
  if (!gpu_here()) return;
  for (const st::Shape& shape : {st::Shape{2, 9000}, st::Shape{9000, 2}, st::Shape{700, 40}, st::Shape{1, 40000}}) {
    for (const st::Dtype d : {st::float32, st::int32}) {
      const Tensor x = draw(shape, d);
      for (const st::AxesOrAll& axes : {st::AxesOrAll(0), st::AxesOrAll(1), st::every_axis}) {
        for (const Named& n : reductions(axes)) agree(n, x, 1e-4);
      }
      for (const int axis : {0, 1}) {
        for (const Named& n : along(axis)) agree(n, x, 1e-4);
        for (const Named& n : of_floats(axis)) {
          if (st::is_float(d)) agree(n, x, 1e-3);
        }
      }
    }
  }
}

TEST_CASE("strided rows", "[gpu]") {
  if (!gpu_here()) return;
  const std::vector<Named> views = {{"turned", [](const Tensor& x) { return st::transpose(x); }},
                                    {"backwards", [](const Tensor& x) { return st::flip(x); }},
                                    {"spread", [](const Tensor& x) {
                                       return st::broadcast_to(x, {3, 6, 8});
                                     }}};
  const Tensor x = draw({6, 8}, st::float32);
  for (const Named& v : views) {
    for (const int axis : {0, 1}) {
      for (const auto& list : {reductions(axis), along(axis), of_floats(axis)}) {
        for (const Named& n : list) agree({v.name, [&](const Tensor& a) { return n.f(v.f(a)); }}, x, 1e-4);
      }
    }
  }
}

TEST_CASE("NaN, infinities, nothing but -inf, both zeros", "[gpu]") {
  if (!gpu_here()) return;
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const Tensor x = st::array(std::vector<float>{1,    nan,  2,   nan, -inf, -inf, -inf, -inf, inf, 1,   inf,
                                                -inf, -0.f, 0.f, 0.f, -0.f, -inf, 3,    nan,  inf, inf, 2},
                             {2, 11}, {.device = st::cpu});
  const Tensor lines[] = {x, st::reshape(x, {11, 2}), st::astype(x, st::float64), st::astype(x, st::float16)};
  for (const Tensor& t : lines) {
    for (const int axis : {0, 1}) {
      for (const auto& list : {reductions(axis), along(axis)}) {
        for (const Named& n : list) agree(n, t, tolerance_of(t.dtype()));
      }
      for (const Named& n : of_floats(axis)) {
        if (std::string_view(n.name).find("slope") == std::string_view::npos) agree(n, t, tolerance_of(t.dtype()));
      }
    }
  }
  const Tensor rows = st::array(std::vector<float>{-inf, -inf, -inf, 0, 1, -inf}, {2, 3}, {.device = st::cpu});
  agree({"logsumexp", [](const Tensor& a) { return st::logsumexp(a, {.axes = 1}); }}, rows, 1e-6);
}

TEST_CASE("recurrences, products, searches, and reductions of nothing", "[gpu]") {
  if (!gpu_here()) return;
  const Tensor x = draw({3, 600}, st::float32) * 0.5;
  agree({"recurrence", [](const Tensor& a) { return st::linear_recurrence(a, st::sin(a), {.axis = 1}); }}, x, 1e-4);
  agree(
      {"recurrence, reverse, exclusive",
       [](const Tensor& a) { return st::linear_recurrence(0.9, a, {.axis = 1, .reverse = true, .exclusive = true}); }},
      x, 1e-4);
  agree({"long recurrence", [](const Tensor& a) { return st::linear_recurrence(0.9 * a, st::sin(a), {.axis = 1}); }},
        draw({2, 20'000}, st::float32) * 0.5, 1e-3);
  agree({"cumprod", [](const Tensor& a) { return st::cumprod(a + 1, {.axis = 0}); }}, x, 1e-4);
  agree({"searchsorted", [](const Tensor& a) { return st::searchsorted(st::sort(a[0]), a, {.right = true}); }}, x, 0);
  agree({"layer_norm", [](const Tensor& a) { return st::layer_norm(a, 2.0, st::abs(a[0])); }}, x, 1e-4);
  const Tensor none = draw({3, 0}, st::float32);
  for (const Named& n : {Named{"sum", [](const Tensor& a) { return st::sum(a, {.axes = 1}); }},
                         Named{"any", [](const Tensor& a) { return st::any(a, {.axes = 1}); }},
                         Named{"all", [](const Tensor& a) { return st::all(a, {.axes = 1}); }},
                         Named{"prod", [](const Tensor& a) { return st::prod(a, {.axes = 1}); }},
                         Named{"max", [](const Tensor& a) { return st::max(a, {.axes = 1, .initial = 2}); }},
                         Named{"mean", [](const Tensor& a) { return st::mean(a, {.axes = 1}); }}})
    agree(n, none, 0);
}
