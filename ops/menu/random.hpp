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
Tensor split(Tensor key, KeyShape n = 2);
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
/// Gamma(a, 1), and its logarithm, which stays finite for small a. Differentiable by a, once (implicit gradient).
///     Tensor g = random::gamma(key, 2.5, {100});
Tensor gamma(Tensor key, Tensor a, DrawShape shape = {}, Draws p = {});
Tensor loggamma(Tensor key, Tensor a, DrawShape shape = {}, Draws p = {});

}  // namespace strata::random
