// Draws with a kernel of their own and parameters: randint, orders (for permutation), poisson, gamma, loggamma.
// Keys are [k..., 2], parameters and results k + shape: mapped keys or parameters are one more leading axis.
#include <algorithm>
#include <cmath>
#include <limits>

#include "strata/core/error.hpp"
#include "strata/ops/backend.hpp"
#include "strata/ops/family.hpp"
#include "strata/ops/lane.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/random_check.hpp"
#include "strata/ops/random_rejection.hpp"
#include "strata/ops/registry.hpp"

namespace strata {
namespace {

/// Everything with the lanes in front, whoever has them: a shared key draws the same for each lane.
void all_lanes_first(std::span<Lane> x, const Batch& batch) {
  for (Lane& l : x) l = {lanes_first(l, batch.size), 0};
}

/// One element repeated.
bool is_one(const Tensor& x) {
  const Strides& s = dense(x).strides;
  return std::all_of(s.begin(), s.end(), [](std::int64_t step) { return step == 0; });
}

const Argument a_key{{2}, Dtype::uint32, 0, 1e9};

struct RandInt : NonDifferentiable<RandInt, 3> {
  struct Params {
    Dtype dtype;
  };
  static constexpr std::string_view name = "random_integers";
  static Tensor eval(const Params& p, Out x) {
    const Tensor keys = pack(x[0]);
    const Tensor low = is_one(x[1]) ? x[1] : pack(x[1]), high = is_one(x[2]) ? x[2] : pack(x[2]);
    const Tensor y = empty_dense(x[1].shape(), p.dtype, keys.device());
    if (y.size() > 0) backend(y).random.integers(keys, low, high, y);
    return y;
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    all_lanes_first(x, batch);
    return {apply<RandInt>(p, x[0].value, x[1].value, x[2].value), 0};
  }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) {
      return std::vector<Tensor>{random::randint(x[0], {3}, x[1], x[2])};
    };
    const auto none = [](std::span<const Tensor> x) { return std::vector<Tensor>{random::randint(x[0], {0}, 0, 9)}; };
    return {{"[3], scalar bounds", {a_key, {{}, Dtype::int32, -9, 0}, {{}, Dtype::int32, 1, 99}}, call},
            {"[3], bounds [3]", {a_key, {{3}, Dtype::int32, -9, 0}, {{3}, Dtype::int32, 1, 99}}, call},
            {"empty", {a_key}, none}};
  }
};

/// keys [k..., 2] -> int32 k + shape: along `axis`, the place that each element of a shuffled tensor comes from.
struct Orders : NonDifferentiable<Orders, 1> {
  struct Params {
    Shape shape;
    int axis;
  };
  static constexpr std::string_view name = "random_order";
  static Tensor eval(const Params& p, Out x) {
    const Tensor keys = pack(x[0]);
    Tensor y = empty_dense(keys.shape().slice(0, keys.ndim() - 1) + p.shape, Dtype::int32, keys.device());
    if (y.size() == 0) return y;
    const int rounds = static_cast<int>(std::ceil(
        3 * std::log(static_cast<double>(std::max<std::int64_t>(1, p.shape.elements()))) / std::log(4294967295.0)));
    const OrderShape shape{p.shape.slice(0, p.axis).elements(), p.shape[p.axis],
                           p.shape.slice(p.axis + 1, p.shape.size()).elements(), rounds};
    backend(y).random.orders(keys, shape, y);
    return y;
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch&) { return {apply<Orders>(p, lanes_first(x[0])), 0}; }
  static Samples samples() {
    const auto call = [](Shape shape, int axis) {
      return [shape, axis](std::span<const Tensor> x) {
        return std::vector<Tensor>{random::order("permutation", x[0], shape, axis)};
      };
    };
    return {{"[5]", {a_key}, call({5}, 0)},
            {"[3, 4] along 1", {a_key}, call({3, 4}, 1)},
            {"[3, 4] along 0", {a_key}, call({3, 4}, 0)},
            {"empty", {a_key}, call({0}, 0)}};
  }
};

