// Layers: plain aggregates with an operator() for one example; a batch is their vmap. Used by models.
// A layer's tensors are its parameters, its other members settings; `init(key, ...)` draws one, so an ensemble is vmap
// of init.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "strata/core/tree.hpp"
#include "strata/ops/ops.hpp"

namespace strata::nn {

/// x w + b.  x [..., in] -> [..., out].     auto layer = st::nn::Linear::init(key, 784, 10);  Tensor y = layer(x);
struct Linear {
  Tensor w;  // [in, out]
  Tensor b;  // [out]; undefined: none
  Tensor operator()(const Tensor& x) const;
  /// Glorot-uniform weights, zero bias.
  static Linear init(const Tensor& key, std::int64_t in, std::int64_t out, bool bias = true);
};

/// Linear layers with an activation between them.
///     auto model = st::nn::MLP::init(key, {784, 256, 10});  Tensor logits = model(x);
struct MLP {
  std::vector<Linear> layers;
  Tensor (*activation)(Tensor) = nullptr;  // null: relu
  Tensor operator()(Tensor x) const;
  /// He-normal weights before the activation, Glorot in the last layer.
  static MLP init(const Tensor& key, const std::vector<std::int64_t>& sizes, Tensor (*activation)(Tensor) = nullptr);
};

/// Convolution of one image.  x [in, h, w] -> [out, h', w'].
///     auto conv = st::nn::Conv2d::init(key, 1, 16, 3);  Tensor y = conv(image);
struct Conv2d {
  Tensor w;  // [out, in, kh, kw]
  Tensor b;  // [out]; undefined: none
  std::int64_t stride = 1;
  std::string padding = "SAME";  // or "VALID"
  Tensor operator()(const Tensor& x) const;
  /// He-normal weights, zero bias.
  static Conv2d init(const Tensor& key, std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride = 1,
                     std::string padding = "SAME");
};

/// Rows of a table by index.  ids [...] -> [..., width].     Tensor e = st::nn::Embedding::init(key, 1000, 64)(ids);
struct Embedding {
  Tensor table;  // [count, width]
  Tensor operator()(const Tensor& ids) const;
  /// Normal entries with variance 1 / width.
  static Embedding init(const Tensor& key, std::int64_t count, std::int64_t width);
};

/// Normalises the last axis to mean 0 and variance 1, then scales and shifts (Ba et al. 2016, arXiv 1607.06450).
struct LayerNorm {
  Tensor scale, shift;  // [width]
  double eps = 1e-6;
  Tensor operator()(const Tensor& x) const;
  static LayerNorm init(std::int64_t width);
};

/// Zeroes each element with probability `rate` and scales the rest by 1 / (1 - rate). There is no train mode: leave the
/// call out.
///     Tensor y = st::nn::Dropout{0.1}(key, x);
struct Dropout {
  double rate = 0.5;
  Tensor operator()(const Tensor& key, const Tensor& x) const;
};

}  // namespace strata::nn
