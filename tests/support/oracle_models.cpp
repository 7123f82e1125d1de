// Models of the oracle in several ops, and their per-example gradients. Definitions: tests/oracle/ops.py.
#include "strata/strata.hpp"
#include "strata/tests/support/oracle_functions.hpp"

namespace strata::oracle {
namespace {

Tensors list(Xs x) { return Tensors(x.begin(), x.end()); }

/// cw, cb, dw, db, image [H, W, C]: convolution, relu, means of 2 x 2, a dense layer.
Tensor cnn(const Tensors& x) {
  const ConvLayout layout{"NHWC", "HWIO", "NHWC"};
  Tensor h = conv_general(expand_dims(x[4], 0), x[0], {.padding = "SAME", .layout = layout}) + x[1];
  h = avg_pool(relu(h), {.window = {1, 2, 2, 1}});
  return linear(reshape(h, {-1}), x[2], x[3]);
}
Tensors cnn_loss(const Tensors& x) { return {softmax_cross_entropy_with_integer_labels(cnn(x), x[5])}; }

/// wq, wk, wv, wo, g1, w1, w2, x [T, D]: causal attention of several heads on RMS-normalised x, then an MLP.
Tensor attention_block(const Tensors& p) {
  const Tensor& x = p[7];
  const Tensor h = rms_norm(x, p[4], {.eps = 1e-6});
  const auto heads = [&](const Tensor& w) { return einsum("td,dhk->thk", h, w); };
  const Tensor o = dot_product_attention(heads(p[0]), heads(p[1]), heads(p[2]), {.is_causal = true});
  const Tensor y = x + einsum("thk,hkd->td", o, p[3]);
  return y + matmul(gelu(matmul(y, p[5])), p[6]);
}

/// Values and gradients in the first `n` arguments, lane by lane of those that in_axes maps.
Tensors per_example(const Inner& loss, const Tensors& x, std::size_t n, const Json& in_axes) {
  std::vector<std::size_t> numbers(n);
  for (std::size_t i = 0; i < n; ++i) numbers[i] = i;
  const Inner one = [&](const Tensors& a) {
    const auto f = hold_others(loss, a, numbers);
    auto [value, g] = value_and_grad([&](const Tensors& d) { return f(d)[0]; })(pick(a, numbers));
    g.insert(g.begin(), value);
    return g;
  };
  return mapped(one, in_axes)(x);
}

/// `shared` times null, then `lanes` times 0.
Json first_shared(int shared, int lanes) {
  Json axes = Json::array();
  for (int i = 0; i < shared; ++i) axes.push_back(nullptr);
  for (int i = 0; i < lanes; ++i) axes.push_back(0);
  return axes;
}

}  // namespace

void add_models(Ops& ops) {
  ops["cnn_per_example_grads"] = [](const Json&, Xs x) {
    return per_example(&cnn_loss, list(x), 4, first_shared(4, 2));
  };
  ops["cnn_mean_grad"] = [](const Json&, Xs x) {
    const std::vector<std::size_t> numbers{0, 1, 2, 3};
    const Inner losses = hold_others(mapped(&cnn_loss, first_shared(4, 2)), list(x), numbers);
    return grad([&](const Tensors& d) { return mean(losses(d)[0]); })(pick(list(x), numbers));
  };
  ops["attn_block_forward"] = [](const Json&, Xs x) {
    return mapped([](const Tensors& a) { return Tensors{attention_block(a)}; }, first_shared(7, 1))(list(x));
  };
  ops["attn_per_example_grads"] = [](const Json&, Xs x) {
    const Inner loss = [](const Tensors& a) { return Tensors{mean(square(attention_block(a)))}; };
    return per_example(loss, list(x), 7, first_shared(7, 1));
  };
  ops["clipped_grad_sum"] = [](const Json& p, Xs x) {
    const Tensors g = per_example(inner_function("logreg"), list(x), 2, first_shared(2, 2));
    const Tensor n = sqrt(sum(square(g[1]), {.axes = {-1}}) + square(g[2]));
    const Tensor factor = minimum(1.0, number(p.at("clip")) / n);
    return Tensors{sum(g[1] * expand_dims(factor, -1), {.axes = {0}}), sum(g[2] * factor), n};
  };
  ops["grad_has_aux"] = [](const Json&, Xs x) {
    const auto f = [](const Tensor& t) { return std::pair{sum(sin(t)), std::pair{cos(t), max(t)}}; };
    const auto [g, aux] = grad(f, has_aux)(x[0]);
    return Tensors{g, aux.first, aux.second};
  };
}

}  // namespace strata::oracle
