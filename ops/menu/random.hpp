// The menu: randomness. Explicit keys (uint32 tensors whose last axis is 2), JAX's default generator (threefry2x32,
// partitionable): bits, uniform, bernoulli, randint, permutation and choice without p are JAX's bit for bit.
// Under vmap a mapped key gives each lane what a loop over the keys would, a shared key gives all lanes the same draw.
#pragma once
#include "strata/core/tensor.hpp"

namespace strata::random {

/// A key from an integer: [0, the lower 32 bits of seed].     Tensor k = random::key(42);
Tensor key(Tensor seed);

/// How many keys: a number, or the shape of an array of keys.
class KeyShape {
 public:
  using LeftOut = void;  // callable() may leave it out
  KeyShape() : shape_{2} {}
  template <std::integral I>
  KeyShape(I n) : shape_{n} {}  // NOLINT: implicit on purpose
  KeyShape(std::initializer_list<Dim> shape) : shape_(shape) {}
  KeyShape(const Shape& shape) : shape_(shape) {}  // NOLINT: implicit on purpose
  const Shape& shape() const { return shape_; }

 private:
  Shape shape_;
};
/// New keys, independent of each other and of what `key` itself gives: shape [n, 2], or shape + [2].
///     Tensor keys = random::split(key, 4);  random::normal(keys[0], {3});
Tensor split(Tensor key, KeyShape n = {});
/// A new key from a key and an integer (its lower 32 bits).      Tensor k = random::fold_in(key, epoch);
Tensor fold_in(Tensor key, Tensor data);

struct Bits {
  Dtype dtype = Dtype::uint32;
};
/// Uniform bits as uint8, uint16, uint32 or uint64.        Tensor b = random::bits(key, {3}, {.dtype = st::uint8});
Tensor bits(Tensor key, Shape shape = {}, Bits p = {});

struct Uniform {
  Tensor low{};   // 0 when absent
  Tensor high{};  // 1 when absent
  Dtype dtype = Dtype::float32;
};
/// Uniform on [low, high), which broadcast to `shape` and may be differentiated.
///     Tensor u = random::uniform(key, {2, 3}, {.low = -1, .high = 1});
Tensor uniform(Tensor key, Shape shape = {}, Uniform p = {});

struct Draws {
  Dtype dtype = Dtype::float32;
};
/// Standard normal.                         Tensor z = random::normal(key, {2, 28, 28});
Tensor normal(Tensor key, Shape shape = {}, Draws p = {});

/// The shape of a draw with parameters: absent (`{}`) it is that of the parameters, broadcast.
class DrawShape {
 public:
  using LeftOut = void;  // callable() may leave it out
  DrawShape() = default;
  DrawShape(std::initializer_list<Dim> shape) : given_(true), shape_(shape) {}
  DrawShape(const Shape& shape) : given_(true), shape_(shape) {}  // NOLINT: implicit on purpose
  bool given() const { return given_; }
  const Shape& shape() const { return shape_; }

