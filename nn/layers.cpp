// See layers.hpp.
#include "strata/nn/layers.hpp"

#include <cmath>

#include "strata/core/error.hpp"
#include "strata/core/level.hpp"
#include "strata/nn/initializers.hpp"

namespace strata::nn {

Tensor Linear::operator()(const Tensor& x) const { return linear(x, w, b); }

Linear Linear::init(const Tensor& key, std::int64_t in, std::int64_t out, bool bias) {
  return {glorot_uniform(key, {in, out}), bias ? zeros({out}) : Tensor()};
}

Tensor MLP::operator()(Tensor x) const {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    x = layers[i](x);
    if (i + 1 < layers.size()) x = activation ? activation(std::move(x)) : relu(std::move(x));
  }
  return x;
}

MLP MLP::init(const Tensor& key, const std::vector<std::int64_t>& sizes, Tensor (*activation)(Tensor)) {
  if (sizes.size() < 2) throw ValueError("nn::MLP: needs at least an input and an output size");
  MLP model{{}, activation};
  const Tensor keys = random::split(key, static_cast<std::int64_t>(sizes.size()) - 1);
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    const bool last = i + 2 == sizes.size();
    const Tensor k = keys[static_cast<int>(i)];
    Linear layer = Linear::init(k, sizes[i], sizes[i + 1]);
    if (!last) layer.w = he_normal(k, {sizes[i], sizes[i + 1]});
    model.layers.push_back(std::move(layer));
  }
  return model;
}

Tensor Conv2d::operator()(const Tensor& x) const {
  if (x.ndim() != 3) {
    throw ShapeError("nn::Conv2d: x has shape " + to_string(x.shape()) + "; one image is [channels, height, width]" +
                     level_context() + "\n  map over a batch with st::vmap");
  }
  Tensor y =
      squeeze(conv_general(expand_dims(x, 0), w, {.strides = {stride, stride}, .padding = padding}), {.axes = {0}});
  return b.defined() ? std::move(y) + reshape(b, {-1, 1, 1}) : y;
}

Conv2d Conv2d::init(const Tensor& key, std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride,
                    std::string padding) {
  return {he_normal(key, {out, in, size, size}, {.in_axis = 1, .out_axis = 0}), zeros({out}), stride,
          std::move(padding)};
}

Tensor Embedding::operator()(const Tensor& ids) const { return embedding(table, ids); }

Embedding Embedding::init(const Tensor& key, std::int64_t count, std::int64_t width) {
  return {random::normal(key, {count, width}) / std::sqrt(static_cast<double>(width))};
}

Tensor LayerNorm::operator()(const Tensor& x) const { return layer_norm(x, scale, shift, {.eps = eps}); }

LayerNorm LayerNorm::init(std::int64_t width) { return {ones({width}), zeros({width})}; }

Tensor Dropout::operator()(const Tensor& key, const Tensor& x) const { return dropout(key, x, {.rate = rate}); }

}  // namespace strata::nn
