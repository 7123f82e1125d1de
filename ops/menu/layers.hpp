// The menu: what layers of networks are made of, as functions of their parameters. Layers with parameters:
// nn/layers.hpp.
#pragma once
#include <optional>
#include <utility>

#include "strata/core/index.hpp"

namespace strata {

/// x w + b; an undefined b adds nothing. x [..., in], w [in, out], b [out] -> [..., out].
///     Tensor y = linear(x, w, b);
Tensor linear(Tensor x, Tensor w, Tensor b = {});

struct Embed {
  IndexMode mode = IndexMode::fill;
};
/// Rows of a table [count, width] by index: [...] -> [..., width]. An id outside gives NaN, unless `.mode`.
///     Tensor e = embedding(table, ids);
Tensor embedding(Tensor table, Tensor ids, Embed p = {});

struct DropoutRate {
  double rate = 0.5;
};
/// Zeroes each element with probability `.rate` and scales the rest by 1 / (1 - rate). Integers become floats first.
/// ValueError for a rate outside [0, 1].     Tensor y = dropout(key, x, {.rate = 0.1});
Tensor dropout(Tensor key, Tensor x, DropoutRate p = {});

struct Attention {
  Tensor bias{};                  ///< added to the scores; broadcasts to [..., heads, queries, keys]
  Tensor mask{};                  ///< bool, broadcasts likewise: scores where it is false are left out
  bool is_causal = false;         ///< query i sees keys 0 ... i
  std::optional<double> scale{};  ///< of the scores; 1 / sqrt(width) when absent
  /// Query i sees keys i - first ... i + second.
  std::optional<std::pair<std::int64_t, std::int64_t>> local_window{};
  Tensor query_lengths{};  ///< integers of the leading shape: later queries give 0
  Tensor key_lengths{};    ///< and later keys are left out
};
/// softmax(q kT scale + bias) v, head by head: q [..., queries, heads, width], k [..., keys, kv_heads, width], v
/// [..., keys, kv_heads, width_v] -> [..., queries, heads, width_v]; one of k's heads serves heads / kv_heads of q's.
/// A query that sees no key gives 0, with derivative 0. Half types compute their scores in float32.
///     Tensor y = dot_product_attention(q, k, v, {.is_causal = true});
Tensor dot_product_attention(Tensor q, Tensor k, Tensor v, Attention p = {});

}  // namespace strata