 private:
  bool given_ = false;
  Shape shape_;
};
/// true with probability p, which broadcasts to `shape`.       Tensor keep = random::bernoulli(key, 0.9, x.shape());
Tensor bernoulli(Tensor key, Tensor p = 0.5, DrawShape shape = {});

struct Integers {
  Dtype dtype = Dtype::int32;
};
/// Integers in [low, high); low where high <= low. Bounds broadcast to `shape` and are clipped to the dtype.
///     Tensor i = random::randint(key, {16}, 0, 10);
Tensor randint(Tensor key, Shape shape, Tensor low, Tensor high, Integers p = {});

/// Counts with mean `rate`.                              Tensor n = random::poisson(key, rates);
Tensor poisson(Tensor key, Tensor rate, DrawShape shape = {}, Integers p = {});
/// Successes in n trials of probability p, drawn in float32; NaN for negative n or p outside [0, 1].
///     Tensor k = random::binomial(key, 10, 0.3, {100});
Tensor binomial(Tensor key, Tensor n, Tensor p, DrawShape shape = {}, Draws options = {});

// ---- without parameters
/// exp(-x) on x >= 0.                            Tensor x = random::exponential(key, {3});
Tensor exponential(Tensor key, Shape shape = {}, Draws p = {});
/// exp(-(x + exp(-x))).
Tensor gumbel(Tensor key, Shape shape = {}, Draws p = {});
/// exp(-|x|) / 2.
Tensor laplace(Tensor key, Shape shape = {}, Draws p = {});
/// exp(-x) / (1 + exp(-x))^2.
Tensor logistic(Tensor key, Shape shape = {}, Draws p = {});
/// 1 / (pi (1 + x^2)).
Tensor cauchy(Tensor key, Shape shape = {}, Draws p = {});
/// The length of a standard normal vector in three dimensions.
Tensor maxwell(Tensor key, Shape shape = {}, Draws p = {});
/// -1 or 1, evenly.                              Tensor s = random::rademacher(key, {3});
Tensor rademacher(Tensor key, Shape shape = {}, Integers p = {});
/// sign * Gamma(1 / power, 1)^(1 / power): the density exp(-|x|^power) up to a factor.
Tensor generalized_normal(Tensor key, double power, Shape shape = {}, Draws p = {});
struct Ball {
  double power = 2;
  Dtype dtype = Dtype::float32;
};
/// Points of the unit ball of the `.power`-norm in d dimensions: shape + [d].   Tensor x = random::ball(key, 3, {100});
Tensor ball(Tensor key, std::int64_t d, Shape shape = {}, Ball p = {});

// ---- with parameters, which broadcast to `shape` (absent: their own) and may be mapped and differentiated
/// The standard normal between low and high.     Tensor x = random::truncated_normal(key, -2, 2, {100});
Tensor truncated_normal(Tensor key, Tensor low, Tensor high, DrawShape shape = {}, Draws p = {});
/// exp(sigma * normal).
Tensor lognormal(Tensor key, Tensor sigma = 1, DrawShape shape = {}, Draws p = {});
/// b / x^(b + 1) on x >= 1.
Tensor pareto(Tensor key, Tensor b, DrawShape shape = {}, Draws p = {});
/// The length of a normal vector in two dimensions, times scale.
Tensor rayleigh(Tensor key, Tensor scale, DrawShape shape = {}, Draws p = {});
/// scale * exponential^(1 / concentration).
Tensor weibull_min(Tensor key, Tensor scale, Tensor concentration, DrawShape shape = {}, Draws p = {});
/// Rises from left to mode, falls to right.
Tensor triangular(Tensor key, Tensor left, Tensor mode, Tensor right, DrawShape shape = {}, Draws p = {});
/// The inverse normal with this mean and scale 1.
Tensor wald(Tensor key, Tensor mean, DrawShape shape = {}, Draws p = {});
/// How many trials it takes to succeed with probability p in each: 1, 2, ...
Tensor geometric(Tensor key, Tensor p, DrawShape shape = {}, Integers options = {});
/// loc +- scale * maxwell.
Tensor double_sided_maxwell(Tensor key, Tensor loc, Tensor scale, DrawShape shape = {}, Draws p = {});
/// Gamma(a, 1), and its logarithm, which stays finite for small a.      Tensor g = random::gamma(key, 2.5, {100});
Tensor gamma(Tensor key, Tensor a, DrawShape shape = {}, Draws p = {});
Tensor loggamma(Tensor key, Tensor a, DrawShape shape = {}, Draws p = {});
/// x^(a - 1) (1 - x)^(b - 1) on [0, 1].                          Tensor x = random::beta(key, 0.5, 0.5, {100});
Tensor beta(Tensor key, Tensor a, Tensor b, DrawShape shape = {}, Draws p = {});
/// The sum of the squares of df standard normals.
Tensor chisquare(Tensor key, Tensor df, DrawShape shape = {}, Draws p = {});
/// The quotient of two chi-squares, each divided by its degrees of freedom.
Tensor f(Tensor key, Tensor dfnum, Tensor dfden, DrawShape shape = {}, Draws p = {});
/// Student's t with df degrees of freedom.
Tensor student_t(Tensor key, Tensor df, DrawShape shape = {}, Draws p = {});
/// Vectors of the simplex: alpha [..., n] -> [..., n]; `shape` is that without the last axis.
///     Tensor p = random::dirichlet(key, ones({3}));
Tensor dirichlet(Tensor key, Tensor alpha, DrawShape shape = {}, Draws p = {});
/// Normal vectors: mean [..., n], cov [..., n, n] positive definite -> [..., n]; `shape` is that without the last axis.
///     Tensor x = random::multivariate_normal(key, mean, cov, {100});
Tensor multivariate_normal(Tensor key, Tensor mean, Tensor cov, DrawShape shape = {}, Draws p = {});

// ---- choosing
struct Permutation {
  int axis = 0;
  bool independent = false;
};
/// x with the slices along `.axis` in random order; each vector along it in an order of its own when `.independent`.
/// A number n: 0, 1, ..., n - 1 in random order, int32.      Tensor order = random::permutation(key, 100);
Tensor permutation(Tensor key, Tensor x, Permutation p = {});

struct Choice {
  bool replace = true;
  Tensor p{};  // probabilities, [n]; even when absent
  int axis = 0;
};
/// Slices of `a` along `.axis`, chosen: that axis becomes `shape`. A number n stands for 0, 1, ..., n - 1. ValueError
/// when more are wanted than there are, without replacement.
///     Tensor rows = random::choice(key, x, {5}, {.replace = false});
Tensor choice(Tensor key, Tensor a, Shape shape = {}, Choice p = {});

struct Categorical {
  int axis = -1;
  DrawShape shape{};
  bool replace = true;
};
/// Indices drawn with probabilities softmax(logits) along `.axis`, int32; `.shape` ends with the other axes, broadcast.
/// Without replacement the axes that `.shape` has in front hold different indices.
///     Tensor token = random::categorical(key, logits);
Tensor categorical(Tensor key, Tensor logits, Categorical p = {});

}  // namespace strata::random
