// Distributions made of uniforms, normals and gammas by ops, formula by formula as in JAX: parameters may be mapped and
// differentiated.
#include <cmath>
#include <limits>

#include "strata/core/error.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/random_check.hpp"
#include "strata/ops/registry.hpp"

namespace strata::random {
namespace {

/// What is special about a float dtype: its smallest normal number, the distance from 1 to the next number.
struct FloatInfo {
  double tiny, eps;
};
FloatInfo info(Dtype dtype) {
  switch (dtype) {
    case Dtype::float64:
      return {std::numeric_limits<double>::min(), 0x1p-52};
    case Dtype::float16:
      return {0x1p-14, 0x1p-10};
    case Dtype::bfloat16:
      return {std::numeric_limits<float>::min(), 0x1p-7};
    default:
      return {std::numeric_limits<float>::min(), 0x1p-23};
  }
}

/// Key, shape and dtype checked in the name of the function that the user called.
void check(const char* function, const Tensor& key, const Shape& shape, Dtype dtype) {
  check_key(function, key);
  check_shape(function, shape);
  check_float(function, dtype);
}

/// A parameter in the draw's dtype.
Tensor as(Tensor x, Dtype dtype) { return astype(std::move(x), dtype); }

Tensor key_of(const Tensor& keys, int i) { return keys[i]; }

/// A chi-square sample over two, by the logarithm: finite for few degrees of freedom.
Tensor half_chisquare(Tensor key, const Tensor& df, const Shape& shape, Dtype dtype) {
  return exp(loggamma(std::move(key), df / 2, shape, {.dtype = dtype}));
}

}  // namespace

Tensor exponential(Tensor key, Shape shape, Draws p) {
  check("exponential", key, shape, p.dtype);
  return neg(log1p(neg(uniform(std::move(key), shape, {.dtype = p.dtype}))));
}

Tensor gumbel(Tensor key, Shape shape, Draws p) {
  check("gumbel", key, shape, p.dtype);
  return neg(log(neg(log(uniform(std::move(key), shape, {.low = info(p.dtype).tiny, .dtype = p.dtype})))));
}

Tensor laplace(Tensor key, Shape shape, Draws p) {
  check("laplace", key, shape, p.dtype);
  const Tensor u = uniform(std::move(key), shape, {.low = -1 + info(p.dtype).eps / 2, .dtype = p.dtype});
  return sign(u) * log1p(neg(abs(u)));
}

Tensor logistic(Tensor key, Shape shape, Draws p) {
  check("logistic", key, shape, p.dtype);
  const Tensor u = uniform(std::move(key), shape, {.low = info(p.dtype).tiny, .dtype = p.dtype});
  return log(u) - log1p(neg(u));
}

Tensor cauchy(Tensor key, Shape shape, Draws p) {
  check("cauchy", key, shape, p.dtype);
  const Tensor u = uniform(std::move(key), shape, {.low = info(p.dtype).eps, .dtype = p.dtype});
  return tan(3.14159265358979323846 * (u - 0.5));
}

Tensor rademacher(Tensor key, Shape shape, Integers p) {
  check_key("rademacher", key);
  check_shape("rademacher", shape);
  return 2 * astype(bernoulli(std::move(key), 0.5, shape), p.dtype) - 1;
}

Tensor maxwell(Tensor key, Shape shape, Draws p) {
  check("maxwell", key, shape, p.dtype);
  return sqrt(sum(square(normal(std::move(key), shape + Shape{3}, p)), {.axes = {-1}}));
}

Tensor truncated_normal(Tensor key, Tensor low, Tensor high, DrawShape given, Draws p) {
  check("truncated_normal", key, {}, p.dtype);
  const Shape shape = draw_shape("truncated_normal", given, {{"low", &low}, {"high", &high}});
  low = beside(key, as(std::move(low), p.dtype));
  high = beside(key, as(std::move(high), p.dtype));
  const double sqrt2 = 1.4142135623730951, inf = std::numeric_limits<double>::infinity();
  const Tensor u =
      uniform(std::move(key), shape, {.low = erf(low / sqrt2), .high = erf(high / sqrt2), .dtype = p.dtype});
  return clip(sqrt2 * erf_inv(u), nextafter(stop_gradient(low), as(inf, p.dtype)),
              nextafter(stop_gradient(high), as(-inf, p.dtype)));
}

Tensor lognormal(Tensor key, Tensor sigma, DrawShape given, Draws p) {
  check("lognormal", key, {}, p.dtype);
  const Shape shape = draw_shape("lognormal", given, {{"sigma", &sigma}});
  return exp(normal(std::move(key), shape, p) * as(std::move(sigma), p.dtype));
}

Tensor pareto(Tensor key, Tensor b, DrawShape given, Draws p) {
  check("pareto", key, {}, p.dtype);
  const Shape shape = draw_shape("pareto", given, {{"b", &b}});
  return exp(exponential(std::move(key), shape, p) / as(std::move(b), p.dtype));
}

Tensor rayleigh(Tensor key, Tensor scale, DrawShape given, Draws p) {
  check("rayleigh", key, {}, p.dtype);
  const Shape shape = draw_shape("rayleigh", given, {{"scale", &scale}});
  return as(std::move(scale), p.dtype) * sqrt(log(uniform(std::move(key), shape, {.dtype = p.dtype})) * -2);
}

Tensor weibull_min(Tensor key, Tensor scale, Tensor concentration, DrawShape given, Draws p) {
  check("weibull_min", key, {}, p.dtype);
  const Shape shape = draw_shape("weibull_min", given, {{"scale", &scale}, {"concentration", &concentration}});
  return pow(exponential(std::move(key), shape, p), 1.0 / as(std::move(concentration), p.dtype)) *
         as(std::move(scale), p.dtype);
}

Tensor triangular(Tensor key, Tensor left, Tensor mode, Tensor right, DrawShape given, Draws p) {
  check("triangular", key, {}, p.dtype);
  const Shape shape = draw_shape("triangular", given, {{"left", &left}, {"mode", &mode}, {"right", &right}});
  left = as(std::move(left), p.dtype), mode = as(std::move(mode), p.dtype), right = as(std::move(right), p.dtype);
  const Tensor u = uniform(std::move(key), shape, {.dtype = p.dtype}), width = right - left;
  return where(u < (mode - left) / width, left + sqrt(u * width * (mode - left)),
               right - sqrt((1 - u) * width * (right - mode)));
}

Tensor wald(Tensor key, Tensor mean, DrawShape given, Draws p) {
  check("wald", key, {}, p.dtype);
  const Shape shape = draw_shape("wald", given, {{"mean", &mean}});
  const Tensor keys = split(std::move(key)), m = as(std::move(mean), p.dtype);
  const Tensor y = square(normal(key_of(keys, 0), shape, p)), z = uniform(key_of(keys, 1), shape, {.dtype = p.dtype});
  const Tensor m2 = square(m), x = m + m2 * y / 2 - m / 2 * sqrt(4 * m * y + m2 * square(y));
  return where(z <= m / (m + x), x, m2 / x);
}

Tensor geometric(Tensor key, Tensor q, DrawShape given, Integers p) {
  check_key("geometric", key);
  check_integer("geometric", p.dtype);
  const Shape shape = draw_shape("geometric", given, {{"p", &q}});
  const Dtype dtype = inexact(q.dtype());
  const Tensor u = uniform(std::move(key), shape, {.dtype = dtype});
  return astype(floor(log(where(u == 0, as(1, dtype), u)) / log1p(neg(as(std::move(q), dtype)))) + 1, p.dtype);
}

Tensor double_sided_maxwell(Tensor key, Tensor loc, Tensor scale, DrawShape given, Draws p) {
  check("double_sided_maxwell", key, {}, p.dtype);
  const Shape shape = draw_shape("double_sided_maxwell", given, {{"loc", &loc}, {"scale", &scale}});
  const Tensor keys = split(std::move(key));
  const Tensor sign = astype(rademacher(key_of(keys, 1), shape), p.dtype);
  return sign * maxwell(key_of(keys, 0), shape, p) * as(std::move(scale), p.dtype) + as(std::move(loc), p.dtype);
}

Tensor beta(Tensor key, Tensor a, Tensor b, DrawShape given, Draws p) {
  check("beta", key, {}, p.dtype);
  const Shape shape = draw_shape("beta", given, {{"a", &a}, {"b", &b}});
  const Tensor keys = split(std::move(key));
  const Tensor log_a = loggamma(key_of(keys, 0), std::move(a), shape, p);
  const Tensor log_b = loggamma(key_of(keys, 1), std::move(b), shape, p);
  const Tensor largest = maximum(log_a, log_b), scaled = exp(log_a - largest);
  return scaled / (scaled + exp(log_b - largest));
}

Tensor chisquare(Tensor key, Tensor df, DrawShape given, Draws p) {
  check("chisquare", key, {}, p.dtype);
  const Shape shape = draw_shape("chisquare", given, {{"df", &df}});
  return half_chisquare(std::move(key), as(std::move(df), p.dtype), shape, p.dtype) * 2;
}

Tensor f(Tensor key, Tensor dfnum, Tensor dfden, DrawShape given, Draws p) {
  check("f", key, {}, p.dtype);
  const Shape shape = draw_shape("f", given, {{"dfnum", &dfnum}, {"dfden", &dfden}});
  const Tensor keys = split(std::move(key));
  dfnum = as(std::move(dfnum), p.dtype), dfden = as(std::move(dfden), p.dtype);
  const Tensor num = half_chisquare(key_of(keys, 1), dfnum, shape, p.dtype) * 2 / dfnum;
  return num / (half_chisquare(key_of(keys, 0), dfden, shape, p.dtype) * 2 / dfden);
}

Tensor student_t(Tensor key, Tensor df, DrawShape given, Draws p) {
  check("student_t", key, {}, p.dtype);
  const Shape shape = draw_shape("student_t", given, {{"df", &df}});
  const Tensor keys = split(std::move(key)), half = as(std::move(df), p.dtype) / 2;
  return normal(key_of(keys, 0), shape, p) * sqrt(half / gamma(key_of(keys, 1), half, shape, p));
}

Tensor generalized_normal(Tensor key, double power, Shape shape, Draws p) {
  check("generalized_normal", key, shape, p.dtype);
  const Tensor keys = split(std::move(key));
  const Tensor size = gamma(key_of(keys, 0), 1 / power, shape, p);
  return astype(rademacher(key_of(keys, 1), shape), p.dtype) * pow(size, 1 / power);
}

Tensor ball(Tensor key, std::int64_t d, Shape shape, Ball p) {
  check("ball", key, shape, p.dtype);
  const Tensor keys = split(std::move(key));
  const Tensor g = generalized_normal(key_of(keys, 0), p.power, shape + Shape{d}, {.dtype = p.dtype});
  const Tensor radius =
      sum(pow(abs(g), p.power), {.axes = {-1}}) + exponential(key_of(keys, 1), shape, {.dtype = p.dtype});
  return g / expand_dims(pow(radius, 1 / p.power), -1);
}

}  // namespace strata::random
