// See initializers.hpp. One variance-scaling formula behind all.
#include "strata/nn/initializers.hpp"

#include <cmath>

#include "strata/core/error.hpp"
#include "strata/core/level.hpp"
#include "strata/ops/ops.hpp"

namespace strata::nn {
namespace {

enum class Mode { fan_in, average };

double variance(const char* op, const Shape& shape, const Fans& p, double scale, Mode mode) {
  if (shape.size() < 2) {
    throw ShapeError(std::string(op) + ": shape " + to_string(shape) +
                     " has no input and output axis; it needs two axes" + level_context());
  }
  const double in = static_cast<double>(shape[normalize_axis(op, p.in_axis, shape.size())]);
  const double out = static_cast<double>(shape[normalize_axis(op, p.out_axis, shape.size())]);
  const double field = static_cast<double>(shape.elements()) / std::max(in * out, 1.0);
  const double fan = mode == Mode::fan_in ? in * field : (in + out) * field / 2;
  return scale / std::max(fan, 1.0);
}

Tensor scaled_uniform(const Tensor& key, const Shape& shape, const Fans& p, double v) {
  return random::uniform(key, shape, {.low = -1, .high = 1, .dtype = p.dtype}) * std::sqrt(3 * v);
}

Tensor scaled_normal(const Tensor& key, const Shape& shape, const Fans& p, double v) {
  // A normal truncated to two deviations has this deviation; dividing by it gives the variance asked for.
  constexpr double truncated_deviation = 0.87962566103423978;
  return random::truncated_normal(key, -2, 2, shape, {.dtype = p.dtype}) * (std::sqrt(v) / truncated_deviation);
}

}  // namespace

Tensor glorot_uniform(const Tensor& key, Shape shape, Fans p) {
  return scaled_uniform(key, shape, p, variance("nn::glorot_uniform", shape, p, 1, Mode::average));
}
Tensor glorot_normal(const Tensor& key, Shape shape, Fans p) {
  return scaled_normal(key, shape, p, variance("nn::glorot_normal", shape, p, 1, Mode::average));
}
Tensor he_uniform(const Tensor& key, Shape shape, Fans p) {
  return scaled_uniform(key, shape, p, variance("nn::he_uniform", shape, p, 2, Mode::fan_in));
}
Tensor he_normal(const Tensor& key, Shape shape, Fans p) {
  return scaled_normal(key, shape, p, variance("nn::he_normal", shape, p, 2, Mode::fan_in));
}
Tensor lecun_uniform(const Tensor& key, Shape shape, Fans p) {
  return scaled_uniform(key, shape, p, variance("nn::lecun_uniform", shape, p, 1, Mode::fan_in));
}
Tensor lecun_normal(const Tensor& key, Shape shape, Fans p) {
  return scaled_normal(key, shape, p, variance("nn::lecun_normal", shape, p, 1, Mode::fan_in));
}

}  // namespace strata::nn
