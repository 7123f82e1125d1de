// The menu: softmax and what normalises. Each reads a row once; half types compute in float32.
#pragma once
#include <array>

#include "strata/core/tensor.hpp"

namespace strata {

struct Softmax {
  AxisList axis = -1;
  Tensor where{};  ///< bool: elements where it is false are left out and give 0 (log_softmax: -inf)
};
/// exp(x) / sum(exp(x)) along `.axis` (one or several), computed from x - max(x). A row of -inf is NaN, as in JAX; a
/// row that `.where` leaves out altogether is 0. Integers become floats first.
///     Tensor p = softmax(scores, {.axis = -1, .where = mask});
Tensor softmax(Tensor x, Softmax p = {});
/// log(softmax(x)), without the loss.     Tensor nll = -log_softmax(logits)[label];
Tensor log_softmax(Tensor x, Softmax p = {});

struct LogSumExp {
  AxesOrAll axes = every_axis;
  bool keepdims = false;
  Tensor b{};      ///< factors of the exponentials; may be negative (NaN where the sum is)
  Tensor where{};  ///< bool: elements where it is false are left out
};
/// log(sum(b exp(x))) over `.axes`, without overflow; -inf for no elements and for elements of -inf, with derivative 0.
///     Tensor z = logsumexp(logits, {.axes = {-1}, .keepdims = true});
Tensor logsumexp(Tensor x, LogSumExp p = {});
/// log(mean(exp(x))) over `.axes`.         Tensor z = logmeanexp(log_weights);
Tensor logmeanexp(Tensor x, LogSumExp p = {});

struct Normalization {
  AxisList axis = -1;
  double eps = 1e-5;
};
/// (x - mean) / sqrt(var + eps) along `.axis` (one or several).           Tensor z = standardize(x, {.axis = 0});
Tensor standardize(Tensor x, Normalization p = {});
/// The same times scale plus bias, which broadcast to x; undefined ones are 1 and 0.
///     Tensor y = layer_norm(x, scale, bias);
Tensor layer_norm(Tensor x, Tensor scale = {}, Tensor bias = {}, Normalization p = {});

struct RmsNormalization {
  AxisList axis = -1;
  double eps = 1e-6;
};
/// x / sqrt(mean(x^2) + eps) times scale, which broadcasts to x.           Tensor y = rms_norm(x, scale);
Tensor rms_norm(Tensor x, Tensor scale = {}, RmsNormalization p = {});

struct BatchNormalization {
  AxisList axes = 0;  ///< what is averaged over: all but the channels
  double eps = 1e-5;
  Tensor mean{}, var{};  ///< statistics to use instead of x's own (running ones, at inference)
};
/// {y, mean, var}: y = (x - mean) / sqrt(var + eps) * scale + bias. scale and bias have the shape of the axes that are
/// not averaged over (undefined: 1 and 0); mean and var (biased) have x's shape with size 1 along `.axes`.
///     auto [y, mean, var] = batch_norm(x, scale, bias, {.axes = {0, 1, 2}});
std::array<Tensor, 3> batch_norm(Tensor x, Tensor scale = {}, Tensor bias = {}, BatchNormalization p = {});

struct GroupNormalization {
  std::int64_t groups = 32;
  int axis = -1;                ///< the channels
  AxesOrAll axes = every_axis;  ///< the other axes that one group spans; every one when absent: x is one example
  double eps = 1e-5;
};
/// Standardises each group of channels over its channels and `.axes`; scale and bias are [channels] (undefined: 1 and
/// 0). ShapeError when the groups do not divide the channels.
///     Tensor y = group_norm(image, scale, bias, {.groups = 8});
Tensor group_norm(Tensor x, Tensor scale = {}, Tensor bias = {}, GroupNormalization p = {});
/// group_norm with one group for each channel.                             Tensor y = instance_norm(image);
Tensor instance_norm(Tensor x, Tensor scale = {}, Tensor bias = {}, GroupNormalization p = {});

}  // namespace strata
