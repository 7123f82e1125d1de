// See oracle_functions.hpp.
#include "strata/tests/support/oracle_functions.hpp"

#include "strata/strata.hpp"

namespace strata::oracle {
namespace {

using Function1 = Tensors (*)(Xs x);
using Functions = std::map<std::string, Function1>;

void add_products(Functions& f) {
  f["mul_add"] = [](Xs x) { return Tensors{x[0] * x[1] + x[2]}; };
  f["dot"] = [](Xs x) { return Tensors{dot(x[0], x[1])}; };
  f["matvec"] = [](Xs x) { return Tensors{matmul(x[0], x[1])}; };
  f["matmul"] = [](Xs x) { return Tensors{matmul(x[0], x[1])}; };
  f["outer"] = [](Xs x) { return Tensors{outer(x[0], x[1])}; };
  f["broadcast_row"] = [](Xs x) { return Tensors{expand_dims(x[0], 1) * expand_dims(x[1], 0)}; };
  f["quadratic"] = [](Xs x) { return Tensors{matmul(matmul(0.5 * x[0], x[1]), x[0]) + sum(x[0])}; };
}

void add_shapes(Functions& f) {
  f["sum0"] = [](Xs x) { return Tensors{sum(x[0], {.axes = {0}})}; };
  f["transpose"] = [](Xs x) { return Tensors{transpose(x[0])}; };
  f["reshape_neg"] = [](Xs x) { return Tensors{reshape(x[0], {-1})}; };
  f["concat"] = [](Xs x) { return Tensors{concatenate({x[0], x[1]})}; };
  f["stack_last"] = [](Xs x) { return Tensors{stack({x[0], x[1]}, {.axis = -1})}; };
  f["const_out"] = [](Xs x) { return Tensors{arange(3.0, {.dtype = x[0].dtype()}), x[0] * 2}; };
}

void add_pointwise_functions(Functions& f) {
  f["where_pos"] = [](Xs x) { return Tensors{where(x[0] > 0, x[0], x[1])}; };
  f["sin_exp"] = [](Xs x) { return Tensors{sin(x[0]) * exp(-0.5 * x[0])}; };
  f["tanh_poly"] = [](Xs x) { return Tensors{tanh(x[0]) + 0.25 * integer_pow(x[0], 4)}; };
  f["cubic"] = [](Xs x) { return Tensors{sum(integer_pow(x[0], 3)) + x[0][0] * x[0][1] * x[0][2]}; };
  f["rosenbrock"] = [](Xs x) {
    const Tensor head = x[0][range({}, -1)], tail = x[0][range(1)];
    return Tensors{sum(100.0 * square(tail - square(head)) + square(1.0 - head))};
  };
  f["vec3to4"] = [](Xs x) {
    const Tensor a = x[0][0], b = x[0][1], c = x[0][2];
    return Tensors{stack({sin(a * b), exp(c) - a, a * b * c, sum(square(x[0]))})};
  };
  f["vec4to3"] = [](Xs x) {
    const Tensor a = x[0][0], b = x[0][1], c = x[0][2], d = x[0][3];
    return Tensors{stack({cos(a) * d, tanh(b - c) * a, log1p(square(c)) + b * d})};
  };
  f["matrix_fn"] = [](Xs x) { return Tensors{matmul(sin(x[0]), transpose(x[0]))}; };
  f["two_args"] = [](Xs x) {
    return Tensors{stack({dot(x[0], x[1]), sum(square(x[0]) * x[1]), x[0][0] * sin(x[1][1])})};
  };
  f["dict_out"] = [](Xs x) { return Tensors{sum(x[0]), square(x[0]), cos(x[0][0])}; };
  f["pairdist"] = [](Xs x) { return Tensors{sqrt(sum(square(x[0] - x[1])))}; };
  f["rbf"] = [](Xs x) { return Tensors{exp(-0.5 * sum(square(x[0] - x[1])))}; };
}

Tensor mlp(Xs x) { return matmul(tanh(matmul(x[4], x[0]) + x[1]), x[2]) + x[3]; }

void add_networks(Functions& f) {
  f["mlp"] = [](Xs x) { return Tensors{mlp(x)}; };
  f["mlp_loss"] = [](Xs x) { return Tensors{mean(square(mlp(x) - x[5]))}; };
  f["logreg"] = [](Xs x) {
    const Tensor z = matmul(x[2], x[0]) + x[1];
    return Tensors{-mean(x[3] * log_sigmoid(z) + (1 - x[3]) * log_sigmoid(-z))};
  };
  f["layer_norm"] = [](Xs x) {
    const Tensor m = mean(x[0], {.axes = {-1}, .keepdims = true});
    return Tensors{(x[0] - m) / sqrt(var(x[0], {.axes = {-1}, .keepdims = true}) + 1e-5) * x[1] + x[2]};
  };
}

void add_normalised(Functions& f) {
  f["softmax"] = [](Xs x) { return Tensors{softmax(x[0])}; };
  f["softmax_last"] = [](Xs x) { return Tensors{softmax(x[0], {.axis = -1})}; };
  f["logsumexp"] = [](Xs x) { return Tensors{logsumexp(x[0])}; };
  f["logsumexp_affine"] = [](Xs x) { return Tensors{logsumexp(matmul(x[1], x[0]) + x[2])}; };
  f["softmax_xent"] = [](Xs x) { return Tensors{-sum(x[1] * log_softmax(x[0]))}; };
  f["normalize"] = [](Xs x) { return Tensors{(x[0] - mean(x[0])) / std(x[0])}; };
  f["var_std"] = [](Xs x) { return Tensors{var(x[0]), std(x[0], {.ddof = 1})}; };
  f["norm"] = [](Xs x) { return Tensors{linalg::norm(x[0])}; };
  f["mlp_gelu_xent"] = [](Xs x) {
    const Tensor logits = linear(gelu(linear(x[4], x[0], x[1])), x[2], x[3]);
    return Tensors{mean(softmax_cross_entropy_with_integer_labels(logits, x[5]))};
  };
}

void add_matrices(Functions& f) {
  f["cholesky"] = [](Xs x) { return Tensors{linalg::cholesky(x[0])}; };
  f["solve"] = [](Xs x) { return Tensors{linalg::solve(x[0], x[1])}; };
  f["inv_det"] = [](Xs x) { return Tensors{linalg::inv(x[0]), linalg::det(x[0])}; };
  f["tri_solve"] = [](Xs x) {
    return Tensors{squeeze(linalg::triangular_solve(x[0], expand_dims(x[1], -1), {.lower = true}), {.axes = {-1}})};
  };
  f["eigvalsh"] = [](Xs x) { return Tensors{linalg::eigvalsh(x[0])}; };
  f["logdet"] = [](Xs x) {
    return Tensors{linalg::slogdet(matmul(x[0], transpose(x[0])) + 2.0 * eye(x[0].size(0))).logabsdet};
  };
  f["einsum_bilinear"] = [](Xs x) { return Tensors{einsum("i,ijk,k->j", x[0], x[1], x[2])}; };
  f["conv1d"] = [](Xs x) {
    const ConvLayout layout{"NCH", "OIH", "NCH"};
    return Tensors{conv_general(expand_dims(x[0], 0), x[1], {.padding = "SAME", .layout = layout})[0]};
  };
}

void add_reductions(Functions& f) {
  f["max_last"] = [](Xs x) { return Tensors{max(x[0], {.axes = {-1}})}; };
  f["minmax"] = [](Xs x) { return Tensors{min(x[0]), max(x[0], {.axes = {0}})}; };
  f["max_relu"] = [](Xs x) { return Tensors{sum(square(relu(x[0]))) + max(x[0]) * min(x[0])}; };
  f["cumsum0"] = [](Xs x) { return Tensors{cumsum(x[0], {.axis = 0})}; };
  f["cummax_prod"] = [](Xs x) { return Tensors{cummax(x[0], {.axis = 0}), cumprod(x[0], {.axis = 0})}; };
  f["prod_sum"] = [](Xs x) { return Tensors{prod(x[0]) + sum(cumprod(x[0]))}; };
  f["sort0"] = [](Xs x) { return Tensors{sort(x[0], {.axis = 0})}; };
  f["argsort_argmax"] = [](Xs x) { return Tensors{argsort(x[0]), argmax(x[0])}; };
  f["top2"] = [](Xs x) {
    const auto [values, indices] = top_k(x[0], 2);
    return Tensors{values, indices};
  };
  f["sort_weighted"] = [](Xs x) {
    const Tensor weights = arange(1.0, 1.0 + static_cast<double>(x[0].size()), {.dtype = x[0].dtype()});
    return Tensors{sum(sort(x[0]) * square(weights)) + sum(x[0][range(0, {}, 2)] * x[0][range(1, {}, 2)])};
  };
  f["searchsorted"] = [](Xs x) { return Tensors{searchsorted(x[0], x[1])}; };
  f["flip_roll"] = [](Xs x) { return Tensors{roll(flip(x[0], {.axes = {0}}), 1, {.axes = {0}})}; };
  f["onehot_dot"] = [](Xs x) { return Tensors{matmul(one_hot(x[0], x[1].size(0), {.dtype = x[1].dtype()}), x[1])}; };
}

void add_indexing(Functions& f) {
  f["take_row"] = [](Xs x) { return Tensors{x[0][x[1]]}; };
  f["take"] = [](Xs x) { return Tensors{take(x[0], x[1], {.axis = 0})}; };
  f["take_along"] = [](Xs x) { return Tensors{take_along_axis(x[0], x[1], {.axis = 0})}; };
  f["index_add"] = [](Xs x) { return Tensors{x[0].at({x[1]}).add(x[2])}; };
  f["index_set"] = [](Xs x) { return Tensors{x[0].at({x[1]}).set(x[2])}; };
  f["dslice2"] = [](Xs x) { return Tensors{dynamic_slice_in_dim(x[0], x[1], 2)}; };
  f["dupdate"] = [](Xs x) { return Tensors{dynamic_update_slice_in_dim(x[0], x[1], x[2])}; };
  f["pad1"] = [](Xs x) { return Tensors{pad(x[0], 1)}; };
}

void add_control_functions(Functions& f) {
  f["cond_fn"] = [](Xs x) {
    return Tensors{cond(
        x[0], [](const Tensor& t) { return sin(t); }, [](const Tensor& t) { return square(t); }, x[1])};
  };
  f["switch_fn"] = [](Xs x) {
    const std::tuple branches{[](const Tensor& t) { return sin(t); }, [](const Tensor& t) { return cos(t); },
                              [](const Tensor& t) { return integer_pow(t, 3); }};
    return Tensors{switch_case(x[0], branches, x[1])};
  };
}

const Functions& functions() {
  static const Functions all = [] {
    Functions f;
    add_products(f);
    add_shapes(f);
    add_pointwise_functions(f);
    add_networks(f);
    add_normalised(f);
    add_matrices(f);
    add_reductions(f);
    add_indexing(f);
    add_control_functions(f);
    return f;
  }();
  return all;
}

Axes axes_entry(const Json& v) { return v.is_null() ? Axes(none) : Axes(v.get<int>()); }

}  // namespace

Inner inner_function(const std::string& name) {
  const auto f = functions().find(name);
  if (f == functions().end()) throw Missing(name);
  return [f = f->second](const Tensors& x) { return f(x); };
}

std::vector<std::size_t> argnums(const Json& p, int fallback) {
  std::vector<std::size_t> numbers;
  const Json v = p.value("argnums", Json(fallback));
  for (const Json& n : v.is_array() ? v : Json::array({v})) numbers.push_back(n.get<std::size_t>());
  return numbers;
}

Tensors pick(const Tensors& x, const std::vector<std::size_t>& numbers) {
  Tensors picked;
  for (const std::size_t i : numbers) picked.push_back(x[i]);
  return picked;
}

Inner hold_others(const Inner& f, const Tensors& x, const std::vector<std::size_t>& numbers) {
  return [f, x, numbers](const Tensors& given) {
    Tensors all = x;
    for (std::size_t k = 0; k < numbers.size(); ++k) all[numbers[k]] = given[k];
    return f(all);
  };
}

Inner mapped(const Inner& f, const Json& in_axes, const Json& out_axes) {
  std::vector<Axes> in, out;
  if (in_axes.is_array()) {
    for (const Json& a : in_axes) in.push_back(axes_entry(a));
  }
  VmapOptions options;
  options.in_axes = in_axes.is_array() ? ArgAxes{Axes::list(in)} : ArgAxes(axes_entry(in_axes));
  if (out_axes.is_array()) {
    for (const Json& a : out_axes) out.push_back(axes_entry(a));
    options.out_axes = ArgAxes::list(out);
  } else {
    options.out_axes = ArgAxes(axes_entry(out_axes));
  }
  return vmap(f, options);
}

}  // namespace strata::oracle
