// Layers, attention, cross-entropies and initialisers of the oracle. Definitions: tests/oracle/ops.py.
#include "strata/nn/initializers.hpp"
#include "strata/ops/ops.hpp"
#include "strata/tests/support/oracle.hpp"

namespace strata::oracle {
namespace {

Tensors initializer(const Json& p, Xs x) {
  using Initializer = Tensor (*)(const Tensor&, Shape, nn::Fans);
  static const std::map<std::string, Initializer> kinds = {{"glorot_uniform", &nn::glorot_uniform},
                                                           {"glorot_normal", &nn::glorot_normal},
                                                           {"he_uniform", &nn::he_uniform},
                                                           {"he_normal", &nn::he_normal},
                                                           {"lecun_normal", &nn::lecun_normal}};
  return {kinds.at(p.at("kind"))(x[0], shape(p.at("shape")), {})};
}

/// One head: an axis of size 1 before the width.
Tensors attention(const Json&, Xs x) {
  const auto one_head = [](const Tensor& t) { return expand_dims(t, -2); };
  const Tensor mask = expand_dims(x[3], -3);
  return {
      squeeze(dot_product_attention(one_head(x[0]), one_head(x[1]), one_head(x[2]), {.mask = mask}), {.axes = {-2}})};
}

}  // namespace

void add_nn(Ops& ops) {
  ops["attention"] = &attention;
  ops["dot_product_attention"] = [](const Json& p, Xs x) {
    Attention options{.is_causal = flag(p, "is_causal", false)};
    if (p.contains("scale")) options.scale = number(p.at("scale"));
    return Tensors{dot_product_attention(x[0], x[1], x[2], options)};
  };
  ops["embedding"] = [](const Json&, Xs x) { return Tensors{embedding(x[0], x[1])}; };
  ops["linear"] = [](const Json&, Xs x) { return Tensors{linear(x[0], x[1], x[2])}; };
  ops["softmax_cross_entropy"] = [](const Json&, Xs x) { return Tensors{softmax_cross_entropy(x[0], x[1])}; };
  ops["softmax_cross_entropy_int"] = [](const Json&, Xs x) {
    return Tensors{softmax_cross_entropy_with_integer_labels(x[0], x[1])};
  };
  ops["init_glorot"] = &initializer;
}

}  // namespace strata::oracle