struct Poisson : NonDifferentiable<Poisson, 2> {
  static constexpr std::string_view name = "random_poisson";
  static Tensor eval(const Params&, Out x) {
    const Tensor keys = pack(x[0]), rate = pack(x[1]);
    Tensor y = empty_dense(rate.shape(), Dtype::int32, keys.device());
    if (y.size() > 0) backend(y).random.poisson(keys, rate, y);
    return y;
  }
  static Lane batch(const Params&, std::span<Lane> x, Batch& batch) {
    all_lanes_first(x, batch);
    return {apply<Poisson>({}, x[0].value, x[1].value), 0};
  }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) { return std::vector<Tensor>{random::poisson(x[0], x[1])}; };
    return {{"[6]", {a_key, {{6}, Dtype::float32, 0, 30}}, call},
            {"[]", {a_key, {{}, Dtype::float32, 0, 30}}, call},
            {"empty", {a_key, {{0}, Dtype::float32, 0, 30}}, call}};
  }
};

struct Binomial : NonDifferentiable<Binomial, 3> {
  static constexpr std::string_view name = "random_binomial";
  static Tensor eval(const Params&, Out x) {
    const Tensor keys = pack(x[0]), n = pack(x[1]), p = pack(x[2]);
    Tensor y = empty_dense(n.shape(), Dtype::float32, keys.device());
    if (y.size() > 0) backend(y).random.binomial(keys, n, p, y);
    return y;
  }
  static Lane batch(const Params&, std::span<Lane> x, Batch& batch) {
    all_lanes_first(x, batch);
    return {apply<Binomial>({}, x[0].value, x[1].value, x[2].value), 0};
  }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) { return std::vector<Tensor>{random::binomial(x[0], x[1], x[2])}; };
    return {{"[6]", {a_key, {{6}, Dtype::int32, 0, 200}, {{6}, Dtype::float32, 0, 1}}, call},
            {"[]", {a_key, {{}, Dtype::int32, 0, 200}, {{}, Dtype::float32, 0, 1}}, call},
            {"empty", {a_key, {{0}, Dtype::int32, 0, 200}, {{0}, Dtype::float32, 0, 1}}, call}};
  }
};

/// (d/da)^k p / p for the density p of Gamma(a, 1) at e^s: a Bell polynomial of the cumulants s - digamma(a),
/// -trigamma(a), ...
Tensor density_ratio(int k, const Tensor& a, const Tensor& s) {
  std::vector<Tensor> cumulants{s - digamma(a)}, q{ones_like(a)};
  for (int j = 1; j < k; ++j) cumulants.push_back(neg(polygamma(j, a)));
  std::vector<double> binomial{1};
  for (int i = 1; i <= k; ++i) {
    Tensor sum;
    for (int j = 0; j < i; ++j) {
      const auto at = static_cast<std::size_t>(j);
      Tensor term = binomial[at] * q[static_cast<std::size_t>(i - 1 - j)] * cumulants[at];
      sum = j == 0 ? term : sum + term;
    }
    q.push_back(sum);
    binomial.push_back(0);
    for (auto j = binomial.size() - 1; j > 0; --j) binomial[j] += binomial[j - 1];
  }
  return q.back();
}

