// Elementwise functions, rows, chains of plain ops, draws: about a million elements each.
#include <numbers>

#include "strata/bench/cases/cases.hpp"

namespace bench {
namespace {

using strata::Tensor;

constexpr std::int64_t n = 1024;

/// Gelu by tanh, of plain ops.
Tensor gelu_by_hand(const Tensor& x) {
  const double scale = std::sqrt(2 / std::numbers::pi);
  return 0.5 * x * (1 + strata::tanh(scale * (x + 0.044715 * x * x * x)));
}

Tensor layer_norm_by_hand(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  const Tensor centred = x - strata::mean(x, {.axes = {-1}, .keepdims = true});
  const Tensor variance = strata::mean(strata::square(centred), {.axes = {-1}, .keepdims = true});
  return centred * strata::rsqrt(variance + 1e-5) * scale + shift;
}

/// One function of a million elements.
void map_case(Cases& cases, const char* name, Tensor (*f)(Tensor), double low, double high) {
  cases.add(std::string("map/") + name, [=] { return [f, x = uniform(1, {n, n}, low, high)] { return f(x); }; });
}

/// y, and the cotangents of all arguments for a given cotangent of y.
template <class F, class... X>
void backward_case(Cases& cases, const char* name, F f, X... make) {
  cases.add(name, [=] {
    return [f, x = std::tuple{make()...}, g = uniform(9, {n, n})] {
      return std::apply(
          [&](const auto&... a) {
            auto [y, pullback] = strata::vjp(f, a...);
            return std::pair{y, pullback(g)};
          },
          x);
    };
  });
}

void backward_cases(Cases& cases) {
  const auto x = [] { return uniform(1, {n, n}, -3, 3); };
  const auto bias = [] { return uniform(2, {n}); };
  const auto scale = [] { return uniform(3, {n}, 0.5, 1.5); };
  backward_case(
      cases, "fused/gelu_bias", [](const Tensor& t, const Tensor& b) { return strata::gelu(t + b); }, x, bias);
  backward_case(cases, "plain/gelu", &gelu_by_hand, x);
  backward_case(cases, "plain/layer_norm", &layer_norm_by_hand, x, scale, bias);
}

void row_cases(Cases& cases) {
  cases.add("rows/softmax", [] { return [x = uniform(1, {n, n}, -5, 5)] { return strata::softmax(x); }; });
  cases.add("rows/layer_norm", [] {
    return [x = uniform(1, {n, n}, -5, 5), scale = uniform(2, {n}, 0.5, 1.5), shift = uniform(3, {n})] {
      return strata::layer_norm(x, scale, shift);
    };
  });
}

Tensor distance(const Tensor& a, const Tensor& b) { return strata::sqrt(strata::sum(strata::square(a - b))); }

}  // namespace

void pointwise_cases(Cases& cases) {
  map_case(cases, "exp", &strata::exp, -5, 5);
  map_case(cases, "tanh", &strata::tanh, -4, 4);
  map_case(cases, "log", &strata::log, 0.01, 4);
  map_case(cases, "erf", &strata::erf, -3, 3);
  cases.add("map/gelu", [] { return [x = uniform(1, {n, n}, -4, 4)] { return strata::gelu(x); }; });
  row_cases(cases);
  backward_cases(cases);
  cases.add("plain/pairwise", [] {
    const auto across = strata::vmap(&distance, {.in_axes = {strata::none, 0}});
    return [x = uniform(1, {n, 64}), y = uniform(2, {n, 64}),
            f = strata::vmap(across, {.in_axes = {0, strata::none}})] { return f(x, y); };
  });
  cases.add("random/normal", [] {
    return [key = strata::random::key(42)] { return strata::random::normal(key, {n, n}); };
  });
  cases.add("random/uniform", [] {
    return [key = strata::random::key(42)] { return strata::random::uniform(key, {n, n}); };
  });
}

}  // namespace bench
