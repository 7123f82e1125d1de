// What layers of networks are made of: products, gathers, draws and softmax, put together from the menu.
#include "strata/ops/menu/layers.hpp"

#include <cmath>
#include <sstream>

#include "strata/core/error.hpp"
#include "strata/core/level.hpp"
#include "strata/ops/ops.hpp"
#include "strata/ops/registry.hpp"
#include "strata/ops/sampling.hpp"

namespace strata {
namespace {

/// 1.5, not 1.500000.
std::string shortest(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

}  // namespace

Tensor linear(Tensor x, Tensor w, Tensor b) {
  const auto fail = [&](const std::string& fact) {
    throw ShapeError("linear: " + fact + level_context() + "\n  x is [..., in], w [in, out], b [out]");
  };
  if (w.ndim() != 2) fail("w has shape " + to_string(w.shape()) + ", not two axes");
  if (x.ndim() == 0 || x.size(-1) != w.size(0)) {
    fail("x " + to_string(x.shape()) + " does not end in the " + std::to_string(w.size(0)) + " inputs of w " +
         to_string(w.shape()));
  }
  if (b.defined() && !(b.shape() == Shape{w.size(1)})) {
    fail("b " + to_string(b.shape()) + " is not for the " + std::to_string(w.size(1)) + " outputs of w " +
         to_string(w.shape()));
  }
  Tensor y = matmul(std::move(x), std::move(w));
  return b.defined() ? std::move(y) + std::move(b) : y;
}

Tensor embedding(Tensor table, Tensor ids, Embed p) {
  if (table.ndim() != 2) {
    throw ShapeError("embedding: the table has shape " + to_string(table.shape()) + ", not [count, width]" +
                     level_context());
  }
  return take(std::move(table), std::move(ids), {.axis = 0, .mode = p.mode});
}

Tensor dropout(Tensor key, Tensor x, DropoutRate p) {
  if (!(p.rate >= 0 && p.rate <= 1)) {
    throw ValueError("dropout: the rate is " + shortest(p.rate) + ", not a probability between 0 and 1" +
                     level_context());
  }
  if (p.rate == 0) return astype_weak(std::move(x), inexact(x.dtype()));
  if (p.rate == 1) return zeros_like(x, {.dtype = inexact(x.dtype())});
  const Tensor keep = random::bernoulli(std::move(key), 1 - p.rate, x.shape());
  return where(keep, std::move(x) / (1 - p.rate), 0);
}

namespace {

std::string shapes_of(const Tensor& q, const Tensor& k, const Tensor& v) {
  return "q " + to_string(q.shape()) + ", k " + to_string(k.shape()) + ", v " + to_string(v.shape());
}

void check_attention(const Tensor& q, const Tensor& k, const Tensor& v) {
  const auto fail = [&](const std::string& fact) {
    throw ShapeError("dot_product_attention: " + fact + ": " + shapes_of(q, k, v) + level_context() +
                     "\n  they are [..., queries, heads, width], [..., keys, kv_heads, width], [..., keys, kv_heads, "
                     "width_v]");
  };
  if (q.ndim() < 3 || k.ndim() != q.ndim() || v.ndim() != q.ndim()) fail("wrong number of axes");
  if (q.size(-1) != k.size(-1)) fail("the widths of q and k differ");
  if (k.size(-3) != v.size(-3) || k.size(-2) != v.size(-2)) fail("k and v differ in keys or heads");
  if (k.size(-2) == 0 ? q.size(-2) != 0 : q.size(-2) % k.size(-2) != 0) fail("kv_heads does not divide heads");
}

/// Which keys a query sees, where that depends on positions and lengths alone; undefined: all of them.
Tensor visible(const Attention& p, std::int64_t queries, std::int64_t keys, Device device) {
  Tensor mask;
  const auto also = [&](Tensor m) {
    mask = mask.defined() ? logical_and(std::move(mask), std::move(m)) : std::move(m);
  };
  const Tensor i = expand_dims(arange(queries, {.device = device}), -1), j = arange(keys, {.device = device});
  if (p.is_causal) also(j <= i);
  if (p.local_window) also(logical_and(j >= i - p.local_window->first, j <= i + p.local_window->second));
  if (p.query_lengths.defined()) also(i < expand_dims(p.query_lengths, {-1, -2, -3}));
  if (p.key_lengths.defined()) also(j < expand_dims(p.key_lengths, {-1, -2, -3}));
  if (p.mask.defined()) {
    if (p.mask.dtype() != Dtype::bool_) {
      throw DtypeError("dot_product_attention: the mask is " + std::string(name(p.mask.dtype())) +
                       ", not bool; what is added to the scores is .bias" + level_context());
    }
    also(p.mask);
  }
  return mask;
}

/// [..., heads, a, b] as [..., kv_heads, heads / kv_heads, a, b], and back.
Tensor in_groups(const Tensor& x, int axis, std::int64_t groups) {
  Shape s = x.shape();
  axis += s.size();
  s[axis] = groups ? s[axis] / groups : 0;
  s.insert(axis, groups);
  return reshape(x, s);
}
Tensor joined(const Tensor& x, int axis) {
  Shape s = x.shape();
  axis += s.size();
  s[axis + 1] *= s[axis];
  s.erase(axis);
  return reshape(x, s);
}

}  // namespace

Tensor dot_product_attention(Tensor q, Tensor k, Tensor v, Attention p) {
  check_attention(q, k, v);
  const std::int64_t queries = q.size(-3), keys = k.size(-3), kv_heads = k.size(-2), width = q.size(-1);
  const Dtype dtype = promote(promote(q.type(), k.type()), v.type()).dtype;
  const auto wide = [](const Tensor& x) { return is_half(x.dtype()) ? astype(x, Dtype::float32) : x; };
  const Tensor grouped = in_groups(wide(q), -2, kv_heads);
  Tensor scores = joined(einsum("...tkgh,...skh->...kgts", grouped, wide(k)), -4);
  scores = std::move(scores) * p.scale.value_or(1 / std::sqrt(static_cast<double>(std::max<std::int64_t>(width, 1))));
  if (p.bias.defined()) scores = std::move(scores) + p.bias;
  const Tensor weights = softmax(std::move(scores), {.axis = -1, .where = visible(p, queries, keys, q.device())});
  const Tensor y = einsum("...kgts,...skh->...tkgh", in_groups(weights, -3, kv_heads), wide(v));
  return astype(joined(y, -3), inexact(dtype));
}

namespace {

Samples linear_samples() {
  const auto call = sampled([](Tensor x, Tensor w, Tensor b) { return linear(x, w, b); });
  return {{"[4, 3]", {{{4, 3}}, {{3, 2}}, {{2}}}, call},
          {"one example", {{{3}}, {{3, 2}}, {{2}}}, call},
          {"no bias", {{{2, 3}}, {{3, 2}}}, sampled([](Tensor x, Tensor w) { return linear(x, w); })},
          {"empty", {{{0, 3}}, {{3, 2}}, {{2}}}, call}};
}

Samples embedding_samples() {
  const auto call = sampled([](Tensor table, Tensor ids) { return embedding(table, ids); });
  return {{"[2, 2]", {{{5, 3}}, {{2, 2}, Dtype::int32, 0, 5}}, call},
          {"one", {{{5, 3}}, {{}, Dtype::int32, 0, 5}}, call},
          {"empty", {{{5, 3}}, {{0}, Dtype::int32, 0, 5}}, call}};
}

Samples dropout_samples() {
  const auto by = [](double rate) {
    return sampled([rate](Tensor key, Tensor x) { return dropout(key, x, {.rate = rate}); });
  };
  const Argument key{{2}, Dtype::uint32, 0, 4e9};
  return {{"[3, 4]", {key, {{3, 4}}}, by(0.4)}, {"none", {key, {{3}}}, by(0)}, {"empty", {key, {{0}}}, by(0.4)}};
}

Samples attention_samples() {
  const auto by = [](Attention p) {
    return sampled([p](Tensor q, Tensor k, Tensor v) { return dot_product_attention(q, k, v, p); });
  };
  const Tensor lengths = array({1, 3}), one_hidden = array({{true}, {true}, {false}});
  return {{"two examples", {{{2, 3, 2, 2}}, {{2, 4, 2, 2}}, {{2, 4, 2, 3}}}, by({})},
          {"causal", {{{3, 1, 2}}, {{3, 1, 2}}, {{3, 1, 2}}}, by({.is_causal = true, .scale = 0.7})},
          {"two heads for each of k's", {{{2, 4, 2}}, {{3, 2, 2}}, {{3, 2, 1}}}, by({})},
          {"a query that sees nothing", {{{3, 1, 2}}, {{2, 1, 2}}, {{2, 1, 1}}}, by({.mask = one_hidden})},
          {"window and lengths",
           {{{2, 4, 1, 2}}, {{2, 4, 1, 2}}, {{2, 4, 1, 1}}},
           by({.local_window = std::pair{1, 1}, .query_lengths = lengths, .key_lengths = lengths})},
          {"bias",
           {{{2, 1, 2}}, {{3, 1, 2}}, {{3, 1, 1}}, {{2, 3}}},
           [](std::span<const Tensor> x) {
             return std::vector<Tensor>{dot_product_attention(x[0], x[1], x[2], {.bias = x[3]})};
           }},
          {"no keys", {{{2, 1, 2}}, {{0, 1, 2}}, {{0, 1, 2}}}, by({})},
          {"empty", {{{0, 3, 1, 2}}, {{0, 2, 1, 2}}, {{0, 2, 1, 2}}}, by({})}};
}

}  // namespace

std::vector<Entry> layer_entries() {
  return {composite("linear", &linear_samples), composite("embedding", &embedding_samples),
          composite("dropout", &dropout_samples), composite("dot_product_attention", &attention_samples)};
}

}  // namespace strata