/// (a, s) -> gamma_sensitivity of order k, elementwise: see NOTE [implicit gradient] in ops/random_rejection.hpp.
struct GammaSensitivity : General<GammaSensitivity, 2> {
  struct Params {
    int k;
  };
  static constexpr std::string_view name = "random_gamma_sensitivity";
  static constexpr Keep keep = Keep::both;
  static Tensor eval(const Params& p, Out x) {
    const Tensor alpha = pack(x[0]), sample = pack(x[1]);
    Tensor y = empty_dense(alpha.shape(), alpha.dtype(), alpha.device());
    if (y.size() > 0) backend(y).random.gamma_sensitivity(p.k, alpha, sample, y);
    return y;
  }
  static Tensor by_a(const Params& p, const Tensor& a, const Tensor& s, const Tensor& y) {
    if (p.k == draws::max_gamma_order) {
      throw TransformError("random.gamma: a sample can be differentiated " + std::to_string(draws::max_gamma_order) +
                           " times by its parameter, not more" + level_context());
    }
    return apply<GammaSensitivity>({p.k + 1}, Tensor(a), Tensor(s)) - y * (s - digamma(a));
  }
  static Tensor by_s(const Params& p, const Tensor& a, const Tensor& s, const Tensor& y) {
    return density_ratio(p.k, a, s) - y * (a - exp(s));
  }
  static Tensor jvp(const Params& p, In x, In dx, In y) {
    Tensor dy;
    if (dx[0].defined()) dy = dx[0] * by_a(p, x[0], x[1], y[0]);
    if (dx[1].defined()) dy = add_tangents(std::move(dy), dx[1] * by_s(p, x[0], x[1], y[0]));
    return dy;
  }
  static void vjp(const Params& p, In x, In y, In g, Need need, Out dx) {
    if (need[0]) dx[0] = g[0] * by_a(p, x[0], x[1], y[0]);
    if (need[1]) dx[1] = g[0] * by_s(p, x[0], x[1], y[0]);
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    all_lanes_first(x, batch);
    return {apply<GammaSensitivity>(p, x[0].value, x[1].value), 0};
  }
  static Samples samples() {
    const auto call = [](int k) {
      return [k](std::span<const Tensor> x) {
        return std::vector<Tensor>{apply<GammaSensitivity>({k}, Tensor(x[0]), Tensor(x[1]))};
      };
    };
    return {{"[4]", {{{4}, Dtype::float32, 0.5, 4}, {{4}, Dtype::float32, -1, 1.5}}, call(1)},
            {"[4], order 2", {{{4}, Dtype::float32, 0.5, 4}, {{4}, Dtype::float32, -1, 1.5}}, call(2)},
            {"empty", {{{0}, Dtype::float32}, {{0}, Dtype::float32}}, call(1)}};
  }
};

/// keys [k..., 2], alpha k + shape -> samples of Gamma(alpha, 1), or their logarithms. The derivative is that at a
/// fixed quantile, as in JAX: a candidate's acceptance depends on alpha too.
struct Gamma : General<Gamma, 2> {
  struct Params {
    bool logarithm;
  };
  static constexpr std::string_view name = "random_gamma";
  static constexpr Keep keep = Keep::both;
  static Tensor eval(const Params& p, Out x) {
    const Tensor keys = pack(x[0]), alpha = pack(x[1]);
    Tensor y = empty_dense(alpha.shape(), alpha.dtype(), keys.device());
    if (y.size() > 0) backend(y).random.gamma(keys, alpha, p.logarithm, y);
    return y;
  }
  static Tensor by_alpha(const Params& p, In x, In y) {
    if (p.logarithm) return neg(apply<GammaSensitivity>({1}, Tensor(x[1]), Tensor(y[0])));
    const double tiny = std::numeric_limits<float>::min();  // a sample may have underflowed to 0
    return neg(y[0]) * apply<GammaSensitivity>({1}, Tensor(x[1]), log(maximum(y[0], tiny)));
  }
  static Tensor jvp(const Params& p, In x, In dx, In y) {
    return dx[1].defined() ? dx[1] * by_alpha(p, x, y) : Tensor();
  }
  static void vjp(const Params& p, In x, In y, In g, Need need, Out dx) {
    if (need[1]) dx[1] = g[0] * by_alpha(p, x, y);
  }
  static Lane batch(const Params& p, std::span<Lane> x, Batch& batch) {
    all_lanes_first(x, batch);
    return {apply<Gamma>(p, x[0].value, x[1].value), 0};
  }
  static Samples samples() {
    const auto call = [](std::span<const Tensor> x) {
      return std::vector<Tensor>{random::gamma(x[0], x[1], {}, {.dtype = x[1].dtype()}),
                                 random::loggamma(x[0], x[1], {}, {.dtype = x[1].dtype()})};
    };
    return {{"[4]", {a_key, {{4}, Dtype::float32, 0.5, 4}}, call},
            {"empty", {a_key, {{0}, Dtype::float32, 0.5, 4}}, call}};
  }
};

