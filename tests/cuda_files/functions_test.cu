// Every function of st::math in a kernel of the user's file, against the op of its name: values bit for bit,
// derivatives within roundings. For the double of a GPU alone (tests/cuda_double): nvcc would take minutes.
#include <cmath>

#include "strata/strata.hpp"
#include "strata/tests/catch.hpp"

namespace st = strata;
namespace math = st::math;
using st::Tensor;

namespace {

struct Unary1 {
  STRATA_BOTH auto operator()(auto x) const {
    return std::tuple{math::abs(x),   math::sign(x), math::square(x),     math::sqrt(x),
                      math::rsqrt(x), math::cbrt(x), math::reciprocal(x), math::exp(x)};
  }
};
struct Unary2 {
  STRATA_BOTH auto operator()(auto x) const {
    return std::tuple{math::exp2(x),  math::expm1(x), math::log(x), math::log2(x),
                      math::log10(x), math::log1p(x), math::sin(x), math::cos(x)};
  }
};
struct Unary3 {
  STRATA_BOTH auto operator()(auto x) const {
    return std::tuple{math::tan(x),  math::asin(x), math::acos(x), math::atan(x),
                      math::sinh(x), math::cosh(x), math::tanh(x), math::erf(x)};
  }
};
struct Unary4 {
  STRATA_BOTH auto operator()(auto x) const {
    return std::tuple{math::erfc(x),     math::lgamma(x),      math::logistic(x), math::sigmoid(x),
                      math::softplus(x), math::log_sigmoid(x), math::relu(x),     math::silu(x)};
  }
};
struct Unary5 {
  STRATA_BOTH auto operator()(auto x) const {
    return std::tuple{math::gelu(x), math::floor(x), math::ceil(x),  math::trunc(x),
                      math::rint(x), math::isnan(x), math::isinf(x), math::isfinite(x)};
  }
};
struct OfTwo {
  STRATA_BOTH auto operator()(auto x, auto y) const {
    return std::tuple{math::pow(x, y),     math::atan2(x, y),   math::hypot(x, y), math::logaddexp(x, y),
                      math::maximum(x, y), math::minimum(x, y), x / y - y * x,     math::max(x, math::min(x, y))};
  }
};
struct WithNumbers {
  STRATA_BOTH auto operator()(auto x, auto y) const {
    auto sum = -x;
    sum += 2 * y, sum -= 0.5, sum *= y, sum /= 3;
    return std::tuple{math::pow(x, 2.5),
                      math::pow(2, x) + math::atan2(1, y),
                      math::pow(x, -3) + math::pow(y, 0),
                      math::maximum(0.5, x) + math::minimum(y, 0.5) + math::hypot(x, 1),
                      sum,
                      math::where(x <= y || !(x != 0.5), 1, x) + math::where(x >= y, y, 0.25),
                      math::clip(x, 0.3, y) + math::stop_gradient(x) * y,
                      (x > y) * x};
  }
};

/// The same function as a kernel and as a lambda, whose ops run one by one.
template <class F>
auto by_ops(F f) {
  return st::elementwise([f](auto... x) { return f(x...); });
}

template <class A, class B>
void check_same(const A& kernel, const B& ops, bool exactly) {
  std::apply(
      [&](const auto&... y) {
        std::apply(
            [&](const auto&... want) {
              const Tensor a[] = {y...}, b[] = {want...};
              for (std::size_t j = 0; j < std::size(a); ++j) {
                CAPTURE(j);
                CHECK(a[j].dtype() == b[j].dtype());
                const auto p = a[j].template to_vector<double>(), q = b[j].template to_vector<double>();
                REQUIRE(p.size() == q.size());
                for (std::size_t i = 0; i < p.size(); ++i) {
                  if (exactly)
                    CHECK(p[i] == q[i]);
                  else
                    CHECK(std::abs(p[i] - q[i]) <= 1e-5 * (1 + std::abs(q[i])));
                }
              }
            },
            ops);
      },
      kernel);
}

/// The derivatives of the sum of a function's float results, each with another factor.
template <class F, class... X>
auto derivatives(const F& f, const X&... x) {
  const auto loss = [&](const auto&... at) {
    return std::apply(
        [](const auto&... y) {
          Tensor sum = 0;
          double factor = 0;
          ((sum = y.dtype() == st::bool_ ? sum : sum + (factor += 0.5) * st::sum(y)), ...);
          return sum;
        },
        f(at...));
  };
  if constexpr (sizeof...(X) == 1)
    return std::tuple{st::grad(loss)(x...)};
  else
    return st::grad<0, 1>(loss)(x...);
}

template <class F, class... X>
void check(F f, const X&... x) {
  const auto kernel = st::elementwise(f);
  const auto ops = by_ops(f);
  for (const st::Dtype dtype : {st::float32, st::float64, st::bfloat16, st::float16}) {
    CAPTURE(st::name(dtype));
    check_same(kernel(st::astype(x, dtype)...), ops(st::astype(x, dtype)...), true);
  }
  check_same(derivatives(kernel, x...), derivatives(ops, x...), false);
  const auto f64 = [](const Tensor& t) { return st::astype(t, st::float64); };
  const auto push = [&](const auto& g) {
    return st::jvp([&](const auto&... at) { return std::get<0>(g(at...)); }, std::tuple{f64(x)...},
                   std::tuple{f64(2 * x)...});
  };
  check_same(push(kernel), push(ops), false);
}

Tensor draw(int seed) { return st::random::uniform(st::random::key(seed), {40}) * 0.7 + 0.2; }

bool gpu_here() {
  if (st::default_device() != st::cpu) return true;
  WARN("SKIPPED: no GPU (STRATA_TEST_DEVICE=cuda asks for one)");
  return false;
}

}  // namespace

TEST_CASE("functions of one number") {
  if (!gpu_here()) return;
  check(Unary1{}, draw(0));
  check(Unary2{}, draw(0));
  check(Unary3{}, draw(0));
  check(Unary4{}, draw(0));
  check(Unary5{}, draw(0));
  check(Unary5{}, st::array({-1.5f, -0.5f, 0.f, 0.5f, 1.5f}));
}

TEST_CASE("functions of two numbers, one of which may be of C++") {
  if (!gpu_here()) return;
  check(OfTwo{}, draw(0), draw(1));
  check(WithNumbers{}, draw(0), draw(1));
}
