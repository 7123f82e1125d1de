// The models of the training cases, each with the loss of one example. bench/peers builds the same ones from the same
// seeds. Used by the files of cases.
#pragma once
#include <cmath>

#include "strata/bench/cases/cases.hpp"

namespace bench {

using strata::Tensor;

/// x w + b: weights of seed, biases of seed + 1.
inline strata::nn::Linear linear(std::uint32_t seed, std::int64_t in, std::int64_t out) {
  const double limit = 1 / std::sqrt(static_cast<double>(in));
  return {uniform(seed, {in, out}, -limit, limit), uniform(seed + 1, {out}, -0.1, 0.1)};
}

/// Layers of seeds seed, seed + 2, ...
inline strata::nn::MLP mlp(std::uint32_t seed, const std::vector<std::int64_t>& sizes,
                           Tensor (*activation)(Tensor) = &strata::relu) {
  strata::nn::MLP model{{}, activation};
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i)
    model.layers.push_back(linear(seed + 2 * static_cast<std::uint32_t>(i), sizes[i], sizes[i + 1]));
  return model;
}

/// Cross-entropy of one example.
inline Tensor mlp_loss(const strata::nn::MLP& model, const Tensor& x, const Tensor& label) {
  return strata::softmax_cross_entropy_with_integer_labels(model(x), label);
}

/// Two convolutions with max-pooling, then a linear layer: 28 x 28 -> 10.
struct Cnn {
  strata::nn::Conv2d first, second;
  strata::nn::Linear out;
};

inline strata::nn::Conv2d conv(std::uint32_t seed, std::int64_t in, std::int64_t out) {
  const double limit = 1 / std::sqrt(9.0 * static_cast<double>(in));
  return {uniform(seed, {out, in, 3, 3}, -limit, limit), uniform(seed + 1, {out}, -0.1, 0.1)};
}

inline Cnn cnn() { return {conv(100, 1, 16), conv(102, 16, 32), linear(104, 32 * 7 * 7, 10)}; }

inline Tensor cnn_loss(const Cnn& model, const Tensor& image, const Tensor& label) {
  const strata::Window half{.window = {2, 2}};
  Tensor h = strata::max_pool(strata::relu(model.first(image)), half);
  h = strata::max_pool(strata::relu(model.second(h)), half);
  return strata::softmax_cross_entropy_with_integer_labels(model.out(strata::ravel(h)), label);
}

/// A transformer block with the norms in front: width 256, 4 heads of 64.
struct Block {
  strata::nn::LayerNorm norm1;
  strata::nn::Linear qkv, proj;
  strata::nn::LayerNorm norm2;
  strata::nn::Linear up, down;
};

constexpr std::int64_t width = 256, heads = 4, tokens = 128;

inline strata::nn::LayerNorm layer_norm(std::uint32_t seed) {
  return {uniform(seed, {width}, 0.5, 1.5), uniform(seed + 1, {width}, -0.1, 0.1), 1e-5};
}

inline Block block() {
  return {layer_norm(200), linear(202, width, 3 * width), linear(204, width, width),
          layer_norm(206), linear(208, width, 4 * width), linear(210, 4 * width, width)};
}

/// [tokens, width] -> the same.
inline Tensor block_forward(const Block& m, Tensor x) {
  const Tensor qkv = strata::reshape(m.qkv(m.norm1(x)), {tokens, 3, heads, width / heads});
  const auto part = [&](int i) { return strata::swapaxes(qkv[{strata::all, i}], 0, 1); };  // [heads, tokens, 64]
  const Tensor scores = strata::matmul(part(0), strata::mT(part(1))) * 0.125;
  const Tensor mixed = strata::matmul(strata::softmax(scores), part(2));
  x = x + m.proj(strata::reshape(strata::swapaxes(mixed, 0, 1), {tokens, width}));
  return x + m.down(strata::gelu(m.up(m.norm2(x))));
}

inline Tensor block_loss(const Block& m, const Tensor& x, const Tensor& target) {
  return strata::mean(strata::square(block_forward(m, x) - target));
}

/// A batch for each of them.
struct Batch {
  Tensor x, y;
};
inline Batch digits(std::int64_t n) { return {uniform(1, {n, 784}, 0, 1), integers(2, {n}, 10)}; }
inline Batch images(std::int64_t n) { return {uniform(3, {n, 1, 28, 28}, 0, 1), integers(4, {n}, 10)}; }
inline Batch sentences(std::int64_t n) {
  return {uniform(5, {n, tokens, width}, -1.5, 1.5), uniform(6, {n, tokens, width}, -1, 1)};
}

/// The mean loss of a batch, from the loss of one example.
template <class Loss>
auto mean_loss(Loss loss) {
  return [f = strata::vmap(loss, {.in_axes = {strata::none, 0, 0}})](
             const auto& model, const Tensor& x, const Tensor& y) { return strata::mean(f(model, x, y)); };
}

}  // namespace bench