Tensor gamma_draw(const char* function, Tensor key, Tensor a, const random::DrawShape& given, Dtype dtype,
                  bool logarithm) {
  random::check_key(function, key);
  random::check_float(function, dtype);
  const Shape shape = random::draw_shape(function, given, {{"a", &a}});
  // Half types draw in float32: a sampler that compares densities needs the digits.
  const Dtype compute = is_half(dtype) ? Dtype::float32 : dtype;
  a = broadcast_to(random::beside(key, astype(std::move(a), compute)), shape);
  return astype(apply<Gamma>({logarithm}, std::move(key), std::move(a)), dtype);
}

}  // namespace

namespace random {

Shape draw_shape(const char* function, const DrawShape& given,
                 std::initializer_list<std::pair<const char*, const Tensor*>> parameters) {
  const std::string name = std::string("random.") + function;
  check_shape(function, given.shape());
  Shape shape = given.shape();
  for (const auto& [parameter, x] : parameters) {
    const Shape& from = x->shape();
    if (!given.given()) {
      shape = broadcast_shapes(name, shape, from);
      continue;
    }
    bool fits = from.size() <= shape.size();
    for (int i = 1; fits && i <= from.size(); ++i) {
      const std::int64_t d = from[from.size() - i];
      fits = d == 1 || d == shape[shape.size() - i];
    }
    if (!fits) {
      throw ShapeError(name + ": " + parameter + " has shape " + to_string(from) + ", which does not broadcast to " +
                       to_string(shape) + level_context());
    }
  }
  return shape;
}

void check_integer(const char* function, Dtype dtype) {
  if (is_integer(dtype)) return;
  throw DtypeError(std::string("random.") + function + ": draws are of an integer dtype, " +
                   std::string(strata::name(dtype)) + " was asked for" + level_context());
}

Tensor order(const char* function, Tensor key, const Shape& shape, int axis) {
  check_key(function, key);
  return apply<Orders>({shape, axis}, std::move(key));
}

Tensor randint(Tensor key, Shape shape, Tensor low, Tensor high, Integers p) {
  check_key("randint", key);
  check_integer("randint", p.dtype);
  draw_shape("randint", shape, {{"low", &low}, {"high", &high}});
  low = broadcast_to(random::beside(key, astype(std::move(low), Dtype::int64)), shape);
  high = broadcast_to(random::beside(key, astype(std::move(high), Dtype::int64)), shape);
  return apply<RandInt>({p.dtype}, std::move(key), std::move(low), std::move(high));
}

Tensor poisson(Tensor key, Tensor rate, DrawShape given, Integers p) {
  check_key("poisson", key);
  check_integer("poisson", p.dtype);
  const Shape shape = draw_shape("poisson", given, {{"rate", &rate}});
  rate = broadcast_to(random::beside(key, astype(std::move(rate), Dtype::float32)), shape);
  return astype(apply<Poisson>({}, std::move(key), std::move(rate)), p.dtype);
}

Tensor binomial(Tensor key, Tensor n, Tensor p, DrawShape given, Draws options) {
  check_key("binomial", key);
  check_float("binomial", options.dtype);
  const Shape shape = draw_shape("binomial", given, {{"n", &n}, {"p", &p}});
  n = broadcast_to(random::beside(key, astype(std::move(n), Dtype::float32)), shape);
  p = broadcast_to(random::beside(key, astype(std::move(p), Dtype::float32)), shape);
  return astype(apply<Binomial>({}, std::move(key), std::move(n), std::move(p)), options.dtype);
}

Tensor gamma(Tensor key, Tensor a, DrawShape shape, Draws p) {
  return gamma_draw("gamma", std::move(key), std::move(a), shape, p.dtype, false);
}
Tensor loggamma(Tensor key, Tensor a, DrawShape shape, Draws p) {
  return gamma_draw("loggamma", std::move(key), std::move(a), shape, p.dtype, true);
}

}  // namespace random

std::vector<Entry> random_sampler_entries() {
  return {entry<row<RandInt>>(),  entry<row<Orders>>(), entry<row<Poisson>>(),
          entry<row<Binomial>>(), entry<row<Gamma>>(),  entry<row<GammaSensitivity>>()};
}

}  // namespace strata
