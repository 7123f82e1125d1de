// The registry's entries for the random functions that are made of ops: calls worth trying, parameters within [0.5, 2].
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"

namespace strata {
namespace {

const Argument a_key{{2}, Dtype::uint32, 0, 1e9};

Argument parameter(Shape shape) { return {shape, Dtype::float32, 0.5, 2}; }

template <Tensor (*f)(Tensor, Shape, random::Draws)>
Samples plain() {
  const auto call = [](Shape shape) {
    return [shape](std::span<const Tensor> x) { return std::vector<Tensor>{f(x[0], shape, {})}; };
  };
  return {{"[2, 3]", {a_key}, call({2, 3})}, {"empty", {a_key}, call({0})}};
}

/// Draws in the parameters' dtype.
template <Tensor (*f)(Tensor, Tensor, random::DrawShape, random::Draws)>
Samples of_one() {
  const auto call = [](std::span<const Tensor> x) {
    return std::vector<Tensor>{f(x[0], x[1], {}, {.dtype = x[1].dtype()})};
  };
  return {{"[3]", {a_key, parameter({3})}, call}, {"empty", {a_key, parameter({0})}, call}};
}

template <Tensor (*f)(Tensor, Tensor, Tensor, random::DrawShape, random::Draws)>
Samples of_two() {
  const auto call = [](std::span<const Tensor> x) {
    return std::vector<Tensor>{f(x[0], x[1], x[2], {}, {.dtype = x[1].dtype()})};
  };
  return {{"[3], []", {a_key, parameter({3}), parameter({})}, call},
          {"empty", {a_key, parameter({0}), parameter({0})}, call}};
}

Samples uniform_samples() {
  const auto call = [](std::span<const Tensor> x) {
    return std::vector<Tensor>{random::uniform(x[0], {2, 3}, {.low = x[1], .high = x[2] + 3, .dtype = x[1].dtype()})};
  };
  const auto none = [](std::span<const Tensor> x) { return std::vector<Tensor>{random::uniform(x[0], {0})}; };
  return {{"[2, 3]", {a_key, parameter({3}), parameter({})}, call}, {"empty", {a_key}, none}};
}

Samples truncated_normal_samples() {
  const auto call = [](std::span<const Tensor> x) {
    return std::vector<Tensor>{random::truncated_normal(x[0], neg(x[1]), x[2], {}, {.dtype = x[1].dtype()})};
  };
  return {{"[3], []", {a_key, parameter({3}), parameter({})}, call},
          {"empty", {a_key, parameter({0}), parameter({})}, call}};
}

Samples triangular_samples() {
  const auto call = [](std::span<const Tensor> x) {
    return std::vector<Tensor>{random::triangular(x[0], neg(x[1]), x[2] - 1, x[1] + 1, {}, {.dtype = x[1].dtype()})};
  };
  return {{"[3]", {a_key, parameter({3}), parameter({3})}, call},
          {"empty", {a_key, parameter({0}), parameter({0})}, call}};
}

Samples bernoulli_samples() {
  const auto call = [](std::span<const Tensor> x) { return std::vector<Tensor>{random::bernoulli(x[0], x[1])}; };
  return {{"[3]", {a_key, {{3}, Dtype::float32, 0, 1}}, call}, {"empty", {a_key, parameter({0})}, call}};
}

Samples geometric_samples() {
  const auto call = [](std::span<const Tensor> x) { return std::vector<Tensor>{random::geometric(x[0], x[1])}; };
  return {{"[3]", {a_key, {{3}, Dtype::float32, 0.1, 0.9}}, call}, {"empty", {a_key, parameter({0})}, call}};
}

Samples rademacher_samples() {
  const auto call = [](Shape shape) {
    return [shape](std::span<const Tensor> x) { return std::vector<Tensor>{random::rademacher(x[0], shape)}; };
  };
  return {{"[2, 3]", {a_key}, call({2, 3})}, {"empty", {a_key}, call({0})}};
}

Samples generalized_normal_samples() {
  const auto call = [](Shape shape) {
    return [shape](std::span<const Tensor> x) {
      return std::vector<Tensor>{random::generalized_normal(x[0], 1.5, shape), random::ball(x[0], 2, shape)};
    };
  };
  return {{"[2, 3]", {a_key}, call({2, 3})}, {"empty", {a_key}, call({0})}};
}

}  // namespace

std::vector<Entry> random_distribution_entries() {
  return {composite("random.uniform", &uniform_samples),
          composite("random.bernoulli", &bernoulli_samples),
          composite("random.rademacher", &rademacher_samples),
          composite("random.geometric", &geometric_samples),
          composite("random.exponential", &plain<&random::exponential>),
          composite("random.gumbel", &plain<&random::gumbel>),
          composite("random.laplace", &plain<&random::laplace>),
          composite("random.logistic", &plain<&random::logistic>),
          composite("random.cauchy", &plain<&random::cauchy>),
          composite("random.maxwell", &plain<&random::maxwell>),
          composite("random.generalized_normal", &generalized_normal_samples),
          composite("random.truncated_normal", &truncated_normal_samples),
          composite("random.triangular", &triangular_samples),
          composite("random.lognormal", &of_one<&random::lognormal>),
          composite("random.pareto", &of_one<&random::pareto>),
          composite("random.rayleigh", &of_one<&random::rayleigh>),
          composite("random.wald", &of_one<&random::wald>),
          composite("random.weibull_min", &of_two<&random::weibull_min>),
          composite("random.double_sided_maxwell", &of_two<&random::double_sided_maxwell>),
          composite("random.chisquare", &of_one<&random::chisquare>),
          composite("random.student_t", &of_one<&random::student_t>),
          composite("random.beta", &of_two<&random::beta>),
          composite("random.f", &of_two<&random::f>)};
}

}  // namespace strata
